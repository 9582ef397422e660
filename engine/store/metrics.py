"""What trainings logged, step by step."""

import numpy as np

from engine.store.connection import Database


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
