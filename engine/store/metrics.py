"""What trainings logged, step by step."""

from collections.abc import Sequence

import numpy as np

from engine.events import OptimiserStep
from engine.store.clock import now
from engine.store.connection import Database


def add(db: Database, job_id: str, attempt: int, steps: Sequence[OptimiserStep]) -> None:
    """What an attempt logged at some steps. Values that are there already stay as they are."""
    values = [(s.step, s.n_steps, *named) for s in steps for named in s.values.items()]
    step, n_steps, name, value = zip(*values) if values else ((), (), (), ())
    db.insert(
        "metrics",
        {
            "job_id": [job_id] * len(values),
            "attempt": [attempt] * len(values),
            "step": step,
            "n_steps": n_steps,
            "name": name,
            "value": value,
            "logged_at": [now()] * len(values),
        },
        or_ignore=True,
    )


def steps_of(db: Database, job_id: str) -> set[int]:
    """Steps at which any attempt of a training logged something."""
    return {
        step
        for (step,) in db.tuples("SELECT DISTINCT step FROM metrics WHERE job_id = ?", [job_id])
    }


def of_job(db: Database, job_id: str) -> dict[str, np.ndarray]:
    """A training's curves as columns: step, name, value, n_steps. Of a step run twice the latest
    attempt counts.
    """
    return db.columns(
        """SELECT step, name, arg_max(value, attempt) AS value, max(n_steps) AS n_steps
        FROM metrics WHERE job_id = ?
        GROUP BY step, name ORDER BY name, step""",
        [job_id],
    )


def after(db: Database, job_id: str, attempt: int, step: int) -> dict[str, np.ndarray]:
    """What a training logged after a cursor: attempt, step, n_steps, name, value as columns, in the
    order it was logged.
    """
    return db.columns(
        """SELECT attempt, step, n_steps, name, value FROM metrics
        WHERE job_id = ? AND (attempt > ? OR (attempt = ? AND step > ?))
        ORDER BY attempt, step, name""",
        [job_id, attempt, attempt, step],
    )
