"""Ours, beyond the paper: the budget goes where one more response is expected to give the most
preference pairs.

Follows docs/method.md, section 5: greedy by the posterior's expected pairs, with a cap per problem
that keeps coverage. Below FEW problems nothing can be fitted, and the Boundary is resampled evenly
instead.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import ConfigError
from engine.method.posterior import expected_pairs, posterior_shapes
from engine.method.seeds import stable_hash
from engine.method.strategies import Presampled, Spread, Strategy
from engine.method.strategies.classes import spread_evenly
from engine.types import Difficulty

BOUNDARY = frozenset({Difficulty.BOUNDARY})


def spread_by_posterior(seen: Presampled) -> Spread:
    """Every response goes to the problem where it is worth most. Every problem may give pairs.

    Options: cap, a multiple of R / b (b Boundary problems) that no problem's share exceeds;
    n_rounds, after each of which the posterior is fitted again to everything known.
    """
    alpha, beta, fitted = posterior_shapes(seen.n_correct, seen.n, seen.phi_r)
    if not fitted:
        return spread_evenly(seen, BOUNDARY)
    room = np.maximum(_cap(seen) - seen.n_given, 0)
    worth = _worth_of_each(alpha, beta, seen, int(room.max(initial=0)))
    worth[np.arange(worth.shape[1]) >= room[:, None]] = -np.inf
    n_more = _greedy(worth, min(seen.budget, int(room.sum())), seen)
    return Spread(n_more, np.ones(len(n_more), dtype=bool))


def _cap(seen: Presampled) -> int:
    n_boundary = max(int((seen.difficulty == Difficulty.BOUNDARY).sum()), 1)
    whole_budget = seen.budget_left + int(seen.n_given.sum())
    least = -(-whole_budget // max(len(seen.n), 1))
    return max(math.ceil(seen.options["cap"] * whole_budget / n_boundary), least)


def _worth_of_each(
    alpha: np.ndarray, beta: np.ndarray, seen: Presampled, n_columns: int
) -> np.ndarray:
    """Expected pairs that the first, second, … further response adds, shape (P, n_columns), never
    increasing along a row.

    Where a later response is worth more than an earlier one both count as their mean: one is bought
    for the sake of the other.
    """
    pairs = np.stack(
        [expected_pairs(alpha, beta, seen.n_correct, seen.n, m) for m in range(n_columns + 1)],
        axis=1,
    )
    worth, start = np.empty((len(alpha), n_columns)), np.zeros(len(alpha), dtype=np.int64)
    rows, steps = np.arange(len(alpha)), np.arange(n_columns + 1)
    while (unfinished := start < n_columns).any():
        ahead = steps[None, :] - start[:, None]
        slopes = np.where(
            ahead > 0,
            (pairs - pairs[rows, np.minimum(start, n_columns)][:, None]) / np.maximum(ahead, 1),
            -np.inf,
        )
        end = np.where(unfinished, n_columns - slopes[:, ::-1].argmax(axis=1), start)
        inside = (steps[None, :-1] >= start[:, None]) & (steps[None, :-1] < end[:, None])
        worth = np.where(inside, slopes[rows, end][:, None], worth)
        start = np.maximum(end, start)
    return worth


def _greedy(worth: np.ndarray, budget: int, seen: Presampled) -> np.ndarray:
    """How many of each row's worths are among the largest ones; of equal ones the earlier in a row,
    then by seed.
    """
    if budget == 0:
        return np.zeros(len(worth), dtype=np.int64)
    least = np.partition(worth.ravel(), worth.size - budget)[worth.size - budget]
    n_more = (worth > least).sum(axis=1)
    rows, columns = np.nonzero(worth == least)
    tied: list[int] = rows.tolist()
    luck = np.array(
        [stable_hash(seen.seed, seen.problem_ids[row]) for row in tied], dtype=np.uint64
    )
    taken = np.lexsort((luck, columns))[: budget - int(n_more.sum())]
    np.add.at(n_more, rows[taken], 1)
    return n_more


def _check(options: Mapping[str, Any]) -> None:
    if options["cap"] < 1:
        raise ConfigError(
            f"difficulty.options.cap is {options['cap']}: it must be 1 or more times the even share"
            " of the Boundary."
        )


STRATEGIES = [
    Strategy(
        "posterior",
        "Posterior",
        "Gives each response to the problem where it is expected to add the most pairs.",
        spread_by_posterior,
        {"cap": 2.0, "n_rounds": 1},
        _check,
    )
]
