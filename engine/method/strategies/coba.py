"""CoBA-RL: a problem is worth what its pass rate is worth to a policy of this ability, and each
further response is worth less.

V(N, p) = (1 - exp(-N p (1 - p) / tau)) Beta-pdf(p; a, kappa - a), a = 1 + (kappa - 2) f, where f is
the mean failure rate, pushed through 1 / (1 + exp(-10 (f - 1/2))) up to one half. tau goes from
tau_low to tau_high with the variance of the pass rates over 0.1667. Concave in N: the greedy
hand-out, by a heap in the paper, is the optimum.

The exponent of the paper's equation 8 can be read two ways, opposite in effect; this one is that of
the authors' code, and so are kappa = 7, the ends of tau and the cap of 32.

Departures: (1) p is the posterior mean, kept in [.01, .99] as in the code. (2) N counts the
pre-samples. (3) The code hands out 60 to 80 % like this and the rest by 1 - p, first to rates below
.05, which the paper does not say: here all is handed out by V. (4) What the cap leaves over is
spread evenly. (5) One iteration's failure rate, not a window of three steps. (6) The code's least
of two responses is the pre-samples' business here: with one of them a problem may stay at one.

Source: CoBA-RL, arXiv 2602.03048, equations 5 to 9; Within-yao/CoBA-RL @ aa6b834,
recipe/coba_rl/budget_allocators.py.
"""

from collections.abc import Mapping
from math import exp, lgamma
from typing import Any

import numpy as np

from engine.errors import ConfigError
from engine.method.handing_out import evenly, to_the_greatest_gain
from engine.method.posterior import mean_and_variance
from engine.method.strategies import Presampled, rule

_EDGE = 0.01
_LARGEST_VARIANCE = 0.1667
_SHARPEST = 1_000
"""Beyond, the density of the ability cannot be computed as it stands in the paper."""


def hand_out(seen: Presampled) -> np.ndarray:
    mean, _ = mean_and_variance(seen.n_correct, seen.n, seen.phi_r)
    rate = np.clip(mean, _EDGE, 1 - _EDGE)
    most = np.maximum(seen.options["n_most"] - seen.n, 0)
    ids, seed = seen.problem_ids, seen.seed
    n_more = to_the_greatest_gain(
        seen.budget, lambda m: values(rate, seen.n, m, seen.options), most, ids, seed=seed
    )
    left = seen.budget - int(n_more.sum())
    return n_more + evenly(left, np.ones(len(rate), dtype=bool), ids, seed=seed)


def values(
    rate: np.ndarray, n: np.ndarray, n_columns: int, options: Mapping[str, Any]
) -> np.ndarray:
    """V with 0, 1, … n_columns further responses, shape (P, n_columns + 1)."""
    ordered = np.sort(rate)  # sums do not depend on the problems' order
    spread = min(float(ordered.var()) / _LARGEST_VARIANCE, 1.0)
    tau = options["tau_low"] + (options["tau_high"] - options["tau_low"]) * spread
    n_all = n[:, None] + np.arange(n_columns + 1)
    saturation = 1 - np.exp(-n_all * (rate * (1 - rate))[:, None] / tau)
    return saturation * _ability(rate, 1 - float(ordered.mean()), options["kappa"])[:, None]


def _ability(rate: np.ndarray, failure: float, kappa: float) -> np.ndarray:
    """The Beta density that says which pass rates are worth most at this failure rate."""
    pushed = failure if failure > 0.5 else 1 / (1 + exp(-10 * (failure - 0.5)))
    a = 1 + (kappa - 2) * pushed
    b = kappa - a
    scale = exp(lgamma(kappa) - lgamma(a) - lgamma(b))
    return scale * rate ** (a - 1) * (1 - rate) ** (b - 1)


def _check(options: Mapping[str, Any]) -> None:
    if not 2 < options["kappa"] <= _SHARPEST:
        raise ConfigError(
            f"difficulty.options.kappa is {options['kappa']}: it must be above 2 and at most"
            f" {_SHARPEST}."
        )
    if not 0 < options["tau_low"] <= options["tau_high"]:
        raise ConfigError(
            f"difficulty.options.tau_low is {options['tau_low']} and tau_high is"
            f" {options['tau_high']}: both must be above 0, tau_low no higher than tau_high."
        )
    if options["n_most"] < 1:
        raise ConfigError(
            f"difficulty.options.n_most is {options['n_most']}: a problem has 1 response or more."
        )


STRATEGIES = [
    rule(
        "coba",
        "CoBA-RL",
        "Gives each response where this policy's ability makes it worth most, with less and less"
        " worth.",
        hand_out,
        {"kappa": 7.0, "tau_low": 3.0, "tau_high": 12.0, "n_most": 32},
        source="arXiv 2602.03048",
        check=_check,
    )
]
