"""From files to the responses of a row, and a first look at a recording before it is imported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from engine.method.steps import n_steps
from engine.problems import Rejected
from engine.problems.bytes_of_file import Broken, Notes, Rows
from engine.problems.domains import parts_of
from engine.problems.rows import files_of, rows_of_file
from engine.problems.shapes import Parts, RowError
from engine.recorded.inspect_logs import ENDING, rows_of_log
from engine.recorded.known import flat_recording
from engine.recorded.mapping import mapped_recording
from engine.recorded.shapes import Entry, entries_of

N_ROWS = 100


def files_of_recording(path: Path) -> list[Path]:
    """As files_of, and Inspect's logs. Raises: ProblemSetError."""
    is_log = path.suffix.lower() == ENDING and path.is_file()
    return [path] if is_log else files_of(path)


def rows_of_recording(path: Path, notes: Notes | None = None) -> Rows:
    """The rows of a file of recorded responses. Raises: ProblemSetError, RecordedSetError."""
    is_log = path.suffix.lower() == ENDING and path.is_file()
    return rows_of_log(path) if is_log else rows_of_file(path, notes)


def responses_of(
    row: Any, mapping: Mapping[str, str] | None = None
) -> tuple[Parts, list[Entry | RowError]]:
    """The problem of a row and its responses; an element that cannot be used is its error.

    Raises: RowError: the row as a whole cannot be used.
    """
    fields = flat_recording(row) if mapping is None else mapped_recording(row, mapping)
    return parts_of(fields, is_recording=True), entries_of(fields)


def misfit(scores: Sequence[float], text: str) -> str | None:
    """Why step scores are not a response's, with both numbers; None where they fit."""
    n = n_steps(text)
    if n == len(scores):
        return None
    return f"{len(scores):,} step scores for a response of {n:,} steps: they are missing."


@dataclass(slots=True)
class Preview:
    """The first rows of a recording, read as an import would."""

    problems: list[tuple[Parts, list[Entry]]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    """Rows and single responses."""
    n_rows: int = 0

    @property
    def entries(self) -> list[Entry]:
        return [entry for _, entries in self.problems for entry in entries]


def preview_of(source: Path, mapping: Mapping[str, str] | None = None) -> Preview:
    """Read the first N_ROWS rows. Blocks.

    Raises: ProblemSetError, RecordedSetError: it cannot be read as a whole.
    """
    preview = Preview()
    for line, row in islice(rows_of_recording(source), N_ROWS):
        preview.n_rows += 1
        try:
            if isinstance(row, Broken):
                raise RowError("", row.reason)
            parts, entries = responses_of(row, mapping)
        except RowError as error:
            preview.rejected.append(Rejected(line, error.field, str(error)))
            continue
        errors = [entry for entry in entries if isinstance(entry, RowError)]
        preview.rejected += [Rejected(line, error.field, str(error)) for error in errors]
        usable = [entry for entry in entries if isinstance(entry, Entry)]
        if usable:
            preview.problems.append((parts, usable))
    return preview
