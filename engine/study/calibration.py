"""Calibration: the reference label of some problems, from 12 held-out responses each, never from
the pre-samples.

The paper does not say what its estimation accuracy is measured against (docs/method.md, section
1.2); this reference is ours.
"""

import numpy as np

from engine import store
from engine.errors import ConfigError
from engine.method.suggestions import N_LABEL
from engine.study.handle import Iteration
from engine.study.side_samples import SideOrder, place_order
from engine.types import Purpose


def order(it: Iteration, n_problems: int) -> SideOrder:
    """Ask for 12 more responses to n_problems of an iteration's problems. Raises: ConfigError, also
    where responses are replayed.
    """
    if it.config.is_recorded:
        raise ConfigError(
            "This run replays recorded responses: its labels come from those recorded beyond the"
            " pre-samples, at no cost."
        )
    settings = store.samples.get(it.db, it.row.presample_set).settings
    return place_order(
        it,
        purpose=Purpose.CALIBRATE,
        settings=settings,
        n_problems=n_problems,
        n=N_LABEL,
    )


def reference_counts(it: Iteration) -> tuple[list[str], np.ndarray]:
    """(problem ids, correct ones of their 12 responses) of every problem whose calibration is drawn
    and judged completely.
    """
    columns = store.side_samples.verdicts(it, Purpose.CALIBRATE)
    done = np.asarray(columns["n_judged"]) >= N_LABEL
    return columns["problem_id"].astype(str)[done].tolist(), np.asarray(columns["n_correct"])[
        done
    ].astype(np.int64)


def n_ordered(it: Iteration) -> int:
    """Problems that an iteration was asked to calibrate on."""
    return len(store.side_samples.verdicts(it, Purpose.CALIBRATE)["problem_id"])


def is_wanted(it: Iteration) -> bool:
    """Whether a run without a person still has to calibrate this iteration, as its configuration
    says.
    """
    wanted = it.config.difficulty.n_calibration
    return len(reference_counts(it)[0]) < wanted
