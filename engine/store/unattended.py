"""Runs that go on by themselves: how far, on whose order, and what stopped one."""

from dataclasses import dataclass
from datetime import datetime

from engine.store.clock import now
from engine.store.connection import Database


@dataclass(frozen=True, slots=True)
class Unattended:
    """An order to go on without a person."""

    run_id: str
    n_iterations: int
    """Iterations that are walked by themselves, counted from the first."""
    ordered_by: str
    ordered_at: datetime
    trouble: str | None
    """Why it could not go on; None while nothing is in its way."""


_COLUMNS = "run_id, n_iterations, ordered_by, ordered_at, trouble"


def find(db: Database, run_id: str) -> Unattended | None:
    """The order of a run; None for one that waits for a person."""
    return db.known(Unattended, f"SELECT {_COLUMNS} FROM unattended WHERE run_id = ?", [run_id])


def listed(db: Database) -> list[Unattended]:
    """Every order."""
    return db.records(Unattended, f"SELECT {_COLUMNS} FROM unattended")


def put(db: Database, run_id: str, n_iterations: int, *, ordered_by: str) -> None:
    """Let a run go on by itself; an order that it had is replaced, and its trouble forgotten."""
    with db.transaction() as cursor:
        cursor.execute(
            f"INSERT OR REPLACE INTO unattended ({_COLUMNS}) VALUES (?, ?, ?, ?, NULL)",
            [run_id, n_iterations, ordered_by, now()],
        )


def note_trouble(db: Database, run_id: str, trouble: str | None) -> None:
    """Say why a run could not go on; None where it can again."""
    with db.transaction() as cursor:
        cursor.execute("UPDATE unattended SET trouble = ? WHERE run_id = ?", [trouble, run_id])


def remove(db: Database, run_id: str) -> None:
    """Let a run wait for a person again; a job that runs ends as it was begun."""
    with db.transaction() as cursor:
        cursor.execute("DELETE FROM unattended WHERE run_id = ?", [run_id])
