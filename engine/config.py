"""What a run is told: flat tables of settings, read from TOML, stored resolved, checked before any model is loaded.

Defaults are the paper's where it gives them (method.md sections 1.4 to 1.7). pydantic reads types and names at this edge
only; what values mean together is checked here, in sentences.
"""

import json
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.errors import ConfigError
from engine.method.budget import remaining_budget
from engine.method.difficulty import check_thresholds
from engine.method.prompts import PAPER_TEMPLATE, check_template
from engine.method.strategies import options_of
from engine.method.tuning import TAUS, TEMPERATURES
from engine.types import Mode, SamplingSettings

LOSSES = (
    "sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot", "aot_unpaired", "apo_zero",
    "apo_down", "discopop", "sft", "sigmoid_norm",
)  # fmt: skip
"""Losses by TRL's names. Source: TRL 1.16, DPOConfig.loss_type."""


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
    """Go on without lines that cannot be used; otherwise the first of them stops the run before it begins."""


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    path: str
    """A model folder, a hub id, or starter."""
    revision: str | None = None
    prompt_template: str = PAPER_TEMPLATE
    chat: bool = False
    """Wrap the prompt in the tokenizer's chat template."""
    trust_remote_code: bool = False


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    sampler: Literal["auto", "hf_local", "vllm_local", "recorded"] = "auto"
    """auto takes vllm_local where vLLM is installed and can serve the policy on a GPU, else hf_local. recorded replays the
    imported responses that policy.path names."""
    n: int = 8
    """Responses per problem that the budget allows in total."""
    n_presample: int = 3
    temperature: float = 0.7
    top_p: float = 0.95
    max_new_tokens: int = 2048
    batch_size: int = 256
    """Responses side by side (hf_local), or requests in flight (vllm_local)."""


@dataclass(frozen=True, slots=True)
class RewardConfig:
    path: str
    family: Literal["token_classification", "recorded_scores", "none"] = "token_classification"
    """recorded_scores: the scores of the imported set at path. none: no process reward, accuracy alone decides."""
    revision: str | None = None
    trust_remote_code: bool = False


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
    """Problems that a run without a person calibrates on before it commits, 12 more responses each; they count in the budget."""


@dataclass(frozen=True, slots=True)
class TuningConfig:
    """B-STaR's choice of temperature and tau before each iteration, on a subset of its problems."""

    n_problems: int = 0
    """Problems of the subset; 0: temperature and tau are not tuned."""
    n: int = 8
    """Responses per problem and temperature; they count in the budget."""
    n_wanted: int = 0
    """Responses to be kept per iteration: n* = ceil(n_wanted / problems.n_train). 0: half of the budget, our choice."""
    temperatures: tuple[float, ...] = TEMPERATURES
    taus: tuple[float, ...] = TAUS


@dataclass(frozen=True, slots=True)
class PairsConfig:
    dedupe: bool = False
    cap: int | None = None
    """At most so many pairs per problem."""
    total: tuple[int, ...] | None = None
    """At most so many pairs in iteration 0, 1, …, picked by seed; the last number holds for the iterations after it."""
    drop_truncated: bool = False


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    learning_rate: float = 5e-7
    beta: float = 0.1
    """Unknown in the paper; the TRL default of its time."""
    loss_type: tuple[str, ...] = ("sigmoid",)
    """TRL's loss names, added up with loss_weights."""
    loss_weights: tuple[float, ...] | None = None
    n_epochs: int = 1
    batch_size: int = 256
    """Pairs per optimiser step."""
    micro_batch_size: int = 8
    """Pairs per forward pass; divides batch_size."""
    warmup_share: float = 0.03
    weight_decay: float = 0.0
    max_length: int = 2048
    """Tokens of prompt and response together; longer pairs are refused, because TRL would cut the final answer off."""
    gradient_checkpointing: bool = False
    checkpoint_every_s: float = 60.0


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
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)

    @property
    def is_recorded(self) -> bool:
        """Whether responses are replayed: then there is no policy to train or to evaluate."""
        return self.sampling.sampler == "recorded"

    def train_settings(self) -> SamplingSettings:
        """How training problems are sampled, before and after the commit."""
        s, p = self.sampling, self.policy
        return SamplingSettings(s.temperature, s.top_p, s.max_new_tokens, p.prompt_template, p.chat)

    def greedy_settings(self) -> SamplingSettings:
        return SamplingSettings(0.0, 1.0, self.sampling.max_new_tokens, self.policy.prompt_template, self.policy.chat)

    def evaluation_settings(self) -> SamplingSettings:
        e, s = self.evaluation, self.sampling
        return SamplingSettings(
            s.temperature if e.temperature is None else e.temperature,
            s.top_p if e.top_p is None else e.top_p,
            s.max_new_tokens,
            self.policy.prompt_template,
            self.policy.chat,
        )


