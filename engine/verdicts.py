"""What a person does with verdicts: override one, undo that, and have everything graded again to compare.

An override is a row beside the verdict, never a change of it; the newest row counts, and an undo is a row too. Verdicts belong
to sample sets, so an override holds in every run that shares the responses. A commit and built pairs stay what they were.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from engine.errors import ConfigError
from engine.export import table_batches
from engine.grading import Grader
from engine.store import Database, now
from engine.store.record import printable


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A response whose new verdict is another than the stored one."""

    iteration: int
    purpose: str
    problem_id: str
    index: int
    answer: str
    """The reference answer."""
    was: str
    """Status of the stored verdict, before any override."""
    is_now: str
    predicted: str | None
    """The answer as extracted now."""
    reason: str
    """Why it is judged so now."""
    overridden: bool


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


def regrade(db: Database, run_id: str, grader: Grader) -> Iterator[tuple[int, list[Disagreement]]]:
    """Grade every stored response of a run again, batch by batch, and write nothing.

    Yields: (responses graded in this batch, those whose status is another now). Responses without a verdict are passed over.
    """
    for what in ("responses", "held_out_responses"):
        for batch in table_batches(db, what, run_id):
            rows = [row for row in batch.to_pylist() if row["graded_status"] is not None]
            verdicts = grader.grade_many([(row["answer"], row["text"]) for row in rows])
            yield len(rows), [_disagreement(row, v) for row, v in zip(rows, verdicts) if v.status != row["graded_status"]]


def _disagreement(row: dict, verdict) -> Disagreement:
    return Disagreement(
        row["iteration"], row["purpose"], row["problem_id"], row["index"], row["answer"], row["graded_status"], verdict.status,
        verdict.predicted, verdict.reason, row["overridden_by"] is not None,
    )  # fmt: skip


def as_table(found: list[Disagreement]) -> str:
    """Disagreements as lines for a terminal; control characters of model text are shown, not sent."""
    names = ("iteration", "purpose", "problem_id", "index", "was", "is_now", "answer", "predicted", "reason")
    cells = [names, *([_cell(asdict(d)[name]) for name in names] for d in found)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(names))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells)


def _cell(value: object) -> str:
    text = "".join(c if c.isprintable() else "�" for c in " ".join(str("" if value is None else value).split()))
    return text if len(text) <= 60 else f"{text[:59]}…"
