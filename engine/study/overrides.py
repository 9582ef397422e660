"""A person's word against a verdict: override it, undo that.

An override is a row beside the verdict, never a change of it; the newest row counts, and an undo is
a row too. Verdicts belong to sample sets, so an override holds in every run that shares the
responses. A commit and built pairs stay what they were.
"""

from engine import store
from engine.errors import ConfigError
from engine.store import Database
from engine.store.events import printable


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
