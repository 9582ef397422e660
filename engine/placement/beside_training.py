"""Memory that a training takes beside the policy it trains: answers between two steps, and where it
draws its own responses a reference policy and the reward model.
"""

from dataclasses import replace

from engine.config import RunConfig, TrainingConfig
from engine.config.backends import draws_itself
from engine.models import memory
from engine.models.memory import ModelSize, Need


def with_beside(
    need: Need,
    config: RunConfig,
    training: TrainingConfig,
    size: ModelSize,
    prm: ModelSize | None,
    *,
    on_gpu: bool,
) -> Need:
    """What a training needs with all that stands beside it.

    Args:
        need: without.
        size: of the policy.
        prm: the reward model; None where there is none, or none is asked.
    """
    t = training
    draws = draws_itself(t.method)
    n = min(t.evaluate_problems, config.problems.n_held_out) if t.evaluate_every_steps else 0
    n = max(n, t.batch_size if draws else 0)
    if not n:
        return need
    need = need.with_room_for(_sampling(config, size, n, on_gpu=on_gpu))
    if draws and t.kl_weight and t.lora_rank is None:
        need = replace(need, weights=need.weights + 4 * size.n_parameters)
    if draws and prm:
        scoring = memory.scoring_need(prm, on_gpu=on_gpu)
        need = replace(need, weights=need.weights + scoring.weights)
    return need


def _sampling(config: RunConfig, size: ModelSize, n: int, *, on_gpu: bool) -> Need:
    """What the policy in training needs to answer with, in float32 numbers."""
    return memory.sampling_need(
        size,
        "hf_local",
        batch_size=max(min(config.sampling.batch_size, n), 1),
        max_new_tokens=config.sampling.max_new_tokens,
        on_gpu=on_gpu,
        is_half=False,
    )
