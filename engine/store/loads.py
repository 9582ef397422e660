"""How busy the machine was while a job ran: few rows, and the fewer the older they are."""

from dataclasses import astuple, dataclass, fields
from datetime import datetime

from engine.store.connection import Database

MOST = 361
"""Rows of a job; where there are as many, every second one goes, neither the first nor the last. So
an hour at a row each 10 s is whole, and a day has its older part at one row in minutes.
"""


@dataclass(frozen=True, slots=True)
class LoadRow:
    """One look at the machine."""

    logged_at: datetime
    cpu: float
    """Share of all cores, from 0 to 1."""
    memory_used: int
    """Bytes of main memory."""
    gpu: float | None
    """Mean use of the GPUs, from 0 to 1; None without one."""
    gpu_used: int | None
    """Bytes on all GPUs."""
    tokens_per_s: float | None
    """Sampled in this attempt so far, by the seconds that were sampled; None before a response."""
    n_running: int | None
    """Responses that ran side by side; None where the sampler does not say."""


_COLUMNS = ", ".join(field.name for field in fields(LoadRow))


def add(db: Database, job_id: str, row: LoadRow) -> None:
    """Note a look. The table stays small: this is the one place that takes rows away by itself."""
    with db.transaction() as cursor:
        cursor.execute(
            f"INSERT INTO loads (job_id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [job_id, *astuple(row)],
        )
        if db.value("SELECT count(*) FROM loads WHERE job_id = ?", [job_id]) >= MOST:
            cursor.execute(
                """DELETE FROM loads WHERE job_id = ? AND logged_at IN (
                    SELECT logged_at FROM loads WHERE job_id = ?
                    QUALIFY row_number() OVER (ORDER BY logged_at) % 2 = 0)""",
                [job_id, job_id],
            )


def of_job(db: Database, job_id: str) -> list[LoadRow]:
    """The looks while a job ran, oldest first."""
    return db.records(
        LoadRow, f"SELECT {_COLUMNS} FROM loads WHERE job_id = ? ORDER BY logged_at", [job_id]
    )


def latest_job(db: Database) -> str | None:
    """The job that was looked at last."""
    newest = db.tuples("SELECT job_id FROM loads ORDER BY logged_at DESC LIMIT 1")
    return newest[0][0] if newest else None
