"""A person's word against a verdict: override it, undo that; and what grading again says, where a
person wants it to count.

An override is a row beside the verdict, never a change of it; the newest row counts, and an undo is
a row too. Verdicts belong to sample sets, so an override holds in every run that shares the
responses. A commit and built pairs stay what they were.
"""

from collections.abc import Sequence

from engine import store
from engine.errors import ConfigError
from engine.grading.again import Disagreement
from engine.store import Database
from engine.store.texts import printable


def override(
    db: Database,
    set_id: str,
    problem_id: str,
    index: int,
    *,
    correct: bool | None,
    note: str = "",
    made_by: str,
) -> None:
    """Let a person's word count instead of a response's verdict; correct = None undoes it.

    Args:
        made_by: a tab's id, or "cli".

    Raises: ConfigError if the response has no verdict.
    """
    with db.transaction():
        if not store.samples.has_verdict(db, set_id, problem_id, index):
            raise ConfigError(
                f"Response {index} to problem {problem_id} has no verdict in sample set {set_id} to"
                " override."
            )
        store.samples.add_override(
            db,
            set_id,
            problem_id,
            index,
            correct=correct,
            note=printable(note.strip()),
            made_by=made_by,
        )


def apply_regrade(db: Database, disagreements: Sequence[Disagreement], *, made_by: str) -> int:
    """Let the new verdicts count where they turn correct into wrong, or wrong into correct: as
    overrides, each with its reason and with an undo. A person's own overrides stay.

    Returns: how many were written.
    """
    turned = [
        one
        for one in disagreements
        if one.sample_set and not one.overridden and _turns(one.was, one.is_now)
    ]
    with db.transaction():
        for one in turned:
            override(
                db,
                one.sample_set or "",
                one.problem_id,
                one.index,
                correct=one.is_now == "correct",
                note=f"Graded again: {one.reason}",
                made_by=made_by,
            )
    return len(turned)


def _turns(was: str, is_now: str) -> bool:
    return (was == "correct") != (is_now == "correct")
