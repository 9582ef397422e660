"""Learnability: in proportion to p (1 - p), the variance of one response's reward, as expected
under the posterior.

Source: arXiv 2502.12272, whose abstract asks for questions of high variance of success.
"""

import numpy as np

from engine.method.strategies import Presampled, rule, weighed


def weights(mean: np.ndarray, variance: np.ndarray, seen: Presampled) -> np.ndarray:
    return variance


STRATEGIES = [
    rule(
        "learnability",
        "Learnability",
        "Gives in proportion to p(1-p), the variance of one response's reward.",
        weighed(weights),
        source="arXiv 2502.12272",
    )
]
