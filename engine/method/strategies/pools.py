"""Pools: a hard, a normal and an easy pool by the pass rate, each with a weight.

Departure: the pass rate is the posterior mean, not the latest mean reward.

Source: prime-rl, configs/orchestrator.py: ends .25 and .75, weights .2, 1 and .2.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import ConfigError
from engine.method.strategies import Presampled, rule, weighed


def weights(mean: np.ndarray, variance: np.ndarray, seen: Presampled) -> np.ndarray:
    low, high = seen.options["ends"]
    hard, normal, easy = seen.options["weights"]
    return np.where(mean <= low, hard, np.where(mean <= high, normal, easy)).astype(np.float64)


def _check(options: Mapping[str, Any]) -> None:
    low, high = options["ends"]
    if not 0 <= low <= high <= 1:
        raise ConfigError(
            f"difficulty.options.ends is {[low, high]}: two pass rates in [0, 1], rising."
        )
    if min(options["weights"]) < 0 or not any(options["weights"]):
        raise ConfigError(
            f"difficulty.options.weights is {list(options['weights'])}: of the hard, the normal and"
            " the easy pool, 0 or more each and one above 0."
        )


STRATEGIES = [
    rule(
        "pools",
        "Pools",
        "Gives the normal pool most, the hard and the easy one a fifth of that.",
        weighed(weights),
        {"ends": (0.25, 0.75), "weights": (0.2, 1.0, 0.2)},
        source="prime-rl",
        check=_check,
    )
]
