"""Target difficulty: most around a target pass rate, by a normal density.

Departures: (1) p is the posterior mean, and p = 1, which is dropped there, does not occur. (2) mu
falls during training there, and neither it nor sigma is known to us: the defaults are ours. (3)
Fixed shares of domains, and profiling again at a plateau, are left out.

Source: arXiv 2512.20848, section 3.2.2, as quoted in NVIDIA-NeMo/Gym issue 1509.
"""

import numpy as np

from engine.method.strategies import Presampled, require_positive, rule, weighed


def weights(mean: np.ndarray, variance: np.ndarray, seen: Presampled) -> np.ndarray:
    return np.exp(-(((mean - seen.options["mu"]) / seen.options["sigma"]) ** 2) / 2)


STRATEGIES = [
    rule(
        "target_difficulty",
        "Target difficulty",
        "Gives most around a target pass rate, by a normal density.",
        weighed(weights),
        {"mu": 0.5, "sigma": 0.2},
        source="arXiv 2512.20848, mu and sigma ours",
        check=lambda options: require_positive(options, "sigma"),
    )
]
