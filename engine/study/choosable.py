"""Which responses a policy should not learn to write: those that were cut off, and those that ran
on into a turn that is not theirs.
"""

from collections.abc import Iterable
from typing import Literal

from engine.events import Key
from engine.grading.extraction import ran_on
from engine.store.pairs import PoolResponse
from engine.study.handle import Iteration

Fault = Literal["cut", "ran on"]
"""It ended at the token limit, or it went on behind its turn, such as into the next question."""


def fault(it: Iteration, response: PoolResponse) -> Fault | None:
    """Why a response may not be chosen, or with SFT be trained on; None where it may."""
    if it.config.pairs.choose_truncated:
        return None
    if response.truncated:
        return "cut"
    return "ran on" if ran_on(response.text, it.config.extraction()) else None


def not_chosen(it: Iteration, pool: Iterable[PoolResponse]) -> dict[Key, Fault]:
    """The correct responses of a pool that may not be chosen, and why."""
    return {(r.problem_id, r.idx): why for r in pool if r.correct and (why := fault(it, r))}
