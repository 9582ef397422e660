"""DAST's proportion control as a strategy: more responses for harder levels, so that their share of
the data does not shrink.

Follows docs/method.md, section 3; cut-offs and targets are ours and editable. Levels come from
M_0's pre-samples.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import ConfigError
from engine.method.dast import CUTOFFS, TARGETS, Level, dast_levels, proportion_control
from engine.method.strategies import Presampled, Spread, Strategy


def spread_by_level(seen: Presampled) -> Spread:
    """In proportion to target / max(pass, 1/n) between levels, evenly within each. Every problem
    may give pairs.
    """
    given: dict[str, int] = {}
    if seen.problem_ids:
        counts = dict(zip(seen.problem_ids, seen.first_n_correct.tolist()))
        options, n = seen.options, int(seen.first_n[0])
        targets = dict(zip(Level, options["targets"]))
        given = proportion_control(
            seen.budget,
            counts,
            n,
            targets=targets,
            cutoffs=tuple(options["cutoffs"]),
            seed=seen.seed,
        )
    n_more = np.array([given[id] for id in seen.problem_ids], dtype=np.int64)
    return Spread(n_more, np.ones(len(n_more), dtype=bool))


def _check(options: Mapping[str, Any]) -> None:
    dast_levels([0], 1, cutoffs=tuple(options["cutoffs"]))
    if min(options["targets"]) < 0:
        raise ConfigError(
            f"difficulty.options.targets is {list(options['targets'])}: easy, medium, hard and"
            " unsolved, 0 or more each."
        )


STRATEGIES = [
    Strategy(
        "dast",
        "DAST proportions",
        "Gives harder problems more, so that right responses come in the target proportions.",
        spread_by_level,
        {"cutoffs": CUTOFFS, "targets": tuple(float(TARGETS[level]) for level in Level)},
        _check,
        group="published",
        source="DAST, arXiv 2503.09029",
    )
]