def load_config(path: str | Path) -> RunConfig:
    """Read and check a TOML or .json file; a relative problem or model path in it is meant from the file's folder.

    Raises: ConfigError naming the field, its value and what is allowed.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        raw = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigError(f"There is no configuration file at {path}.") from None
    except OSError as error:
        raise ConfigError(f"{path} could not be read: {error.strerror}. Give a TOML file.") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid {'JSON' if path.suffix == '.json' else 'TOML'}: {error}.") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path} holds no settings: it must be a JSON object.")
    raw.setdefault("name", path.stem)
    return parse_config(_resolve_paths(raw, path.parent))


def parse_config(raw: dict[str, Any]) -> RunConfig:
    """A checked configuration from plain data. Raises: ConfigError."""
    from pydantic import TypeAdapter, ValidationError

    try:
        config = TypeAdapter(RunConfig).validate_python(_forbid_unknown(raw))
    except ValidationError as error:
        raise ConfigError(_sentence(error)) from None
    check_config(config)
    return config


def plain_config(config: RunConfig) -> dict[str, Any]:
    """The resolved configuration as plain data: parse_config gives the same configuration back."""
    return asdict(config)


def check_config(config: RunConfig) -> None:
    """Raises: ConfigError for the first value that cannot be used."""
    remaining_budget(config.problems.n_train, config.sampling.n, config.sampling.n_presample)
    check_template(config.policy.prompt_template)
    d = config.difficulty
    options_of(d.strategy, d.options)
    check_thresholds(0.0 if d.tau_l is None else d.tau_l, 1.0 if d.tau_h is None else d.tau_h)
    s, t, e = config.sampling, config.training, config.evaluation
    _require("seed", config.seed, 0 <= config.seed < 2**63, "0 or more and below 2**63")
    _require("n_iterations", config.n_iterations, config.n_iterations >= 1, "1 or more")
    n_held_out, least = config.problems.n_held_out, 0 if config.is_recorded else 1
    _require("problems.n_held_out", n_held_out, n_held_out >= least, f"{least} or more")
    _require("sampling.temperature", s.temperature, s.temperature >= 0, "0 (greedy) or more")
    _require("sampling.top_p", s.top_p, 0 < s.top_p <= 1, "above 0 and at most 1")
    _require("sampling.max_new_tokens", s.max_new_tokens, s.max_new_tokens >= 1, "1 or more")
    _require("sampling.batch_size", s.batch_size, s.batch_size >= 1, "1 or more")
    _require("evaluation.n", e.n, e.n >= 1, "1 or more")
    _require("evaluation.temperature", e.temperature, e.temperature is None or e.temperature >= 0, "0 or more")
    _require("evaluation.top_p", e.top_p, e.top_p is None or 0 < e.top_p <= 1, "above 0 and at most 1")
    _require("pairs.cap", config.pairs.cap, config.pairs.cap is None or config.pairs.cap >= 1, "1 or more, or left out")
    total = config.pairs.total
    _require("pairs.total", total, total is None or (len(total) > 0 and min(total) >= 0), "one number per iteration, 0 or more each")
    _require("difficulty.n_calibration", d.n_calibration, 0 <= d.n_calibration <= config.problems.n_train, "0 to problems.n_train")
    check_tuning(config)
    check_training(t)
    check_recorded(config)


def check_tuning(config: RunConfig) -> None:
    """Raises: ConfigError for the first tuning value that cannot be used."""
    t, n_train = config.tuning, config.problems.n_train
    _require("tuning.n_problems", t.n_problems, 0 <= t.n_problems <= n_train, f"0 to problems.n_train ({n_train})")
    _require("tuning.n", t.n, t.n >= 1, "1 or more")
    _require("tuning.n_wanted", t.n_wanted, t.n_wanted >= 0, "0 or more")
    fits = len(t.temperatures) > 0 and min(t.temperatures) > 0 and len(set(t.temperatures)) == len(t.temperatures)
    _require("tuning.temperatures", t.temperatures, fits, "one or more different numbers above 0")
    fits = len(t.taus) > 0 and len(set(t.taus)) == len(t.taus)
    _require("tuning.taus", t.taus, fits, "one or more different numbers")
    if t.n_problems:
        _require("reward.family", config.reward.family, config.reward.family != "none", "a reward model, because tuning.n_problems is set")
        _require("tuning.n_problems", t.n_problems, not config.is_recorded, "0 with recorded responses: nothing new can be drawn")


def check_recorded(config: RunConfig) -> None:
    """What replayed responses and missing rewards exclude. Raises: ConfigError."""
    family, mode = config.reward.family, config.difficulty.mode
    fits = family != "recorded_scores" or config.is_recorded
    _require("reward.family", family, fits, 'used with sampling.sampler = "recorded" only')
    _require("difficulty.mode", mode, family != "none" or mode == "accuracy", 'accuracy, because reward.family is "none"')
    n_calibration, fits = config.difficulty.n_calibration, not config.is_recorded or config.difficulty.n_calibration == 0
    _require("difficulty.n_calibration", n_calibration, fits, "0 with recorded responses: labels come from the recording, at no cost")
    fits = not config.is_recorded or config.n_iterations == 1
    _require("n_iterations", config.n_iterations, fits, "1 with recorded responses: they come from one policy")


def check_training(t: TrainingConfig) -> None:
    """Raises: ConfigError for the first training value that cannot be used."""
    _require("training.learning_rate", t.learning_rate, 0 < t.learning_rate < 1, "above 0 and below 1")
    _require("training.beta", t.beta, t.beta > 0, "above 0")
    _require("training.n_epochs", t.n_epochs, t.n_epochs >= 1, "1 or more")
    _require("training.micro_batch_size", t.micro_batch_size, t.micro_batch_size >= 1, "1 or more")
    divides = t.micro_batch_size >= 1 and t.batch_size >= 1 and t.batch_size % t.micro_batch_size == 0
    _require("training.batch_size", t.batch_size, divides, f"a multiple of training.micro_batch_size ({t.micro_batch_size})")
    _require("training.warmup_share", t.warmup_share, 0 <= t.warmup_share < 1, "at least 0 and below 1")
    _require("training.weight_decay", t.weight_decay, t.weight_decay >= 0, "0 or more")
    _require("training.max_length", t.max_length, t.max_length >= 2, "2 or more")
    names_known = len(t.loss_type) >= 1 and set(t.loss_type) <= set(LOSSES)
    _require("training.loss_type", t.loss_type, names_known, f"one or more of {', '.join(LOSSES)}")
    weights_fit = t.loss_weights is None or len(t.loss_weights) == len(t.loss_type)
    _require("training.loss_weights", t.loss_weights, weights_fit, "one weight per loss in training.loss_type")
    _require("training.checkpoint_every_s", t.checkpoint_every_s, t.checkpoint_every_s >= 0, "0 (every step) or more")


def _require(field_name: str, value: object, holds: bool, allowed: str) -> None:
    if not holds:
        raise ConfigError(f"{field_name} is {value}: it must be {allowed}.")


def _forbid_unknown(raw: dict[str, Any]) -> dict[str, Any]:
    tables = {name: f.type for name, f in RunConfig.__dataclass_fields__.items()}
    for name, value in raw.items():
        if name not in tables:
            raise ConfigError(f"{name} is no setting: use {', '.join(tables)}.")
        known = getattr(tables[name], "__dataclass_fields__", None)
        for inner in value if known and isinstance(value, dict) else ():
            if inner not in known:
                raise ConfigError(f"{name}.{inner} is no setting: use {', '.join(known)}.")
    return raw


def _sentence(error) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"{where} is missing: give it a value."
    return f"{where} is {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}."


def _resolve_paths(raw: dict[str, Any], folder: Path) -> dict[str, Any]:
    for table, name in (("problems", "train"), ("problems", "held_out"), ("policy", "path"), ("reward", "path")):
        value = raw.get(table, {}).get(name) if isinstance(raw.get(table), dict) else None
        is_path = isinstance(value, str) and value not in ("", "starter")
        if is_path and not Path(value).is_absolute() and (folder / value).exists():
            raw[table][name] = str((folder / value).resolve())
    return raw
