"""Questions in SQL that persons saved by name."""

from dataclasses import dataclass
from datetime import datetime

from engine.store.clock import now
from engine.store.connection import Database


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    sql: str
    made_by: str
    made_at: datetime


def listed(db: Database) -> list[Question]:
    """Every one, by name."""
    return db.records(Question, "SELECT name, sql, made_by, made_at FROM questions ORDER BY name")


def save(db: Database, name: str, sql: str, *, made_by: str) -> None:
    """Keep a question; one of the same name is replaced."""
    with db.transaction() as cursor:
        cursor.execute(
            "INSERT OR REPLACE INTO questions (name, sql, made_by, made_at) VALUES (?, ?, ?, ?)",
            [name, sql, made_by, now()],
        )


def remove(db: Database, name: str) -> None:
    """Forget a question; one that is not there is none."""
    with db.transaction() as cursor:
        cursor.execute("DELETE FROM questions WHERE name = ?", [name])
