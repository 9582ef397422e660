"""What a plan would have yielded on responses that are recorded already, drawn without replacement.

Ours: the expectation over which of the remaining responses are drawn is a hypergeometric sum,
exact, so a replay has no noise of its own; what is left to chance is which problems there are.
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Yield:
    """Expected preference pairs of each problem, and its chance of giving at least one."""

    pairs: np.ndarray
    """float, shape (P,)."""
    covered: np.ndarray
    """float in [0, 1], shape (P,)."""


def replay_yield(
    n_correct: ArrayLike,
    n: ArrayLike,
    rest_correct: ArrayLike,
    rest: ArrayLike,
    n_more: ArrayLike,
) -> Yield:
    """Draw n_more of the remaining responses of every problem and pair them with its pre-samples.

    Args:
        n_correct, n: of the pre-samples, integers, shape (P,).
        rest_correct, rest: of the recorded responses beyond them, integers, shape (P,).
        n_more: responses drawn from the rest, integers in 0..rest, shape (P,).

    Raises: ConfigError where more is to be drawn than is recorded.

    >>> yields = replay_yield([1], [1], [1], [2], [1])
    >>> yields.pairs.tolist(), yields.covered.tolist()
    ([0.5], [0.5])

    Source: docs/method.md, section 5; K = min(#correct, #wrong) as in section 1.5.
    """
    columns = [
        np.asarray(column, dtype=np.int64) for column in (n_correct, n, rest_correct, rest, n_more)
    ]
    *_, left, drawn = columns
    if (drawn > left).any() or (drawn < 0).any():
        row = int(np.flatnonzero((drawn > left) | (drawn < 0))[0])
        raise ConfigError(
            f"n_more is {drawn[row]} in row {row}, and {left[row]} responses are left there: draw"
            f" 0 to {left[row]}."
        )
    keys, where = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    each = np.array([_of_one(*key) for key in keys.tolist()]).reshape(-1, 2)
    return Yield(each[where.ravel(), 0], each[where.ravel(), 1])


def _of_one(
    n_correct: int, n: int, rest_correct: int, rest: int, n_more: int
) -> tuple[float, float]:
    pairs = covered = 0.0
    for drawn, chance in _hypergeometric(rest_correct, rest, n_more):
        n_pairs = min(n_correct + drawn, n - n_correct + n_more - drawn)
        pairs += chance * n_pairs
        covered += chance * (n_pairs > 0)
    return pairs, covered


def _hypergeometric(n_correct: int, n: int, n_drawn: int) -> list[tuple[int, float]]:
    """(correct ones among the drawn, probability) of everything that can happen."""
    whole = comb(n, n_drawn)
    possible = range(max(0, n_drawn - (n - n_correct)), min(n_correct, n_drawn) + 1)
    return [(x, comb(n_correct, x) * comb(n - n_correct, n_drawn - x) / whole) for x in possible]
