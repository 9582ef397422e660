"""What a person says of a run beside its name: tags, a note, and that it is put away."""

import json
from dataclasses import dataclass
from datetime import datetime

from engine.store.clock import now
from engine.store.connection import Database


@dataclass(frozen=True, slots=True)
class Labels:
    """Of one run."""

    tags: tuple[str, ...] = ()
    note: str = ""
    archived_at: datetime | None = None
    """None for a run that is on the board."""


def all_of(db: Database) -> dict[str, Labels]:
    """By run id; a run that nobody labelled is left out."""
    rows = db.tuples("SELECT run_id, tags, note, archived_at FROM labels")
    return {id: Labels(tuple(json.loads(tags)), note, at) for id, tags, note, at in rows}


def find(db: Database, run_id: str) -> Labels:
    """A run's labels; empty ones where nobody gave any."""
    return all_of(db).get(run_id, Labels())


def put(db: Database, run_id: str, labels: Labels) -> None:
    """Give a run these labels in place of those it had."""
    with db.transaction() as cursor:
        cursor.execute(
            "INSERT OR REPLACE INTO labels (run_id, tags, note, archived_at) VALUES (?, ?, ?, ?)",
            [run_id, json.dumps(list(labels.tags)), labels.note, labels.archived_at],
        )


def archive(db: Database, run_id: str, *, away: bool = True) -> None:
    """Put a run away, or back on the board."""
    before = find(db, run_id)
    put(db, run_id, Labels(before.tags, before.note, now() if away else None))
