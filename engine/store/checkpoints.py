"""Weights that trainings kept along the way, and which of them somebody let become a policy."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from engine.store import beside
from engine.store.clock import now
from engine.store.connection import Database


@dataclass(frozen=True, slots=True)
class Kept:
    """Weights of one step of a training."""

    step: int
    path: str
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Pick:
    """A step of a training whose weights became a policy, or are to become one."""

    number: int
    job_id: str
    """Of the training."""
    step: int
    automatic: bool
    """The training's own settings picked it."""
    made_by: str
    """A tab's id, "cli", or the setting."""
    made_at: datetime


_PICK = "SELECT number, job_id, step, automatic, made_by, made_at FROM picks"


def add_kept(db: Database, job_id: str, weights: Kept) -> None:
    """Weights that a step run again keeps take the place of the earlier ones."""
    with db.transaction() as cursor:
        cursor.execute(
            """INSERT OR REPLACE INTO kept_checkpoints (job_id, step, path, n_bytes, kept_at)
            VALUES (?, ?, ?, ?, ?)""",
            [job_id, weights.step, beside.stored(db, weights.path), weights.n_bytes, now()],
        )


def _kept(db: Database, path: str, **row: Any) -> Kept:
    return Kept(path=beside.located(db, path), **row)


def kept(db: Database, job_id: str) -> list[Kept]:
    """By step."""
    return db.records(
        partial(_kept, db),
        "SELECT step, path, n_bytes FROM kept_checkpoints WHERE job_id = ? ORDER BY step",
        [job_id],
    )


def add_pick(db: Database, job_id: str, step: int, *, automatic: bool, made_by: str) -> int:
    """Note that a step of a training was picked. Returns: the number of the pick."""
    with db.transaction() as cursor:
        (number,) = cursor.execute(
            """INSERT INTO picks (job_id, step, automatic, made_by, made_at)
            VALUES (?, ?, ?, ?, ?) RETURNING number""",
            [job_id, step, automatic, made_by, now()],
        ).fetchall()[0]
    return number


def get_pick(db: Database, number: int) -> Pick:
    """A pick that was noted."""
    (pick,) = db.records(Pick, f"{_PICK} WHERE number = ?", [number])
    return pick


def automatic_pick(db: Database, job_id: str) -> Pick | None:
    """The step that a training's own settings picked; None for the last one, or none yet."""
    wanted = f"{_PICK} WHERE job_id = ? AND automatic ORDER BY number DESC LIMIT 1"
    return db.record(Pick, wanted, [job_id])
