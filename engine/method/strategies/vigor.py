"""VIGOR: round by round, the problems whose rewards vary most get the round's budget.

The share that gets more and the factor by which it grows have the product 1, so a round hands out
its whole budget to that share, evenly.

Departure: the posterior's E[p (1 - p)] in place of the observed variance, of which three
pre-samples leave two values.

Source: arXiv 2607.22002, second-hand: others' notes, the paper was not read.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np

from engine.errors import ConfigError
from engine.method.handing_out import evenly
from engine.method.posterior import mean_and_variance
from engine.method.seeds import stable_hash
from engine.method.strategies import Presampled, rule


def to_the_most_varying(seen: Presampled) -> np.ndarray:
    _, variance = mean_and_variance(seen.n_correct, seen.n, seen.phi_r)
    n_chosen = ceil(round(seen.options["share"] * len(variance), 9))
    luck = np.array([stable_hash(seen.seed, id) for id in seen.problem_ids], dtype=np.uint64)
    chosen = np.zeros(len(variance), dtype=bool)
    chosen[np.lexsort((luck, -variance))[:n_chosen]] = True
    return evenly(seen.budget, chosen, seen.problem_ids, seed=seen.seed)


def _check(options: Mapping[str, Any]) -> None:
    if not 0 < options["share"] <= 1:
        raise ConfigError(
            f"difficulty.options.share is {options['share']}: the share of the problems that get"
            " more lies above 0 and up to 1."
        )


STRATEGIES = [
    rule(
        "vigor",
        "VIGOR",
        "Gives, round by round, the problems whose rewards vary most.",
        to_the_most_varying,
        {"share": 0.25, "n_rounds": 4},
        source="arXiv 2607.22002, second-hand",
        check=_check,
    )
]
