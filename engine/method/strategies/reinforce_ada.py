"""Reinforce-Ada. Sequential: round by round, until a problem has enough right and wrong responses.
Estimate: in proportion to 1 / sqrt(p).

In every round whoever is not done gets the same. Done is, with stop "balanced", who has half of k
right and half of k wrong ones; with "positive", who has a right one.

Departures: (1) a round hands out its share of a fixed budget, there it is 8 to each, so that the
total is exact; where everybody is done the rest stays unspent. (2) Done is counted, not estimated,
as in the original. (3) The estimating variant reads the posterior mean; its formula is second-hand.

Source: arXiv 2510.04996; the authors' code, verl/trainer/ppo/ray_trainer.py, lines 929 ff.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import ConfigError
from engine.method.handing_out import evenly
from engine.method.strategies import Presampled, rule, weighed


def until_enough(seen: Presampled) -> np.ndarray:
    half = seen.options["k"] / 2
    done = (seen.n_correct >= half) & (seen.n - seen.n_correct >= half)
    if seen.options["stop"] == "positive":
        done = seen.n_correct >= 1
    return evenly(seen.budget, ~done, seen.problem_ids, seed=seen.seed)


def one_over_root(mean: np.ndarray, variance: np.ndarray, seen: Presampled) -> np.ndarray:
    return 1 / np.sqrt(mean)


def _check(options: Mapping[str, Any]) -> None:
    if options["k"] < 2:
        raise ConfigError(
            f"difficulty.options.k is {options['k']}: half of it right and half wrong, so 2 or"
            " more."
        )


STRATEGIES = [
    rule(
        "reinforce_ada",
        "Reinforce-Ada",
        "Gives, round by round, whoever has not enough right and wrong responses yet.",
        until_enough,
        {"stop": "balanced", "k": 4, "n_rounds": 4},
        source="arXiv 2510.04996",
        check=_check,
        choices={"stop": ("balanced", "positive")},
    ),
    rule(
        "reinforce_ada_estimate",
        "Reinforce-Ada, estimate",
        "Gives harder problems more, in proportion to one over the root of the pass rate.",
        weighed(one_over_root),
        source="arXiv 2510.04996, the formula second-hand",
    ),
]
