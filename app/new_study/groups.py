"""Where each setting stands in the form, and what it is called there. Knows no Streamlit."""

from app.new_study.draft import key_of
from engine.config.reference import Setting, settings, tables

FRONT = (
    "policy.path",
    "reward.path",
    "problems.train",
    "problems.n_train",
    "n_iterations",
    "sampling.n",
    "sampling.n_presample",
    "sampling.temperature",
    "training.learning_rate",
    "training.lora_rank",
)
"""The ten that matter."""
THRESHOLDS = (
    "difficulty.thresholds",
    "difficulty.tau_l",
    "difficulty.tau_h",
    "difficulty.n_calibration",
)
"""Asked beside how far a study goes by itself."""
NAME = "name"
TOP = "The run"
TITLES = {
    "": TOP,
    "problems": "Problems",
    "policy": "Policy",
    "reward": "Reward model",
    "tagged_lm": "A reward model that is a language model",
    "implicit": "Rewards out of two policies",
    "generative": "A reward model that writes its judgements",
    "sampling": "Sampling",
    "grading": "Grading",
    "judge": "A second opinion on verdicts",
    "tuning": "Tuning before each iteration",
    "difficulty": "Difficulty and strategy",
    "pairs": "Pairs",
    "training": "Training",
    "evaluation": "Evaluation",
    "tracking": "Watching it in other tools",
    "init": "Initialisation before a study",
}
LABELS = {
    "policy.path": "Policy",
    "reward.path": "Reward model",
    "problems.train": "Problems to train on",
    "problems.held_out": "Held-out problems",
    "problems.n_train": "Problems per iteration (N)",
    "problems.n_held_out": "Held-out problems used",
    "problems.per_iteration": "Problems of each iteration",
    "problems.target_rate": "Pass rate that is looked for",
    "problems.memory": "Memory of earlier visits",
    "problems.revisit_share": "Most problems drawn before",
    "problems.retired_after_change": "Retired until accuracy changes by",
    "problems.skip_broken": "Go on without broken lines",
    "n_iterations": "Iterations",
    "sampling.n": "Responses per problem (n)",
    "sampling.n_presample": "Pre-samples per problem",
    "sampling.max_new_tokens": "Most tokens of a response",
    "sampling.n_examples": "Worked examples in the prompt",
    "sampling.base_urls": "Addresses of servers",
    "sampling.model": "Model name on the servers",
    "sampling.n_engines": "Engines",
    "sampling.stop": "Texts that end a response",
    "tuning.n_problems": "Problems to tune on",
    "tuning.n": "Responses per problem and temperature",
    "tuning.n_wanted": "Responses to keep",
    "difficulty.thresholds": "Thresholds",
    "difficulty.tau_l": "τ low",
    "difficulty.tau_h": "τ high",
    "difficulty.mode": "Signals",
    "difficulty.options": "Options of the strategy",
    "difficulty.n_calibration": "Problems to calibrate on",
    "policy.chat": "Chat template",
    "policy.system": "System prompt",
    "policy.n_parameters": "Parameters",
    "reward.n_parameters": "Parameters",
    "pairs.dedupe": "Use equal texts once",
    "pairs.cap": "Most pairs per problem",
    "pairs.total": "Most pairs per iteration",
    "pairs.drop_truncated": "Leave cut responses out",
    "pairs.choose_truncated": "Let cut responses be chosen",
    "evaluation.n": "Responses per held-out problem",
    "tracking.n_responses": "Sampled responses to send",
}
"""What is said otherwise than by the setting's own name."""
OF_TRAININGS = {
    "n_epochs": "Epochs",
    "loss_type": "Losses",
    "loss_weights": "Weights of the losses",
    "group_size": "Responses per group",
    "process_weight": "Weight of the process reward",
    "max_redraws": "Redraws of groups without signal",
    "policy_loss": "Loss of GRPO",
    "scale_rewards": "Rewards are divided by",
    "importance": "Ratio to the old policy per",
    "clip_low": "Clip below 1 less",
    "clip_high": "Clip above 1 plus",
    "n_updates": "Steps on the same responses",
    "kl_weight": "Weight of the divergence (KL)",
    "mask_truncated": "Leave cut responses out of the loss",
    "generation": "Drawn through",
    "vllm_url": "Address of vLLM",
    "lora_rank": "LoRA rank",
    "lora_alpha": "LoRA alpha",
    "lora_dropout": "LoRA dropout",
    "warmup_share": "Warm-up",
    "inherit_optimizer": "Keep the optimiser's state",
    "keep_above": "Keep responses above",
    "max_length": "Most tokens of prompt and response",
    "keep_checkpoints": "Steps to keep the weights of",
    "policy_by": "Weights that become the policy",
    "checkpoint_every_s": "Seconds between checkpoints",
    "evaluate_every_steps": "Evaluate every … steps",
    "evaluate_problems": "Held-out problems each time",
    "stop_on": "End early on",
    "stop_above": "End above",
    "stop_below": "End below",
    "stop_window": "Mean over the last values",
    "n_processes": "Processes",
    "accelerate_config": "File of accelerate",
}


def label(setting: Setting) -> str:
    """What a setting is called in the form."""
    key = key_of(setting)
    if key in LABELS:
        return LABELS[key]
    if setting.table in ("training", "init") and setting.name in OF_TRAININGS:
        return OF_TRAININGS[setting.name]
    return setting.name.replace("_", " ").capitalize()


def by_key() -> dict[str, Setting]:
    """Every setting of a configuration."""
    return {key_of(setting): setting for setting in settings()}


def groups() -> dict[str, list[Setting]]:
    """What stands behind "All settings", by table in the order of TITLES; a table that is new has
    its own name as title.
    """
    placed = {NAME, *FRONT, *THRESHOLDS}
    order = [*TITLES, *(name for name in tables() if name not in TITLES)]
    by_table = {table: [s for s in settings() if s.table == table] for table in order}
    return {
        table: rest
        for table, own in by_table.items()
        if (rest := [s for s in own if key_of(s) not in placed])
    }


def title(table: str) -> str:
    return TITLES.get(table, table.capitalize())
