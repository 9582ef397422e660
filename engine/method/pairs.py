"""Preference pairs of one problem: the best right responses against the most plausible wrong ones.

Follows the reference code's filter_ours_dpo.py:55-76, docs/method.md, section 1.5. Its default has
no cap and keeps equal texts; so does ours, and both are options.
"""

import math
import random
from collections.abc import Sequence
from typing import Protocol


class Judged(Protocol):
    """A response with its verdict and its process reward."""

    @property
    def text(self) -> str: ...

    @property
    def correct(self) -> bool: ...

    @property
    def reward(self) -> float | None: ...

    @property
    def truncated(self) -> bool: ...


def build_pairs(
    responses: Sequence[Judged],
    *,
    seed: int,
    dedupe: bool = False,
    cap: int | None = None,
    drop_truncated: bool = False,
    choose_truncated: bool = True,
) -> list[tuple[int, int]]:
    """Pair correct with wrong responses of one problem.

    Both sides are sorted by process reward, high first (ties: lower index first), the first K =
    min(#correct, #wrong, cap) of each are kept, each side is shuffled by seed, and the sides are
    zipped.

    Args:
        responses: of one problem, pre-samples and resamples together.
        seed: of this problem.
        dedupe: drop equal texts within one side, the first stays.
        cap: at most this many pairs; None for no limit, 0 for none.
        drop_truncated: leave responses out that ended at the token limit.
        choose_truncated: False leaves those out of the chosen side alone.

    Returns:
        (chosen_index, rejected_index) into responses; empty where one side is.

    Raises:
        ValueError: a response that takes part has no reward, or cap is negative.

    Source: HS-STaR, preference pairs; docs/method.md, section 1.5.
    """
    if cap is not None and cap < 0:
        raise ValueError(f"cap is {cap}: it must be 0 or more, or None for no limit.")
    indices = [
        i for i, response in enumerate(responses) if not (drop_truncated and response.truncated)
    ]
    rewards: dict[int, float] = {}
    for i in indices:
        reward = responses[i].reward
        if reward is None or math.isnan(reward):
            raise ValueError(
                f"response {i} has no process reward: score it first, or leave its problem out as"
                " pending."
            )
        rewards[i] = reward
    sides = [[i for i in indices if bool(responses[i].correct) is side] for side in (True, False)]
    if not choose_truncated:
        sides[0] = [i for i in sides[0] if not responses[i].truncated]
    if dedupe:
        sides = [_first_of_each_text(responses, side) for side in sides]
    n_pairs = min(map(len, sides)) if cap is None else min(*map(len, sides), cap)
    rng = random.Random(seed)
    for position, side in enumerate(sides):
        best = sorted(side, key=lambda i: -rewards[i])[:n_pairs]
        rng.shuffle(best)
        sides[position] = best
    return list(zip(*sides))


def _first_of_each_text(responses: Sequence[Judged], indices: list[int]) -> list[int]:
    first: dict[str, int] = {}
    for i in indices:
        first.setdefault(responses[i].text, i)
    return list(first.values())
