"""Solutions whose first wrong step people have marked: files of ProcessBench's shape to rows.

Source: Qwen/ProcessBench, columns problem, steps (list of texts) and label, the index of the first
wrong step, -1 where all are right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ProblemSetError
from engine.method.first_errors import NONE
from engine.problems.bytes_of_file import Broken
from engine.problems.rows import rows_of_file
from engine.problems.shapes import RowError, question_of


@dataclass(frozen=True, slots=True)
class Marked:
    """A solution in steps."""

    line: int
    question: str
    steps: tuple[str, ...]
    label: int
    """Its first wrong step, from 0; -1 for none."""


@dataclass(frozen=True, slots=True)
class MarkedFile:
    solutions: list[Marked]
    rejected: list[tuple[int, str]]
    """(line, why) of rows that cannot be used."""


def read_marked(path: Path) -> MarkedFile:
    """A JSONL, JSON, CSV or Parquet file of marked solutions. Raises: ProblemSetError for a file
    without one.
    """
    solutions, rejected = [], []
    for line, row in rows_of_file(path):
        try:
            solutions.append(_marked(line, row))
        except RowError as error:
            rejected.append((line, str(error)))
    if not solutions:
        first = f" The first rejected row: line {rejected[0][0]}: {rejected[0][1]}"
        raise ProblemSetError(
            f"{path} holds no solution with marked steps: columns problem, steps and label are"
            f" needed.{first if rejected else ''}"
        )
    return MarkedFile(solutions, rejected)


def _marked(line: int, row: Any) -> Marked:
    if isinstance(row, Broken):
        raise RowError("", row.reason)
    if not isinstance(row, Mapping):
        raise RowError("", "The row is no object.")
    question = question_of(row)
    steps = row.get("steps")
    if not isinstance(steps, list) or not steps or not all(map(_is_step, steps)):
        raise RowError("steps", "steps is no list of texts, each with something in it.")
    label = row.get("label")
    if isinstance(label, bool) or not isinstance(label, int) or not NONE <= label < len(steps):
        raise RowError(
            "label", f"label is {label!r}: it is the index of one of {len(steps)} steps, or -1."
        )
    return Marked(line, question, tuple(steps), label)


def _is_step(step: Any) -> bool:
    return isinstance(step, str) and bool(step.strip())
