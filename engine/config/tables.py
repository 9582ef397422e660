"""The settings of a run as flat tables: names, types, defaults, and what each means.

Defaults are the paper's where it gives them (docs/method.md, sections 1.4 to 1.7).
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from engine.config.backends import RECORDED
from engine.method.prompts import PAPER_TEMPLATE
from engine.method.tuning import TAUS, TEMPERATURES
from engine.types import Mode, SamplingSettings


@dataclass(frozen=True, slots=True)
class ProblemsConfig:
    train: str
    """A file, a hub dataset id, or starter:train."""
    held_out: str
    n_train: int
    """N: problems per iteration."""
    n_held_out: int
    per_iteration: Literal["fresh", "fixed"] = "fresh"
    """fresh: N new problems in every iteration. fixed: the same N in all of them."""
    skip_broken: bool = False
    """Go on without lines that cannot be used; otherwise the first of them stops the run before it
    begins.
    """


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    path: str
    """A model folder, a hub id, or starter."""
    revision: str | None = None
    prompt_template: str = PAPER_TEMPLATE
    chat: bool = False
    """Wrap the prompt in the tokenizer's chat template."""
    trust_remote_code: bool = False
    n_parameters: int | None = None
    """What the memory is estimated from; None counts them in the files, once they are here."""


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    sampler: str = "auto"
    """auto takes vllm_local where vLLM is installed and can serve the policy on a GPU, else
    hf_local. openai_api: the servers in base_urls. ray_pool: Ray, here or at ray_address. recorded
    replays the imported responses that policy.path names."""
    n: int = 8
    """Responses per problem that the budget allows in total."""
    n_presample: int = 3
    temperature: float = 0.7
    top_p: float = 0.95
    max_new_tokens: int = 2048
    n_examples: int = 0
    """DAST's length control: worked examples of a problem's own level in the prompts of its
    resamples.
    """
    batch_size: int = 256
    """Responses side by side (hf_local), or requests in flight (vllm_local; openai_api: over all
    servers; ray_pool: per engine).
    """
    base_urls: tuple[str, ...] = ()
    """openai_api: where the servers are, such as http://127.0.0.1:8000/v1. Keys come from
    HS_STAR_API_KEY or OPENAI_API_KEY.
    """
    model: str | None = None
    """openai_api: the name of policy.path on servers that do not say what they loaded; vLLM does,
    and needs none.
    """
    ray_address: str | None = None
    """ray_pool: a cluster, such as 10.0.0.5:6379; None starts Ray on this machine."""
    n_engines: int | None = None
    """ray_pool: None for as many as the GPUs allow, one where there are none."""
    tensor_parallel_size: int = 1
    """GPUs per engine of vLLM (vllm_local, ray_pool)."""


@dataclass(frozen=True, slots=True)
class RewardConfig:
    path: str
    family: str = "token_classification"
    """outcome: one score per response from a sequence classifier. recorded_scores: the scores of
    the imported set at path. none: no process reward, accuracy alone decides."""
    revision: str | None = None
    trust_remote_code: bool = False
    backend: Literal["auto", "transformers", "vllm"] = "auto"
    """What reads a qwen_prm: auto takes vLLM where it is installed with an NVIDIA GPU. Every other
    family is read by transformers.
    """
    n_parameters: int | None = None
    """As policy.n_parameters."""


@dataclass(frozen=True, slots=True)
class DifficultyConfig:
    tau_l: float | None = None
    """None: a person has to choose before anything is committed."""
    tau_h: float | None = None
    mode: Mode = "both"
    strategy: str = "boundary"
    """Who gets the rest of the budget: one of engine.method.strategies."""
    options: dict[str, Any] = field(default_factory=dict)
    """The strategy's own options; what is left out has its default."""
    n_calibration: int = 0
    """Problems that a run without a person calibrates on before it commits, 12 more responses each;
    they count in the budget.
    """


@dataclass(frozen=True, slots=True)
class TuningConfig:
    """B-STaR's choice of temperature and tau before each iteration, on a subset of its problems."""

    n_problems: int = 0
    """Problems of the subset; 0: temperature and tau are not tuned."""
    n: int = 8
    """Responses per problem and temperature; they count in the budget."""
    n_wanted: int = 0
    """Responses to be kept per iteration: n* = ceil(n_wanted / problems.n_train). 0: half of the
    budget, our choice.
    """
    temperatures: tuple[float, ...] = TEMPERATURES
    taus: tuple[float, ...] = TAUS


