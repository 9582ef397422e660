"""Which settings of a training its method uses."""

from engine.config.backends import draws_itself, keeps_responses

_OF_PAIRS = ("beta", "loss_type", "loss_weights")
_OF_RESPONSES = ("keep_above",)
_OF_GRPO = ("policy_loss", "scale_rewards", "importance")
_OF_GROUPS = (
    "group_size",
    "process_weight",
    "max_redraws",
    "clip_low",
    "clip_high",
    "n_updates",
    "kl_weight",
    "mask_truncated",
    "generation",
    "vllm_url",
)


def unused(method: str, keep_above: float | None = None) -> tuple[str, ...]:
    """Settings of a training that say nothing with a method, whatever they are. Of a trainer of
    one's own nobody knows: it may use all of them.

    Args:
        keep_above: as it is set; a method that does not use it refuses it where it is given.
    """
    if method not in ("dpo", "sft", "grpo", "rloo"):
        return ()
    draws, keeps = draws_itself(method), keeps_responses(method)
    by_use = (
        (_OF_PAIRS, not draws and not keeps),
        (_OF_RESPONSES, keeps or keep_above is not None),
        (_OF_GRPO, method == "grpo"),
        (_OF_GROUPS, draws),
    )
    return tuple(name for names, is_used in by_use if not is_used for name in names)
