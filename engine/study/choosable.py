"""Which correct responses a policy should not learn to write: those that were cut off, and those
that ran on into a turn that is not theirs.
"""

from dataclasses import dataclass

from engine import store
from engine.grading.extraction import extract
from engine.store.pairs import PoolResponse
from engine.study.handle import Iteration


@dataclass(frozen=True, slots=True)
class NotChosen:
    """Correct responses of a pool that are not chosen."""

    n_cut: int
    """They ended at the token limit."""
    n_ran_on: int
    """They went on behind their turn, such as into the next question."""


def is_choosable(it: Iteration, response: PoolResponse) -> bool:
    """Whether a response may be chosen, or with SFT be trained on."""
    if it.config.pairs.choose_truncated:
        return True
    return not (response.truncated or _ran_on(it, response))


def not_chosen(it: Iteration) -> NotChosen:
    """How many are left out for that; none where pairs.choose_truncated lets them be."""
    if it.config.pairs.choose_truncated:
        return NotChosen(0, 0)
    correct = [r for r in store.pairs.pool(it) if r.correct]
    n_cut = sum(r.truncated for r in correct)
    return NotChosen(n_cut, sum(_ran_on(it, r) for r in correct if not r.truncated))


def _ran_on(it: Iteration, response: PoolResponse) -> bool:
    return extract(response.text, it.config.extraction()).ran_on