@dataclass(frozen=True, slots=True)
class PairsConfig:
    dedupe: bool = False
    cap: int | None = None
    """At most so many pairs per problem."""
    total: tuple[int, ...] | None = None
    """At most so many pairs in iteration 0, 1, …, picked by seed; the last number holds for the
    iterations after it.
    """
    drop_truncated: bool = False


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    method: Literal["dpo", "sft"] = "dpo"
    """dpo: on preference pairs. sft: on correct responses, loss on the response only."""
    start: Literal["latest", "base"] = "latest"
    """latest: from the iteration's own policy M_t. base: every iteration trains anew from M_0, as
    STaR and ReST-EM do.
    """
    inherit_optimizer: bool = False
    """Go on with the optimiser's moments of the training that made M_t; the rate then stays
    constant after the first warm-up.
    """
    keep_above: float | None = None
    """sft only, B-STaR's tau: keep every response with 1[correct] + r_prm > tau, r_prm the process
    reward scaled to [-1, 1]. None keeps the correct ones."""
    learning_rate: float = 5e-7
    beta: float = 0.1
    """Unknown in the paper; the TRL default of its time."""
    loss_type: tuple[str, ...] = ("sigmoid",)
    """TRL's loss names, added up with loss_weights."""
    loss_weights: tuple[float, ...] | None = None
    n_epochs: int = 1
    batch_size: int = 256
    """Pairs or responses per optimiser step, over all processes."""
    micro_batch_size: int = 8
    """Pairs or responses per forward pass of one process; times n_processes it divides
    batch_size.
    """
    warmup_share: float = 0.03
    weight_decay: float = 0.0
    max_length: int = 2048
    """Tokens of prompt and response together; longer ones are refused, because TRL would cut the
    final answer off.
    """
    gradient_checkpointing: bool = False
    checkpoint_every_s: float = 60.0
    lora_rank: int | None = None
    """Train a LoRA adapter of this rank on every linear layer but the output; None trains all
    weights.
    """
    lora_alpha: int = 16
    lora_dropout: float = 0.0
    n_processes: int = 1
    """Above 1 the training child runs under `accelerate launch`, one process per GPU (or CPU where
    there is none).
    """
    accelerate_config: str | None = None
    """A file of accelerate's own, such as data/configs/accelerate/fsdp.yaml; None is plain data
    parallelism.
    """


@dataclass(frozen=True, slots=True)
class InitConfig(TrainingConfig):
    """`python -m engine init`: step-wise initialisation by SFT on worked solutions. Source:
    docs/method.md, section 1.6.
    """

    method: Literal["sft"] = "sft"
    learning_rate: float = 1e-6
    max_length: int = 4096


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    n: int = 8
    """Sampled responses per held-out problem for mean@n, beside one greedy response."""
    temperature: float | None = None
    """None: as in sampling."""
    top_p: float | None = None


@dataclass(frozen=True, slots=True)
class RunConfig:
    name: str
    problems: ProblemsConfig
    policy: PolicyConfig
    reward: RewardConfig
    seed: int = 0
    n_iterations: int = 3
    placement: Literal["worker", "inline"] = "worker"
    """worker: heavy phases in child processes. inline: in this process."""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    tuning: TuningConfig = field(default_factory=TuningConfig)
    difficulty: DifficultyConfig = field(default_factory=DifficultyConfig)
    pairs: PairsConfig = field(default_factory=PairsConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    init: InitConfig = field(default_factory=InitConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)

    @property
    def is_recorded(self) -> bool:
        """Whether responses are replayed: then there is no policy to train or to evaluate."""
        return self.sampling.sampler == RECORDED

    @property
    def n_train_in_all(self) -> int:
        """Training problems that the whole run takes."""
        return self.problems.n_train * (
            1 if self.problems.per_iteration == "fixed" else self.n_iterations
        )

    def train_settings(self) -> SamplingSettings:
        """How training problems are sampled, before and after the commit."""
        s, p = self.sampling, self.policy
        return SamplingSettings(s.temperature, s.top_p, s.max_new_tokens, p.prompt_template, p.chat)

    def resample_settings(self, presampled: SamplingSettings) -> SamplingSettings:
        """How the rest of the budget is sampled: as the pre-samples were, with DAST's worked
        examples if there are any.
        """
        return replace(presampled, n_examples=self.sampling.n_examples)

    def greedy_settings(self) -> SamplingSettings:
        return SamplingSettings(
            0.0, 1.0, self.sampling.max_new_tokens, self.policy.prompt_template, self.policy.chat
        )

    def evaluation_settings(self) -> SamplingSettings:
        e, s = self.evaluation, self.sampling
        return SamplingSettings(
            s.temperature if e.temperature is None else e.temperature,
            s.top_p if e.top_p is None else e.top_p,
            s.max_new_tokens,
            self.policy.prompt_template,
            self.policy.chat,
        )
