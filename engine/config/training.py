"""The settings of a training: DPO, SFT, GRPO or RLOO in an iteration, and the initialisation before
them.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import Field

from engine.config.tables import Table
from engine.types import DtypeSetting

Loss = Literal[
    "sigmoid",
    "hinge",
    "ipo",
    "nca_pair",
    "bco_pair",
    "sppo_hard",
    "aot",
    "aot_unpaired",
    "apo_zero",
    "apo_down",
    "discopop",
    "sft",
    "sigmoid_norm",
]
"""Losses by TRL's names. exo_pair and robust are missing: they are defined by a label smoothing,
which is not a setting here.
Source: TRL 1.16, DPOConfig.loss_type.
"""
LOSSES: tuple[Loss, ...] = get_args(Loss)


HELD_OUT_ACCURACY = "held_out/accuracy"
"""The name of the metric that evaluations during a training log."""

Metric = Literal[
    "loss",
    "rewards/accuracies",
    "rewards/margins",
    "mean_token_accuracy",
    "held_out/accuracy",
    "reward",
    "kl",
]
"""What a training can be judged by, by TRL's names and HELD_OUT_ACCURACY."""
StopOn = Literal["none", Metric]
PolicyBy = Literal["last", Metric]
METRICS: tuple[PolicyBy, ...] = ("last", *get_args(Metric))
LOWEST_IS_BEST = ("loss", "kl")
"""Metrics of which the lowest value is the best; of the others the highest is."""

PolicyLoss = Literal["grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo"]
"""Losses of GRPO by TRL's names. Source: TRL 1.16, GRPOConfig.loss_type."""


