"""GVM-RAFT: in proportion to 1 / sqrt(p + alpha / p^(beta - 1)), so that harder problems get more,
and very hard ones less again.

Departures: (1) p is the posterior mean, so the rule's 0 at p = 0 cannot happen. (2) The norm of
every gradient is taken for 1: the true ones need a backward pass of the policy. (3) Whole numbers
by the largest remainder.

Source: GVM-RAFT, arXiv 2505.02391; RLHFlow/GVM, em/stage_2_calc_sample_size.py.
"""

import numpy as np

from engine.method.strategies import Presampled, require_positive, rule, weighed


def weights(mean: np.ndarray, variance: np.ndarray, seen: Presampled) -> np.ndarray:
    return 1 / np.sqrt(mean + seen.options["alpha"] / mean ** (seen.options["beta"] - 1))


STRATEGIES = [
    rule(
        "gvm",
        "GVM",
        "Gives harder problems more, by the root of the pass rate, and very hard ones less again.",
        weighed(weights),
        {"alpha": 1e-3, "beta": 2.0},
        source="arXiv 2505.02391, gradients taken for equal",
        check=lambda options: require_positive(options, "alpha"),
    )
]
