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
from engine.method.handing_out import greatest, hull_of
from engine.method.posterior import expected_pairs, posterior_shapes
from engine.method.strategies import Presampled, Spread, Strategy
from engine.method.strategies.classes import spread_evenly
from engine.types import Difficulty

BOUNDARY = frozenset({Difficulty.BOUNDARY})


def spread_by_posterior(seen: Presampled) -> Spread:
    """Every response goes to the problem where it is worth most. Every problem may give pairs.

    Options: cap, a multiple of R / b (b Boundary problems) that no problem's share exceeds;
    n_rounds, after each of which the posterior is fitted again to everything known;
    pairs_per_problem, beyond which a problem's pairs do not count: 1 is for the most distinct
    problems, 0 for the most pairs.
    """
    alpha, beta, fitted = posterior_shapes(seen.n_correct, seen.n, seen.phi_r)
    if not fitted:
        return spread_evenly(seen, BOUNDARY)
    room = np.maximum(_cap(seen) - seen.n_given, 0)
    worth = _worth_of_each(alpha, beta, seen, int(room.max(initial=0)))
    worth[np.arange(worth.shape[1]) >= room[:, None]] = -np.inf
    budget = min(seen.budget, int(room.sum()))
    n_more = greatest(worth, budget, seen.problem_ids, seed=seen.seed)
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
    """
    most = seen.options.get("pairs_per_problem") or None
    pairs = [
        expected_pairs(alpha, beta, seen.n_correct, seen.n, m, most=most)
        for m in range(n_columns + 1)
    ]
    return hull_of(np.stack(pairs, axis=1))


def _check(options: Mapping[str, Any]) -> None:
    if options["cap"] < 1:
        raise ConfigError(
            f"difficulty.options.cap is {options['cap']}: it must be 1 or more times the even share"
            " of the Boundary."
        )
    if options["pairs_per_problem"] < 0:
        raise ConfigError(
            f"difficulty.options.pairs_per_problem is {options['pairs_per_problem']}: it must be 1"
            " or more, or 0 for no limit."
        )


STRATEGIES = [
    Strategy(
        "posterior",
        "Posterior",
        "Gives each response to the problem where it is expected to add the most pairs.",
        spread_by_posterior,
        {"cap": 2.0, "n_rounds": 1, "pairs_per_problem": 0},
        _check,
    )
]
