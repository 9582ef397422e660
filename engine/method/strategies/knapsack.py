"""Knapsack RL: the budget where a group of responses is most likely to be mixed, weighted by how
much a hard problem's gradient is worth.

A problem that has N responses in all is worth E[(1 - p^N - (1 - p)^N) p (1 - p)^2], its gain from
one more E[(p^N (1 - p) + (1 - p)^N p) p (1 - p)^2]: concave in N, so the greedy hand-out is the
optimum of the paper's integer program.

Departures: (1) p is not the last pass rate but integrated over its posterior, exactly; so no
problem has a p of 0, and what the paper gives to those as leftover is part of the rule. (2) N
counts the pre-samples. (3) What the cap leaves over is spread evenly over problems without a right
response, else over all. (4) The paper's least of two responses is the pre-samples' business.

Source: Knapsack RL, arXiv 2509.25849, read in part; the formula as restated in public code.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import ConfigError
from engine.method.handing_out import evenly, to_the_greatest_gain
from engine.method.posterior import posterior_shapes
from engine.method.strategies import Presampled, rule


def hand_out(seen: Presampled) -> np.ndarray:
    alpha, beta, _ = posterior_shapes(seen.n_correct, seen.n, seen.phi_r)
    most = np.maximum(seen.options["n_most"] - seen.n, 0)
    ids, seed = seen.problem_ids, seen.seed
    n_more = to_the_greatest_gain(
        seen.budget, lambda m: values(alpha, beta, seen.n, m), most, ids, seed=seed
    )
    left = seen.budget - int(n_more.sum())
    unsolved = seen.n_correct == 0
    rest = unsolved if unsolved.any() else np.ones(len(most), dtype=bool)
    return n_more + evenly(left, rest, ids, seed=seed)


def values(alpha: np.ndarray, beta: np.ndarray, n: np.ndarray, n_columns: int) -> np.ndarray:
    """What 0, 1, … n_columns further responses add, shape (P, n_columns + 1)."""
    gains = np.empty((len(alpha), n_columns))
    for m in range(n_columns):
        right = _moment(alpha, beta, n + m + 1, 3)
        wrong = _moment(beta, alpha, n + m + 2, 2)
        gains[:, m] = right + wrong
    return np.concatenate([np.zeros((len(alpha), 1)), np.cumsum(gains, axis=1)], axis=1)


def _moment(alpha: np.ndarray, beta: np.ndarray, a: np.ndarray, b: int) -> np.ndarray:
    """E[p^a (1 - p)^b]; a differs by problem, b is the same for all."""
    product = np.ones(len(alpha))
    for j in range(int(a.max(initial=0))):
        product *= np.where(j < a, (alpha + j) / (alpha + beta + j), 1)
    for j in range(b):
        product *= (beta + j) / (alpha + beta + a + j)
    return product


def _check(options: Mapping[str, Any]) -> None:
    if options["n_most"] < 1:
        raise ConfigError(
            f"difficulty.options.n_most is {options['n_most']}: a problem has 1 response or more."
        )


STRATEGIES = [
    rule(
        "knapsack",
        "Knapsack RL",
        "Gives each response where a mixed group is likeliest to come of it, hard ones first.",
        hand_out,
        {"n_most": 128},
        source="arXiv 2509.25849",
        check=_check,
    )
]
