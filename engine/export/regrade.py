"""The stored verdicts of a run, to be graded again by engine.grading.again."""

from collections.abc import Iterator

from engine.export.run import table_batches
from engine.grading.again import Earlier
from engine.store import Database


def stored_verdicts(db: Database, run_id: str) -> Iterator[list[Earlier]]:
    """Every stored response of a run with its verdict before any override, in batches; those
    without a verdict are passed over.
    """
    for what in ("responses", "held_out_responses"):
        for batch in table_batches(db, what, run_id):
            yield [_earlier(row) for row in batch.to_pylist() if row["graded_status"] is not None]


def _earlier(row: dict) -> Earlier:
    return Earlier(
        row["problem_id"],
        row["index"],
        row["answer"],
        row["text"][row["answer_at"] or 0 :],
        row["graded_status"],
        row["iteration"],
        row["purpose"],
        row["overridden_by"] is not None,
        row["sample_set_id"],
        row["domain"],
        row["details"],
    )
