"""Whole responses out of a budget: in proportion to weights, evenly, or one after the other to
whoever gains the most. Sums are exact, and the order of the problems does not matter.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from engine.method.seeds import stable_hash

FIRST_COLUMNS = 16
"""Gains per problem that the greedy looks at first; where they do not reach, twice as many."""


def in_proportion(
    budget: int, weights: np.ndarray, problem_ids: Sequence[str], *, seed: int
) -> np.ndarray:
    """The budget in proportion to weights, by the largest remainder; of equal ones by seed.

    Args:
        budget: responses, >= 0.
        weights: floats >= 0, shape (P,).

    Returns:
        int64, shape (P,), sums to the budget; all 0 where no weight is positive.

    >>> in_proportion(5, np.array([1.0, 3.0, 0.0]), ["a", "b", "c"], seed=0).tolist()
    [1, 4, 0]
    """
    whole = math.fsum(weights.tolist())
    if not whole or not budget:
        return np.zeros(len(weights), dtype=np.int64)
    exact = budget * (weights / whole)
    given = np.floor(exact + 1e-9).astype(np.int64)
    left = budget - int(given.sum())
    if left > 0:
        remainder = np.where(weights > 0, np.round(exact - given, 9), -1.0)
        given += _highest(remainder, left, problem_ids, seed)
    return given


def evenly(budget: int, among: np.ndarray, problem_ids: Sequence[str], *, seed: int) -> np.ndarray:
    """The budget evenly over the problems of a mask, shape (P,); some by seed get one more."""
    return in_proportion(budget, among.astype(np.float64), problem_ids, seed=seed)


def to_the_greatest_gain(
    budget: int,
    values: Callable[[int], np.ndarray],
    most: np.ndarray,
    problem_ids: Sequence[str],
    *,
    seed: int,
) -> np.ndarray:
    """Every response goes where it adds the most value: exact where values are concave in the
    number of responses, else by their concave hull, within one step of the best.

    Args:
        budget: responses, >= 0.
        values: asked for n columns, gives each problem's value with 0, 1, … n further responses,
            float, shape (P, n + 1).
        most: further responses that a problem takes at most, integers >= 0, shape (P,).

    Returns:
        int64, shape (P,): sums to the budget, or to the sum of most where that is less.
    """
    budget, widest = min(budget, int(most.sum())), int(most.max(initial=0))
    if not budget:
        return np.zeros(len(most), dtype=np.int64)
    n_columns = min(FIRST_COLUMNS, widest)
    while True:
        gains = hull_gains(values(n_columns))
        gains[np.arange(n_columns) >= most[:, None]] = -np.inf
        reach = int(np.minimum(most, n_columns).sum())
        if reach >= budget:
            n_more = greatest(gains, budget, problem_ids, seed=seed)
            if n_columns == widest or not ((n_more == n_columns) & (most > n_columns)).any():
                return n_more
        n_columns = min(2 * n_columns, widest)


def hull_gains(values: np.ndarray) -> np.ndarray:
    """What the first, second, … further response adds, never increasing along a row.

    Where a later response is worth more than an earlier one both count as their mean: one is bought
    for the sake of the other.

    Args:
        values: with 0, 1, … n further responses, float, shape (P, n + 1).

    Returns:
        float, shape (P, n).
    """
    gains = np.diff(values, axis=1)
    bent = np.flatnonzero((np.diff(gains, axis=1) > 1e-12).any(axis=1))
    if len(bent):
        gains[bent] = hull_of(values[bent])
    return gains


def hull_of(values: np.ndarray) -> np.ndarray:
    """As hull_gains, whether or not a row is concave already."""
    n_columns = int(values.shape[1]) - 1
    gains, start = np.empty((len(values), n_columns)), np.zeros(len(values), dtype=np.int64)
    rows = np.arange(len(values))
    steps = np.arange(n_columns + 1)
    while (unfinished := start < n_columns).any():
        ahead = steps[None, :] - start[:, None]
        slopes = np.where(
            ahead > 0,
            (values - values[rows, np.minimum(start, n_columns)][:, None]) / np.maximum(ahead, 1),
            -np.inf,
        )
        end = np.where(unfinished, n_columns - slopes[:, ::-1].argmax(axis=1), start)
        inside = (steps[None, :-1] >= start[:, None]) & (steps[None, :-1] < end[:, None])
        gains = np.where(inside, slopes[rows, end][:, None], gains)
        start = np.maximum(end, start)
    return gains


def greatest(
    gains: np.ndarray, budget: int, problem_ids: Sequence[str], *, seed: int
) -> np.ndarray:
    """How many of each row's gains are among the largest ones; of equal ones the earlier in a row,
    then by seed.

    Args:
        gains: never increasing along a row, float, shape (P, n).

    Returns:
        int64, shape (P,).
    """
    if budget == 0:
        return np.zeros(len(gains), dtype=np.int64)
    least = np.partition(gains.ravel(), gains.size - budget)[gains.size - budget]
    n_more = (gains > least).sum(axis=1)
    rows, columns = np.nonzero(gains == least)
    luck = _luck(rows, problem_ids, seed)
    taken = np.lexsort((luck, columns))[: budget - int(n_more.sum())]
    np.add.at(n_more, rows[taken], 1)
    return n_more


def _highest(values: np.ndarray, n: int, problem_ids: Sequence[str], seed: int) -> np.ndarray:
    """1 for the n highest values, by seed among equal ones, else 0."""
    least = np.partition(values, len(values) - n)[len(values) - n]
    chosen = (values > least).astype(np.int64)
    tied = np.flatnonzero(values == least)
    lucky = np.argsort(_luck(tied, problem_ids, seed), kind="stable")[: n - int(chosen.sum())]
    chosen[tied[lucky]] = 1
    return chosen


def _luck(rows: np.ndarray, problem_ids: Sequence[str], seed: int) -> np.ndarray:
    places: list[int] = rows.tolist()
    return np.array([stable_hash(seed, problem_ids[row]) for row in places], dtype=np.uint64)
