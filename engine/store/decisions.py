"""What a person decides on problems before a commit: rows with who and when; the newest row of a
problem counts, and taking a decision back is a row too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.store.clock import now
from engine.store.place import Place

What = Literal["exclude", "inlier", "boundary", "outlier"]
"""Left out of the plan, or in this class whatever the thresholds say."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that holds."""

    problem_id: str
    what: What
    made_by: str
    """A tab's id, or "cli"."""
    made_at: datetime


def add(at: Place, problem_ids: Sequence[str], what: What | None, *, made_by: str) -> None:
    """Decide on problems; None takes back what was decided on them."""
    n, made_at = len(problem_ids), now()
    with at.db.transaction():
        first = n_rows(at)
        at.db.insert(
            "decisions",
            {
                "run_id": [at.run_id] * n,
                "iteration": [at.number] * n,
                "number": list(range(first, first + n)),
                "problem_id": list(problem_ids),
                "what": [what] * n,
                "made_by": [made_by] * n,
                "made_at": [made_at] * n,
            },
        )


def n_rows(at: Place) -> int:
    """How often somebody decided on a problem of an iteration: grows with every such row."""
    count = "SELECT count(*) FROM decisions WHERE run_id = ? AND iteration = ?"
    asked = "n_decisions", at.run_id, at.number
    return at.db.remembered(asked, at.db.version, lambda: at.db.value(count, at.key))


def holding(at: Place) -> list[Decision]:
    """The decisions of an iteration that hold, in the order in which they were made."""
    return at.db.remembered(
        ("decisions", at.run_id, at.number), at.db.version, lambda: _holding(at)
    )


def _holding(at: Place) -> list[Decision]:
    return at.db.records(
        Decision,
        """SELECT problem_id, what, made_by, made_at FROM (
            SELECT *, row_number() OVER (PARTITION BY problem_id ORDER BY number DESC) AS age
            FROM decisions WHERE run_id = ? AND iteration = ?)
        WHERE age = 1 AND what IS NOT NULL ORDER BY number""",
        at.key,
    )