@dataclass(frozen=True, slots=True)
class TrainingConfig(Table):
    """How a policy is trained on an iteration's pairs or responses, or on what it draws itself."""

    method: str = "dpo"
    """dpo: on preference pairs. sft: on correct responses, loss on the response only. grpo, rloo:
    on groups of responses that the policy draws while it is trained, where and as many as the
    committed plan says; there is no resampling then and there are no pairs.
    """
    start: Literal["latest", "base"] = "latest"
    """latest: from the iteration's own policy M_t. base: every iteration trains anew from M_0, as
    STaR and ReST-EM do.
    """
    inherit_optimizer: bool = False
    """Go on with the optimiser's moments of the training that made M_t; the rate then stays
    constant after the first warm-up.
    """
    keep_above: Annotated[float, Field(ge=-2, le=2)] | None = None
    """sft only, B-STaR's tau: keep every response with 1[correct] + r_prm > tau, r_prm the process
    reward scaled to [-1, 1]. Left out, the correct ones are kept.
    """
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 5e-7
    """The highest rate, reached after the warm-up."""
    beta: Annotated[float, Field(gt=0)] = 0.1
    """dpo only: how strongly the policy is held to the one it starts from. Unknown in the paper;
    the TRL default of its time.
    """
    loss_type: Annotated[tuple[Loss, ...], Field(min_length=1)] = ("sigmoid",)
    """dpo only: TRL's loss names, added up with loss_weights."""
    loss_weights: tuple[float, ...] | None = None
    """dpo only: one weight per loss in loss_type; left out, each weighs 1."""
    n_epochs: Annotated[int, Field(ge=1)] = 1
    """Passes over the pairs or responses."""
    batch_size: Annotated[int, Field(ge=1)] = 256
    """Pairs or responses per optimiser step, over all processes."""
    micro_batch_size: Annotated[int, Field(ge=1)] = 8
    """Pairs or responses per forward pass of one process; times n_processes it divides
    batch_size.
    """
    warmup_share: Annotated[float, Field(ge=0, lt=1)] = 0.03
    """Share of the optimiser's steps over which the learning rate rises: step k of w takes k / w of
    it.
    """
    warmup_from_zero: bool = False
    """Step k of w takes (k - 1) / w of the rate instead, so that the first one changes nothing: as
    in runs begun before this was a setting.
    """
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Decoupled weight decay, as in AdamW."""
    max_length: Annotated[int, Field(ge=2)] = 2048
    """Tokens of prompt and response together; longer ones are refused, because TRL would cut the
    final answer off.
    """
    dtype: DtypeSetting = "auto"
    """Numbers of forward and backward passes; weights, gradients and optimiser are float32 always.
    auto takes bfloat16 where the GPU or the processor has instructions for it; a run keeps what was
    taken when it was begun. by_device: float32 on a CPU, bfloat16 on a GPU.
    """
    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass: less memory, more time."""
    keep_checkpoints: Annotated[int, Field(ge=0)] = 0
    """Steps, spread evenly, whose weights are kept beside the last ones, so that they can become
    the policy instead; each takes four bytes per parameter, or an adapter where there is one. With
    evaluate_every_steps they are steps after which the policy is evaluated.
    """
    policy_by: PolicyBy = "last"
    """Which weights become the policy: the last ones, or of those and the kept ones the best by
    this metric, for loss the lowest; of equals the earliest. By hand another can be picked later.
    """
    checkpoint_every_s: Annotated[float, Field(ge=0)] = 60.0
    """Seconds between checkpoints that a stopped training goes on from; 0: after every step."""
    group_size: Annotated[int, Field(ge=2)] = 8
    """grpo, rloo: responses of a group, whose rewards are compared with each other. A problem that
    the plan gives more has several groups; batch_size is a multiple of it.
    """
    process_weight: Annotated[float, Field(ge=0)] = 0.0
    """grpo, rloo: a response's reward is 1 where it is correct, plus this times its process
    reward.
    """
    max_redraws: Annotated[int, Field(ge=0)] = 0
    """grpo, rloo: dynamic sampling. A group whose rewards are all equal is discarded, and the next
    one of the plan drawn instead, at most so many times the groups of a step; all of them count in
    the budget. 0: every group is trained on.
    """
    policy_loss: PolicyLoss = "dapo"
    """grpo only: TRL's name of the loss. What the tokens' parts are divided by: grpo, the length of
    their response; bnpo, the tokens of the micro-batch; dapo, those of the step; dr_grpo, a
    constant (with scale_rewards = "none" it is Dr. GRPO). cispo clips the weight of the ratio, sapo
    and vespo soften the clipping, luspo weighs a response by its length.
    """
    scale_rewards: Literal["group", "batch", "none"] = "group"
    """grpo only: rewards less their group's mean are divided by the deviation of the group, of the
    whole step, or by nothing.
    """
    importance: Literal["token", "sequence"] = "token"
    """grpo only: what the ratio of new to old policy is taken of; sequence is GSPO."""
    clip_low: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """grpo, rloo: the ratio is clipped below 1 less this. It acts where n_updates is above 1."""
    clip_high: Annotated[float, Field(ge=0)] | None = None
    """grpo, rloo: the ratio is clipped above 1 plus this ("clip-higher"); left out, as
    clip_low.
    """
    n_updates: Annotated[int, Field(ge=1)] = 1
    """grpo, rloo: optimiser steps on the same responses before new ones are drawn."""
    kl_weight: Annotated[float, Field(ge=0)] = 0.0
    """grpo, rloo: how strongly the divergence from the policy it starts from counts; 0 for none,
    and no reference policy in memory.
    """
    mask_truncated: bool = False
    """grpo, rloo: responses that ended at the token limit are no part of the loss."""
    generation: Literal["transformers", "vllm_colocate", "vllm_server"] = "transformers"
    """grpo, rloo: what draws the responses. transformers draws the same ones again when a training
    is resumed. vllm_colocate: vLLM on the training's own GPU. vllm_server: `trl vllm-serve` at
    vllm_url. With vLLM a repeated step may draw others. Neither was run by us.
    """
    vllm_url: str | None = None
    """grpo, rloo: with generation = "vllm_server" its address, such as http://127.0.0.1:8000."""
    lora_rank: Annotated[int, Field(ge=1)] | None = None
    """Train a LoRA adapter of this rank on every linear layer but the output; left out, all
    weights are trained.
    """
    lora_alpha: Annotated[int, Field(ge=1)] = 16
    """The adapter is scaled by lora_alpha / lora_rank."""
    lora_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the adapter's inputs that a training step leaves out."""
    evaluate_every_steps: Annotated[int, Field(ge=0)] = 0
    """Optimiser steps between evaluations of the policy in training: it answers held-out problems
    greedily, which takes time and counts in no budget. 0: never.
    """
    evaluate_problems: Annotated[int, Field(ge=1)] = 64
    """With evaluate_every_steps: held-out problems that are answered each time, always the same
    ones, drawn by the run's seed; at most problems.n_held_out.
    """
    stop_on: StopOn = "none"
    """End a training early on this metric, as the trainer logs it, and save the policy as it is
    then; the rate falls as if it went on to the end. The rewards/ are those of pairs: dpo only;
    reward and kl: grpo and rloo only; held_out/accuracy is that of evaluate_every_steps.
    """
    stop_above: Annotated[float, Field(ge=-1e6, le=1e6)] | None = None
    """With stop_on: end where the metric's mean over the last stop_window steps is above this."""
    stop_below: Annotated[float, Field(ge=-1e6, le=1e6)] | None = None
    """With stop_on: end where that mean is below this."""
    stop_window: Annotated[int, Field(ge=1)] = 5
    """Optimiser steps, or with held_out/accuracy evaluations, that the mean is over; none ends
    earlier than after as many.
    """
    n_processes: Annotated[int, Field(ge=1)] = 1
    """Above 1 the training child runs under `accelerate launch`, one process per GPU (or CPU where
    there is none).
    """
    accelerate_config: str | None = None
    """A file of accelerate's own, such as data/configs/accelerate/fsdp.yaml, for n_processes above
    1; left out, plain data parallelism.
    """


@dataclass(frozen=True, slots=True)
class InitConfig(TrainingConfig):
    """`python -m engine init`: step-wise initialisation by SFT on worked solutions. Source:
    docs/method.md, section 1.6.
    """

    method: Literal["sft"] = "sft"
    """sft: on worked solutions, loss on the solution only."""
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 1e-6
    max_length: Annotated[int, Field(ge=2)] = 4096
