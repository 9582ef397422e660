"""DARS: hard problems are sampled more, until all have as many "points" (schedule equal), or more
the harder they are (hard).

With N responses a problem has 2 p (1 - p) N points; what it lacks of N / 2, or of (1 - p) N, over
2 p (1 - p), is its weight: nothing from p = 1/2 on, and at most what n_most leaves.

Departures: (1) p is the posterior mean. (2) The authors' numbers follow from N and have no fixed
total: here they are weights, to which the budget is handed out in proportion.

Source: the authors' code, verl/trainer/ppo/ray_dars_trainer.py, lines 180 to 230, without "std".
"""

import numpy as np

from engine.method.strategies import Presampled, require_positive, rule, weighed


def weights(mean: np.ndarray, variance: np.ndarray, seen: Presampled) -> np.ndarray:
    points = 2 * mean * (1 - mean)
    wanted = 1 - mean if seen.options["schedule"] == "hard" else np.full(len(mean), 0.5)
    lacking = np.ceil(np.round(seen.n * (wanted - points) / points, 9))
    lacking = np.minimum(lacking, np.maximum(seen.options["n_most"] - seen.n, 0))
    return np.where(mean < 0.5, np.maximum(lacking, 0), 0.0)


STRATEGIES = [
    rule(
        "dars",
        "DARS",
        "Gives problems below one half more, so that hard ones count as much as the others.",
        weighed(weights),
        {"schedule": "equal", "n_most": 32},
        source="the authors' code, scaled to the budget",
        check=lambda options: require_positive(options, "n_most"),
        choices={"schedule": ("equal", "hard")},
    )
]
