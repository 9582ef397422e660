"""Tags that a person puts on problems of a run: rows with who and when; the newest row of a problem
and tag counts, and taking one off is a row too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.store.clock import now
from engine.store.connection import Database


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that is on a problem."""

    problem_id: str
    tag: str
    made_by: str
    """A tab's id, or "cli"."""
    made_at: datetime


def add(
    db: Database, run_id: str, problem_ids: Sequence[str], tag: str, *, wanted: bool, made_by: str
) -> None:
    """Note that a person wants a tag on problems, or no longer."""
    n, made_at = len(problem_ids), now()
    with db.transaction():
        first = n_rows(db, run_id)
        db.insert(
            "tags",
            {
                "run_id": [run_id] * n,
                "number": list(range(first, first + n)),
                "problem_id": list(problem_ids),
                "tag": [tag] * n,
                "wanted": [wanted] * n,
                "made_by": [made_by] * n,
                "made_at": [made_at] * n,
            },
        )


def n_rows(db: Database, run_id: str) -> int:
    """How often somebody put a tag on a problem of a run or took one off."""
    return db.value("SELECT count(*) FROM tags WHERE run_id = ?", [run_id])


def holding(db: Database, run_id: str) -> list[Tag]:
    """The tags that are on a run's problems, in the order in which they were put there."""
    return db.remembered(("tags", run_id), db.version, lambda: _holding(db, run_id))


def by_problem(db: Database, run_id: str) -> Mapping[str, list[str]]:
    """The tags of each problem that has any, by its id."""
    tags: dict[str, list[str]] = {}
    for row in holding(db, run_id):
        tags.setdefault(row.problem_id, []).append(row.tag)
    return tags


def _holding(db: Database, run_id: str) -> list[Tag]:
    return db.records(
        Tag,
        """SELECT problem_id, tag, made_by, made_at FROM (
            SELECT *, row_number() OVER (PARTITION BY problem_id, tag ORDER BY number DESC) AS age
            FROM tags WHERE run_id = ?)
        WHERE age = 1 AND wanted ORDER BY number""",
        [run_id],
    )
