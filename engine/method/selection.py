"""Which responses of one problem are trained on by SFT: the correct ones, or those above B-STaR's
threshold.

Follows rejection-sampling fine-tuning (RFT), STaR and B-STaR, docs/method.md, section 2.
De-duplication and the cap are options, as for pairs.
"""

import math
from collections.abc import Sequence

from engine.method.pairs import Judged
from engine.method.tuning import combined_reward


def keep_responses(
    responses: Sequence[Judged],
    *,
    keep_above: float | None = None,
    dedupe: bool = False,
    cap: int | None = None,
    drop_truncated: bool = False,
) -> list[int]:
    """Indices of one problem's responses that are trained on, in ascending order.

    Args:
        responses: of one problem, pre-samples and resamples together.
        keep_above: tau; responses with 1[correct] + r_prm > tau are kept, r_prm the process reward
            scaled to [-1, 1]: wrong ones too, and none without a process reward. None keeps the
            correct ones.
        dedupe: drop equal texts, the first stays.
        cap: at most this many, those of the highest process reward (ties: lower index; without one
            last); None for no limit.
        drop_truncated: leave responses out that ended at the token limit.

    >>> from types import SimpleNamespace as R
    >>> judged = [("a", True, .2), ("b", False, .9), ("c", True, .8)]
    >>> rows = [R(text=t, correct=c, reward=r, truncated=False) for t, c, r in judged]
    >>> keep_responses(rows), keep_responses(rows, cap=1), keep_responses(rows, keep_above=0.5)
    ([0, 2], [2], [1, 2])

    Raises: ValueError for a negative cap.
    """
    if cap is not None and cap < 0:
        raise ValueError(f"cap is {cap}: it must be 0 or more, or None for no limit.")
    indices = [
        i
        for i, r in enumerate(responses)
        if _is_kept(r, keep_above) and not (drop_truncated and r.truncated)
    ]
    if dedupe:
        first: dict[str, int] = {}
        for i in indices:
            first.setdefault(responses[i].text, i)
        indices = list(first.values())
    return sorted(sorted(indices, key=lambda i: -_reward_or_least(responses[i]))[:cap])


def _is_kept(response: Judged, keep_above: float | None) -> bool:
    if keep_above is None:
        return bool(response.correct)
    reward = _score(response)
    return reward is not None and bool(
        combined_reward([response.correct], [reward])[0] > keep_above
    )


def _reward_or_least(response: Judged) -> float:
    reward = _score(response)
    return -math.inf if reward is None else reward


def _score(response: Judged) -> float | None:
    reward = response.reward
    return None if reward is None or math.isnan(reward) else reward
