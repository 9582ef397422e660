"""Which part of a row plays which role: said by a person, guessed from names, remembered for files
of the same shape.

A mapping is {role: path or template} (engine.problems.paths). Guesses are by the last name of a
path; nothing is read by a guess alone.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import ProblemSetError
from engine.paths import write_text
from engine.problems.chats import is_chat, read_chat
from engine.problems.domains import parts_of
from engine.problems.paths import MISSING, looked_up, paths_in, steps_of
from engine.problems.shapes import ANSWER_FIELDS, LEVEL_FIELDS, QUESTION_FIELDS, Parts, RowError
from engine.types import Domain

ROLES = ("question", "answer", "level", "solution", "options", "tests")
"""What a path can be mapped to; the question is needed, and an answer, a solution with a box, or
tests. Options or tests make the set one of choices or of code.
"""
_HINTS = {
    "question": (*QUESTION_FIELDS, "instruction", "input", "task", "text", "content", "value"),
    "answer": (*ANSWER_FIELDS, "target", "result", "reference", "label", "gold", "output"),
    "level": (*LEVEL_FIELDS, "grade"),
    "solution": ("solution", "rationale", "explanation", "gt_cot"),
    "options": ("options", "choices"),
    "tests": ("tests", "test_list"),
}


def check_mapping(mapping: Mapping[str, str], roles: Sequence[str] = ROLES) -> None:
    """Raises: ProblemSetError for a role that there is not, none for the question, one path for
    question and answer, or a path that cannot be read.
    """
    unknown = sorted(set(mapping) - set(roles))
    if unknown or not mapping.get("question"):
        said = f"the role {unknown[0]}" if unknown else "no column for the question"
        raise ProblemSetError(
            f"The column mapping has {said}. Allowed roles: {', '.join(roles)}; question is needed."
        )
    if paths_in(mapping["question"]) == paths_in(mapping.get("answer", "")):
        raise ProblemSetError(
            f"Question and answer are both {mapping['question']}: every response would be graded"
            " against its own question. Choose another column for one of them."
        )
    for spec in mapping.values():
        for path in paths_in(spec):
            steps_of(path)


def mapped_row(row: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """The values of the roles that the row has something for."""
    values = {role: looked_up(row, spec) for role, spec in mapping.items()}
    return {role: value for role, value in values.items() if value is not MISSING}


def mapped_parts(row: Any, mapping: Mapping[str, str], domain: Domain = "maths") -> Parts:
    """What one row says when its paths are named; nothing else of it is read. A chat gives its
    question, or its last response.

    Raises:
        RowError: as parts_of; its field is the row's own path.
    """
    if not isinstance(row, Mapping):
        return parts_of(row)
    domain = "code" if mapping.get("tests") else "choice" if mapping.get("options") else domain
    try:
        fields = mapped_row(row, mapping)
        fields |= {role: None for role in ("question", "answer") if role not in fields}
        return parts_of(_without_chats(fields), domain)
    except RowError as error:
        path = mapping.get(error.field, error.field)
        reason = str(error)
        if error.field and reason.startswith(error.field):
            reason = path + reason[len(error.field) :]
        raise RowError(path, reason) from None


def _without_chats(fields: dict[str, Any]) -> dict[str, Any]:
    for role in ("question", "answer", "solution"):
        if is_chat(value := fields.get(role)):
            chat = read_chat(value, role)
            fields[role] = chat.question if role == "question" else chat.response
    return fields


def guess_mapping(
    paths: Sequence[str], hints: Mapping[str, tuple[str, ...]] = _HINTS
) -> dict[str, str]:
    """Which path probably plays which role: one whose name is a usual one, else one whose last
    name is, else one that holds a usual one.

    >>> guess_mapping(["Nr", "Question text", "Gold answer"])
    {'question': 'Question text', 'answer': 'Gold answer'}
    >>> guess_mapping(["prompt[-1].content", "reward_model.ground_truth"])
    {'question': 'prompt[-1].content', 'answer': 'reward_model.ground_truth'}
    """
    guessed: dict[str, str] = {}
    for role, usual in hints.items():
        free = [path for path in paths if path not in guessed.values()]
        if guess := _guess(free, usual):
            guessed[role] = guess
    return guessed


def _guess(free: Sequence[str], usual: Iterable[str]) -> str | None:
    whole = {path.strip().lower(): path for path in reversed(free)}
    last = {_last_name(path): path for path in reversed(free)}
    for names in (whole, last):
        if exact := next((names[hint.lower()] for hint in usual if hint.lower() in names), None):
            return exact
    return next(
        (
            path
            for hint in usual
            for name, path in whole.items()
            if hint.lower() in re.split(r"[^a-z]+", name)
        ),
        None,
    )


def _last_name(path: str) -> str:
    try:
        names = [step for step in steps_of(path) if isinstance(step, str)]
    except ProblemSetError:
        return path.lower()
    return names[-1].strip().lower() if names else path.lower()


def shape_of(paths: Iterable[str]) -> str:
    """A name for files whose rows have these paths: 16 hex digits."""
    return hashlib.sha256("\x1f".join(sorted(paths)).encode()).hexdigest()[:16]


def remembered(artifacts: Path, kind: str, shape: str) -> dict[str, str] | None:
    """The mapping that was used last for a file of this shape; None for none.

    Args:
        kind: "problems" or "recorded".
    """
    return _all_remembered(artifacts).get(kind, {}).get(shape)


def remember(artifacts: Path, kind: str, shape: str, mapping: Mapping[str, str]) -> None:
    """Keep a mapping for the next file of this shape. Raises: OSError."""
    known = _all_remembered(artifacts)
    known.setdefault(kind, {})[shape] = dict(mapping)
    artifacts.mkdir(parents=True, exist_ok=True)
    write_text(artifacts / "mappings.json", json.dumps(known, ensure_ascii=False, indent=1))


def _all_remembered(artifacts: Path) -> dict[str, dict[str, dict[str, str]]]:
    path = artifacts / "mappings.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
