"""A person's word against a verdict: override it, undo that.

An override is a row beside the verdict, never a change of it; the newest row counts, and an undo is
a row too. Verdicts belong to sample sets, so an override holds in every run that shares the
responses. A commit and built pairs stay what they were.
"""

from engine.errors import ConfigError
from engine.store import Database, now
from engine.store.record import printable


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
    with db.transaction() as cursor:
        key = [set_id, problem_id, index]
        if not db.row(
            "SELECT 1 FROM verdicts WHERE set_id = ? AND problem_id = ? AND idx = ?", key
        ):
            raise ConfigError(
                f"Response {index} to problem {problem_id} has no verdict in sample set {set_id} to"
                " override."
            )
        cursor.execute(
            "INSERT INTO overrides (set_id, problem_id, idx, correct, note, made_by, made_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [*key, correct, printable(note.strip()), made_by, now()],
        )
