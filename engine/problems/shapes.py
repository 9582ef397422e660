"""One row of somebody's file to a question and its answer: which field is which, and how values
become text.

Pure; it knows nothing of files, and of no domain but maths (`domains` knows the others). Shapes it
reads: GSM8K (the answer ends a worked solution, behind
"####"), MATH (answer beside the solution), Minerva (answer in the solution's last box),
OlympiadBench (a list of final answers), and any row with a question and an answer under a usual
name. Anything else is a shape of `known`, or needs a mapping (`mapping`).
"""

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.grading.extraction import (
    Extracted,
    Extraction,
    extract,
    last_box,
    reference_answer,
    without_surrogates,
)
from engine.grading.references import MAX_WORDS
from engine.types import Domain

QUESTION_FIELDS = ("question", "problem", "Problem", "prompt", "query")
ANSWER_FIELDS = (
    "answer",
    "final_answer",
    "Answer",
    "gt",
    "ground_truth",
    "expected",
    "expected_answer",
    "ref_ans",
    "gt_ans",
)
LEVEL_FIELDS = ("level", "difficulty")
MIN_WORKED_CHARS = 60
"""A shorter answer is never looked at as a worked text."""


class Parts(NamedTuple):
    """What a row says, as text."""

    question: str
    answer: str
    level: str | None
    solution: str | None
    domain: Domain = "maths"
    details: str = ""
    """As Problem.details."""
    notes: tuple[str, ...] = ()
    """What was left out, or taken from an unusual place, in a few words each."""


class RowError(ValueError):
    """A row that cannot be used: `field` and the text say why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def text_of(value: Any, field: str) -> str:
    """A value as text: strings stripped, whole numbers without ".0".

    Raises:
        RowError: it is neither text nor a finite number.
    """
    if isinstance(value, str):
        return without_surrogates(value).strip()
    if not is_number(value) and (isinstance(value, bool) or not isinstance(value, int)):
        raise RowError(field, f"{field} is {kind_of(value)}; text or a number is needed.")
    return str(int(value)) if value == int(value) else repr(value)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number, and no whole one beyond what a float holds."""
    try:
        is_one = isinstance(value, int | float) and not isinstance(value, bool)
        return is_one and math.isfinite(value)
    except OverflowError:
        return False


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    names = {
        bool: "true or false",
        dict: "an object",
        list: "a list",
        type(None): "null",
        float: "not a finite number",
    }
    return names.get(type(value), f"a {type(value).__name__}")


def first_field(row: Mapping[str, Any], fields: tuple[str, ...]) -> str | None:
    """The first of the fields that the row has a value under."""
    return next((field for field in fields if row.get(field) not in (None, "", [])), None)


def question_of(row: Mapping[str, Any], fields: tuple[str, ...] = QUESTION_FIELDS) -> str:
    """The question, behind its context where there is one. Raises: RowError."""
    field = first_field(row, fields)
    if field is None:
        there = next((name for name in fields if name in row), None)
        if there is not None:
            raise RowError(there, f"{there} is empty.")
        raise RowError("question", f"No question: none of the fields {', '.join(fields)}.")
    if not isinstance(row[field], str):
        raise RowError(field, f"{field} is {kind_of(row[field])}; text is needed.")
    if not (question := text_of(row[field], field)):
        raise RowError(field, f"{field} is empty.")
    context = row.get("context")
    return (
        f"{text_of(context, 'context')}\n\n{question}"
        if isinstance(context, str) and context.strip()
        else question
    )


def solution_of(row: Mapping[str, Any]) -> str | None:
    """The worked solution, of several the first."""
    value = row.get("solution")
    if isinstance(value, list):
        value = next((part for part in value if isinstance(part, str)), None)
    return without_surrogates(value).strip() or None if isinstance(value, str) else None


def _answer(
    row: Mapping[str, Any], solution: str | None
) -> tuple[str, str | None, tuple[str, ...]]:
    """The reference answer, the worked solution where the answer field holds one, and notes."""
    field = first_field(row, ANSWER_FIELDS)
    if field is None:
        if solution and (boxed := last_box(solution)):
            return boxed, None, ()
        there = next((name for name in ANSWER_FIELDS if name in row), "answer")
        raise RowError(
            there, r"No answer: neither a usual answer field nor a \boxed{...} in the solution."
        )
    value = row[field]
    values = value if isinstance(value, list) else [value]
    written = ", ".join(text_of(one, field) for one in values)
    answer = (
        reference_answer(written)
        if "####" in written or "\\boxed" in written or "\n" in written
        else written
    )
    if not answer:
        raise RowError(field, f"{field} is empty.")
    if answer == written and len(answer) > MIN_WORKED_CHARS and (end := _end_of(written)):
        return end.answer or "", written, (f"The answer is the end of a worked text ({end.rule})",)
    return answer, written if written != answer and "\n" in written else None, ()


def _end_of(written: str) -> Extracted | None:
    """Where a worked text in sentences, such as Orca-math's, ends in an answer."""
    if len(re.findall(r"[A-Za-z]{2,}", written)) <= MAX_WORDS:
        return None
    end = extract(written, Extraction("lenient"))
    return end if end.answer else None


def level_of(row: Mapping[str, Any]) -> str | None:
    """The difficulty label. Raises: RowError."""
    field = first_field(row, LEVEL_FIELDS)
    return text_of(row[field], field) if field else None


def maths_parts(row: Mapping[str, Any]) -> Parts:
    """What one row says.

    An answer list becomes one answer, its parts joined by ", ", which grading reads as a set.
    Numbers become text: 18 and 18.0 are both "18".

    Raises:
        RowError: the row has no usable question or answer.
    """
    question = question_of(row)
    solution = solution_of(row)
    answer, worked, notes = _answer(row, solution)
    return Parts(question, answer, level_of(row), solution or worked, notes=notes)
