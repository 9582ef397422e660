"""What a person does with verdicts: override one, undo that, and take them all to be graded again (engine.grading.again).

An override is a row beside the verdict, never a change of it; the newest row counts, and an undo is a row too. Verdicts belong
to sample sets, so an override holds in every run that shares the responses. A commit and built pairs stay what they were.
"""

from collections.abc import Iterator

from engine.errors import ConfigError
from engine.export import table_batches
from engine.grading.again import Earlier
from engine.store import Database, now
from engine.store.record import printable


def override(
    db: Database, set_id: str, problem_id: str, index: int, *, correct: bool | None, note: str = "", made_by: str
) -> None:
    """Let a person's word count instead of a response's verdict; correct = None undoes it.

    Args:
        made_by: a tab's id, or "cli".

    Raises: ConfigError if the response has no verdict.
    """
    with db.transaction() as cursor:
        key = [set_id, problem_id, index]
        if not db.row("SELECT 1 FROM verdicts WHERE set_id = ? AND problem_id = ? AND idx = ?", key):
            raise ConfigError(f"Response {index} to problem {problem_id} has no verdict in sample set {set_id} to override.")
        cursor.execute(
            "INSERT INTO overrides (set_id, problem_id, idx, correct, note, made_by, made_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [*key, correct, printable(note.strip()), made_by, now()],
        )


def stored_verdicts(db: Database, run_id: str) -> Iterator[list[Earlier]]:
    """Every stored response of a run with its verdict before any override, in batches; those without a verdict are passed over."""
    for what in ("responses", "held_out_responses"):
        for batch in table_batches(db, what, run_id):
            yield [_earlier(row) for row in batch.to_pylist() if row["graded_status"] is not None]


def _earlier(row: dict) -> Earlier:
    return Earlier(
        row["problem_id"], row["index"], row["answer"], row["text"], row["graded_status"],
        row["iteration"], row["purpose"], row["overridden_by"] is not None,
    )  # fmt: skip
