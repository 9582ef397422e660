"""Conditions that persons saved by name (engine.method.conditions)."""

from dataclasses import dataclass
from datetime import datetime

from engine.store.clock import now
from engine.store.connection import Database


@dataclass(frozen=True, slots=True)
class SavedCondition:
    name: str
    text: str
    made_by: str
    """A tab's id, or "cli"."""
    made_at: datetime


def listed(db: Database) -> list[SavedCondition]:
    """Every one, by name."""
    return db.remembered("saved conditions", db.version, lambda: _listed(db))


def _listed(db: Database) -> list[SavedCondition]:
    return db.records(
        SavedCondition, "SELECT name, text, made_by, made_at FROM saved_conditions ORDER BY name"
    )


def save(db: Database, name: str, text: str, *, made_by: str) -> None:
    """Keep a condition; one of the same name is replaced."""
    with db.transaction() as cursor:
        cursor.execute(
            "INSERT OR REPLACE INTO saved_conditions (name, text, made_by, made_at)"
            " VALUES (?, ?, ?, ?)",
            [name, text, made_by, now()],
        )


def remove(db: Database, name: str) -> None:
    """Forget a condition; one that is not there is none."""
    with db.transaction() as cursor:
        cursor.execute("DELETE FROM saved_conditions WHERE name = ?", [name])
