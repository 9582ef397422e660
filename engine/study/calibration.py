"""Calibration: the reference label of some problems, from 12 held-out responses each, never from
the pre-samples.

The paper does not say what its estimation accuracy is measured against (docs/method.md, section
1.2); this reference is ours.
"""

import numpy as np

from engine.errors import ConfigError
from engine.store import Database, reads, side_reads
from engine.study import runs
from engine.study.side_samples import SideOrder, place_order
from engine.types import Purpose

N_LABEL = 12
"""Responses behind a reference label; the label depends on this number."""


def order(db: Database, run_id: str, iteration: int, n_problems: int) -> SideOrder:
    """Ask for 12 more responses to n_problems of an iteration's problems. Raises: ConfigError, also
    where responses are replayed.
    """
    if runs.config_of(db, run_id).is_recorded:
        raise ConfigError(
            "This run replays recorded responses: its labels come from those recorded beyond the"
            " pre-samples, at no cost."
        )
    settings = reads.samples(db, reads.iteration(db, run_id, iteration)["presample_set"]).settings
    return place_order(
        db,
        run_id,
        iteration,
        purpose=Purpose.CALIBRATE,
        settings=settings,
        n_problems=n_problems,
        n=N_LABEL,
    )


def reference_counts(db: Database, run_id: str, iteration: int) -> tuple[list[str], np.ndarray]:
    """(problem ids, correct ones of their 12 responses) of every problem whose calibration is drawn
    and judged completely.
    """
    columns = side_reads.side_verdicts(db, run_id, iteration, Purpose.CALIBRATE)
    done = np.asarray(columns["n_judged"]) >= N_LABEL
    return columns["problem_id"].astype(str)[done].tolist(), np.asarray(columns["n_correct"])[
        done
    ].astype(np.int64)


def n_ordered(db: Database, run_id: str, iteration: int) -> int:
    """Problems that an iteration was asked to calibrate on."""
    return len(side_reads.side_verdicts(db, run_id, iteration, Purpose.CALIBRATE)["problem_id"])


def is_wanted(db: Database, run_id: str, iteration: int) -> bool:
    """Whether a run without a person still has to calibrate this iteration, as its configuration
    says.
    """
    wanted = runs.config_of(db, run_id).difficulty.n_calibration
    return len(reference_counts(db, run_id, iteration)[0]) < wanted
