"""One row of somebody's file to a problem of its domain: which domain, and what that needs beside a
question and an answer.

A row names its domain in a field `domain`; else its shape says it (ARC: choices and answerKey;
MBPP: test_list); else the default of its set holds. What a policy has to see, the options or the
asserts, is composed into the question here, once: the prompt, the id and every page then have it.
Pure; it knows nothing of files.

Source: ARC (allenai/ai2_arc): question, choices {text, label}, answerKey. MBPP (Austin et al.,
2021): text or prompt, code, test_list, test_setup_code or test_imports.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from engine.grading.options import LETTERS, picked
from engine.problems.asserts import pairs_of, tests_of
from engine.problems.known import flat
from engine.problems.shapes import (
    ANSWER_FIELDS,
    Parts,
    RowError,
    first_field,
    is_number,
    kind_of,
    level_of,
    maths_parts,
    question_of,
    solution_of,
    text_of,
)
from engine.types import Domain

OPTION_FIELDS = ("options", "choices")
TEST_FIELDS = ("tests", "test_list")
CODE_QUESTION_FIELDS = ("prompt", "text")
_LETTERED = re.compile(r"\s*\(?([A-J])[).:]\s*(.*)\Z", re.DOTALL)
NUMBER_AS_VALUE = "The answer, a number among numbers, was read as an option's value, not its place"
SHOWN_TESTS = "Your code should pass these tests:"


def parts_of(row: Any, domain: Domain = "maths", *, is_recording: bool = False) -> Parts:
    """What one row says.

    Args:
        domain: Of a row that neither names one nor has the shape of one.
        is_recording: The row's responses are a policy's: none of them is a worked solution.

    Raises:
        RowError: the row has no usable question, or nothing that a response could be checked
            against.
    """
    fields, notes = flat(row, is_recording=is_recording)
    if details := _details_in(fields):
        fields = {**fields, **details}
    parts = _READERS[domain_of(fields, domain)](fields)
    return parts._replace(notes=(*parts.notes, *notes)) if notes else parts


def domain_of(row: Mapping[str, Any], default: Domain = "maths") -> Domain:
    """The domain of a row. A field `domain` that names none of ours, such as a subject, says
    nothing.
    """
    for known in get_args(Domain):
        if row.get("domain") == known:
            return known
    if row.get("answerKey") is not None and first_field(row, OPTION_FIELDS):
        return "choice"
    return "code" if row.get("test_list") else default


def row_of(
    question: str, answer: str, level: str | None, solution: str | None, domain: str, details: str
) -> dict[str, Any]:
    """A problem as a row that parts_of reads as the same problem; what is None is left out."""
    row = {"question": question, "answer": answer, "level": level, "solution": solution}
    own = {"domain": domain, **json.loads(details or "{}")} if domain != "maths" else {}
    return {name: value for name, value in row.items() if value is not None} | own


def _details_in(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields in a column `details`, as exports have them."""
    if row.get("domain") not in ("choice", "code") or not row.get("details"):
        return {}
    details = structured(row["details"], "details")
    return details if isinstance(details, dict) else {}


