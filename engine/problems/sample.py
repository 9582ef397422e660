"""A first look at a source: which paths its rows have, and whether they read without a mapping."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from engine.problems.bytes_of_file import Broken, Rows
from engine.problems.known import as_object
from engine.problems.paths import paths_of
from engine.problems.shapes import RowError
from engine.problems.sources import open_source

N_ROWS = 200
N_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """The first N_ROWS rows of a source."""

    paths: dict[str, str]
    """Every path to a value, with a value there in short; of the first N_SHOWN rows that read."""
    n_rows: int
    n_usable: int
    """Rows that read without a mapping."""


def sample_of(
    source: str | Path,
    read: Callable[[Any], object],
    rows_of: Callable[[Path], Rows] | None = None,
) -> Sample:
    """Look at the beginning of a source. Blocks; the hub needs the network.

    Args:
        read: tries one row, and raises RowError where it needs a mapping.
        rows_of: reads a file; None opens sources of problems.

    Raises: ProblemSetError: it cannot be read as a whole.
    """
    opened = rows_of(Path(source)) if rows_of else open_source(source).parts[0].rows()
    rows = [row for _, row in islice(opened, N_ROWS)]
    whole = [as_object(row) for row in rows if not isinstance(row, Broken)]
    usable = sum(_reads(row, read) for row in whole)
    return Sample(paths_of(whole[:N_SHOWN]), len(rows), usable)


def _reads(row: Any, read: Callable[[Any], object]) -> bool:
    try:
        read(row)
    except RowError:
        return False
    return True
