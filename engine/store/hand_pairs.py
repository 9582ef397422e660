"""Pairs that a person makes: rows beside those that are built, with who and when; the newest row of
a pair counts, and taking one back is a row too.
"""

from dataclasses import dataclass
from datetime import datetime

from engine.store.clock import now
from engine.store.place import Place


@dataclass(frozen=True, slots=True)
class HandPair:
    """A pair that a person made, or left out (left_out_pairs), and that holds."""

    problem_id: str
    chosen_index: int
    rejected_index: int
    made_by: str
    """A tab's id, or "cli"."""
    made_at: datetime

    @property
    def key(self) -> tuple[str, int, int]:
        return self.problem_id, self.chosen_index, self.rejected_index


def add(
    at: Place, problem_id: str, chosen: int, rejected: int, *, wanted: bool, made_by: str
) -> None:
    """Note that a person wants two responses, by their indices, paired, or no longer."""
    with at.db.transaction() as cursor:
        cursor.execute(
            """INSERT INTO hand_pairs (run_id, iteration, number, problem_id, chosen_index,
                rejected_index, wanted, made_by, made_at)
            SELECT ?, ?, (SELECT count(*) FROM hand_pairs WHERE run_id = ? AND iteration = ?),
                ?, ?, ?, ?, ?, ?""",
            [*at.key, *at.key, problem_id, chosen, rejected, wanted, made_by, now()],
        )


def holding(at: Place) -> list[HandPair]:
    """The pairs of an iteration that hold, in the order in which they were made."""
    return at.db.records(HandPair, that_hold("hand_pairs", "wanted"), at.key)


def that_hold(table: str, flag: str) -> str:
    """The query for what holds of a table of an iteration's pairs, whose newest row counts."""
    return f"""SELECT problem_id, chosen_index, rejected_index, made_by, made_at FROM (
            SELECT *, row_number() OVER (PARTITION BY problem_id, chosen_index, rejected_index
                ORDER BY number DESC) AS age
            FROM {table} WHERE run_id = ? AND iteration = ?)
        WHERE age = 1 AND {flag} ORDER BY number"""