def structured(value: Any, field: str) -> Any:
    """A list or an object, also where a cell holds it as JSON. Raises: RowError."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise RowError(field, f"{field} is text that is not JSON; a list is needed.") from None
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, list | Mapping):
        raise RowError(field, f"{field} is {kind_of(value)}; a list or an object is needed.")
    return value


def _choice(row: Mapping[str, Any]) -> Parts:
    field = first_field(row, OPTION_FIELDS)
    if field is None:
        raise RowError("options", f"No options: none of the fields {', '.join(OPTION_FIELDS)}.")
    given = structured(row[field], field)
    labels, options = _labelled(given, field)
    answer = _letters(row, labels, options)
    notes = _read_as_value(row, given, labels, options, answer)
    shown = "\n".join(f"{letter}. {text}" for letter, text in options.items())
    question = _with(question_of(row), "", shown)
    details = json.dumps({"options": options}, ensure_ascii=False)
    return Parts(question, answer, level_of(row), solution_of(row), "choice", details, notes)


def _read_as_value(
    row: Mapping[str, Any], given: Any, labels: dict[str, str], options: dict[str, str], answer: str
) -> tuple[str, ...]:
    """What is noted of an answer that is a number and no label, and could be an option's place as
    well as its text. Raises: RowError where neither is more likely: among texts.
    """
    field = first_field(row, ("answerKey", *ANSWER_FIELDS)) or "answer"
    value = row[field]
    if not _is_place(value, options) or str(value) in labels or LETTERS[value] == answer:
        return ()
    if isinstance(given, list) and all(is_number(option) for option in given):
        return (NUMBER_AS_VALUE,)
    raise RowError(
        field,
        f"{field} is the number {value}, which is the text of option {answer} and, counted from 0,"
        f" the place of option {LETTERS[value]}. Write the letter, or the text as a text"
        f' ("{value}").',
    )


def _is_place(value: Any, options: dict[str, str]) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(options)


def _labelled(value: Any, field: str) -> tuple[dict[str, str], dict[str, str]]:
    """Letter by the row's own label, and text by letter. Raises: RowError."""
    if isinstance(value, Mapping) and set(value) >= {"text", "label"}:
        texts, labels = value["text"], value["label"]
        if len(texts) != len(labels):
            raise RowError(field, f"{field} has {len(texts)} texts and {len(labels)} labels.")
    elif isinstance(value, Mapping):
        value = {label: text for label, text in value.items() if text is not None}
        texts, labels = list(value.values()), list(value)
    else:
        texts, labels = _unlettered(value), list(LETTERS[: len(value)])
    if not 2 <= len(texts) <= len(LETTERS):
        raise RowError(field, f"{field} has {len(texts)} options; 2 to {len(LETTERS)} are needed.")
    texts = [" ".join(text_of(text, field).split()) for text in texts]
    if not all(texts):
        raise RowError(field, f"{field} has an empty option.")
    names = {str(label).strip(): letter for label, letter in zip(labels, LETTERS)}
    return names, dict(zip(LETTERS, texts))


def _unlettered(texts: Any) -> list[Any]:
    """Options without the letters that stand before each of them, such as AQuA's A)21."""
    matches = [_LETTERED.match(text) if isinstance(text, str) else None for text in texts]
    letters = [match.group(1) for match in matches if match]
    if letters != list(LETTERS[: len(texts)]) or len(letters) < len(texts):
        return list(texts)
    return [match.group(2) for match in matches if match]


def _letters(row: Mapping[str, Any], labels: dict[str, str], options: dict[str, str]) -> str:
    """The right letters, joined by commas. Raises: RowError."""
    field = first_field(row, ("answerKey", *ANSWER_FIELDS))
    if field is None:
        raise RowError("answer", f"No answer: none of answerKey, {', '.join(ANSWER_FIELDS)}.")
    values = row[field] if isinstance(row[field], list) else [row[field]]
    texts = [text_of(value, field) for value in values]
    by_label = [labels.get(text) for text in texts]
    letters = (
        {letter for letter in by_label if letter}
        if all(by_label)
        else picked(", ".join(texts), options)
    )
    if not letters:
        said = f"{field} is {', '.join(texts)[:60]!r}"
        raise RowError(field, f"{said}: it must name an option, {', '.join(labels)}.")
    return ", ".join(sorted(letters))


def _code(row: Mapping[str, Any]) -> Parts:
    field = first_field(row, TEST_FIELDS)
    if field is None:
        raise RowError("tests", f"No tests: none of the fields {', '.join(TEST_FIELDS)}.")
    code = row.get("code")
    code = code if isinstance(code, str) and code.strip() else None
    given = pairs_of(row[field]) or structured(row[field], field)
    tests = tests_of(row, given, field, code)
    asserts = [test for test in tests["tests"] if isinstance(test, str)]
    fields = CODE_QUESTION_FIELDS if "test_list" in row else ()
    question = question_of(row, (*fields, "question"))
    is_hidden = row.get("show_tests") is False
    if is_hidden:
        tests["show_tests"] = False
    elif asserts:
        question = _with(question, SHOWN_TESTS, "\n".join(asserts))
    solution = f"```python\n{code.strip()}\n```" if code else solution_of(row)
    n = len(tests["tests"])
    answer = f"passes {n} test{'s' if n > 1 else ''}"
    details = json.dumps(tests, ensure_ascii=False)
    return Parts(question, answer, level_of(row), solution, "code", details)


def _with(question: str, heading: str, shown: str) -> str:
    """A question with what has to be seen behind it, once."""
    shown = shown.strip()
    if question.endswith(shown):
        return question
    return "\n\n".join(part for part in (question, heading, shown) if part)


_READERS: dict[Domain, Callable[[Mapping[str, Any]], Parts]] = {
    "maths": maths_parts,
    "choice": _choice,
    "code": _code,
}
