"""VIP: as many responses for each problem as make the variance of the policy gradient least.

Minimises the sum of a (N - 1) / N^2 with a = 4 p (1 - p) over whole N, where N counts the
pre-samples and nobody has fewer than three: from three on the gain of one more,
a ((N - 1) / N^2 - N / (N + 1)^2), only falls, so bringing everybody to three and handing out the
rest greedily is the integer optimum that the paper gets near by rounding its continuous one.

Departures: (1) p (1 - p) is its expectation under our posterior, in place of a Gaussian process
over embeddings of the questions. (2) The factor sigma^2 is the same for all and left out. (3) What
the cap leaves over is spread evenly. (4) Where the budget does not bring everybody to three, which
the paper rules out, those of the greatest variance are brought there first.

Source: VIP, arXiv 2602.01601, theorem 5.1, read in part.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import ConfigError
from engine.method.handing_out import evenly, to_the_greatest_gain
from engine.method.posterior import mean_and_variance
from engine.method.strategies import Presampled, rule

LEAST = 3


def hand_out(seen: Presampled) -> np.ndarray:
    _, variance = mean_and_variance(seen.n_correct, seen.n, seen.phi_r)
    short = np.maximum(LEAST - seen.n, 0)
    if short.sum() > seen.budget:
        return _greedily(seen, variance, np.zeros_like(short), most=short)
    most = np.maximum(seen.options["n_most"] - seen.n, short)
    n_more = _greedily(seen, variance, short, most=most)
    left = seen.budget - int(n_more.sum())
    everybody = np.ones(len(most), dtype=bool)
    return n_more + evenly(left, everybody, seen.problem_ids, seed=seen.seed)


def _greedily(
    seen: Presampled, variance: np.ndarray, first: np.ndarray, *, most: np.ndarray
) -> np.ndarray:
    """What everybody has first, and the rest of the budget where it is worth most."""
    n = seen.n + first
    rest = to_the_greatest_gain(
        seen.budget - int(first.sum()),
        lambda m: values(variance, n, m),
        most - first,
        seen.problem_ids,
        seed=seen.seed,
    )
    return first + rest


def values(variance: np.ndarray, n: np.ndarray, n_columns: int) -> np.ndarray:
    """Minus the gradient's variance with 0, 1, … n_columns further responses, shape (P, n_columns +
    1). Below three responses each one more is worth as much as the third to the fourth.
    """
    n_all = n[:, None] + np.arange(n_columns + 1)
    safe = np.maximum(n_all, LEAST).astype(np.float64)
    third = (LEAST - 1) / LEAST**2 - LEAST / (LEAST + 1) ** 2
    return -4 * variance[:, None] * ((safe - 1) / safe**2 + third * (safe - n_all))


def _check(options: Mapping[str, Any]) -> None:
    if options["n_most"] < LEAST:
        raise ConfigError(
            f"difficulty.options.n_most is {options['n_most']}: VIP gives a problem {LEAST}"
            " responses or more."
        )


STRATEGIES = [
    rule(
        "vip",
        "VIP",
        "Gives each response where it lowers the variance of the policy gradient most.",
        hand_out,
        {"n_most": 64},
        source="arXiv 2602.01601",
        check=_check,
    )
]
