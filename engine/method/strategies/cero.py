"""CERO, in one shot: the expected variance of a reward is what a problem is worth, and every
further response is worth less.

A problem with N responses is worth E[p (1 - p)] (1 - exp(-N / tau)), E under the Beta posterior.
Concave in N, so the greedy hand-out is the optimum.

Departures: (1) the paper's utility is concave and saturating; which one is not known to us, so the
exponential and its tau are ours. (2) There the price of a response is raised and lowered over
epochs (dual ascent) until the budget is met; here it is met at once. (3) N counts the pre-samples.

Source: CERO, arXiv 2606.05606, second-hand: others' notes, the paper was not read.
"""

import numpy as np

from engine.method.handing_out import to_the_greatest_gain
from engine.method.posterior import mean_and_variance
from engine.method.strategies import Presampled, require_positive, rule


def hand_out(seen: Presampled) -> np.ndarray:
    _, variance = mean_and_variance(seen.n_correct, seen.n, seen.phi_r)
    return to_the_greatest_gain(
        seen.budget,
        lambda m: values(variance, seen.n, m, seen.options["tau"]),
        np.full(len(variance), seen.budget),
        seen.problem_ids,
        seed=seen.seed,
    )


def values(variance: np.ndarray, n: np.ndarray, n_columns: int, tau: float) -> np.ndarray:
    """With 0, 1, … n_columns further responses, shape (P, n_columns + 1)."""
    n_all = n[:, None] + np.arange(n_columns + 1)
    return variance[:, None] * (1 - np.exp(-n_all / tau))


STRATEGIES = [
    rule(
        "cero",
        "CERO, one shot",
        "Gives each response where the reward is expected to vary most, with less and less worth.",
        hand_out,
        {"tau": 8.0},
        source="arXiv 2606.05606, second-hand",
        check=lambda options: require_positive(options, "tau"),
    )
]
