"""Rows of plain columns, many at a time: what `shapes`, `known` and `domains` say of such rows,
said of whole columns.

A row that is odd in any way, such as one without a usable answer, or with other scores than steps,
is marked and not read here: it is read alone, as every row of another shape is. So both ways say
the same of every row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.problems import problem_id
from engine.problems.domains import parts_of
from engine.problems.known import is_flat
from engine.problems.shapes import (
    ANSWER_FIELDS,
    LEVEL_FIELDS,
    QUESTION_FIELDS,
    Parts,
    RowError,
    text_of,
)
from engine.recorded.about import Scale
from engine.recorded.endings import REASON_FIELDS, TRUNCATED_FIELDS, is_cut_by
from engine.recorded.known import is_flat_recording
from engine.recorded.plain_scores import EXACT, scores_of_rows
from engine.recorded.shapes import (
    FLAG_FIELDS,
    RESPONSE_FIELDS,
    SCORE_FIELDS,
    count_of,
    flag_of,
)
from engine.types import Reference

if TYPE_CHECKING:
    import pyarrow

Column = Any
"""A pyarrow array."""

_WATCHED = {
    "domain", "details", "answerKey", "options", "choices", "tests", "test_list", "context",
    "solution", "score", *REASON_FIELDS[1:], *TRUNCATED_FIELDS,
}  # fmt: skip
"""Columns that change what others mean."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a problem's columns say, read once for all rows that say it."""

    id: str
    parts: Parts

    @property
    def reference(self) -> Reference:
        return Reference(self.parts.answer, self.parts.domain, self.parts.details)


@dataclass(frozen=True, slots=True)
class Plain:
    """N rows as columns."""

    problems: list[Problem | None]
    """Each once; None where the row as a whole cannot be used."""
    problem: np.ndarray
    """int, shape (N,): which of them."""
    is_odd: np.ndarray
    """bool, shape (N,): rows of which nothing else here holds."""
    columns: dict[str, Column]
    """text, correct, raw, kind, finish_reason, n_tokens and solver, as an imported set has them."""
    index: list[int | None] | None
    """Which of its problem's responses each is; None where the file does not say."""


def plain_rows(table: "pyarrow.Table", scale: Scale | None) -> Plain | None:
    """A table of rows as columns; None where they are not plain, all of them."""
    import pyarrow
    import pyarrow.compute

    fields = _fields(table)
    if fields is None:
        return None
    n, text = table.num_rows, _column(table, fields["response"])
    if not pyarrow.types.is_string(text.type):
        return None
    scores = scores_of_rows(_column(table, fields["scores"]), fields["scores"], text, scale)
    others = _others(table, fields, n)
    if scores is None or others is None:
        return None
    problems, problem = _problems(table, fields)
    columns, index, is_flag_odd = others
    is_empty = pyarrow.compute.binary_length(text).fill_null(0).to_numpy(False) == 0
    is_unusable = np.array([one is None for one in problems], dtype=bool)[problem]
    return Plain(
        problems,
        problem,
        scores.is_odd | is_flag_odd | is_empty | is_unusable,
        {"text": text, "raw": scores.raw, "kind": scores.kind, **columns},
        index,
    )


def _fields(table: "pyarrow.Table") -> dict[str, str | None] | None:
    """The columns by their role; None where a row could be of a known shape, or two columns compete
    for a role.
    """
    import pyarrow.types

    names = tuple(table.schema.names)
    if len(set(names)) < len(names) or not is_flat(names) or not is_flat_recording(names):
        return None
    if _WATCHED & set(names) or any(map(pyarrow.types.is_nested, _not_lists(table))):
        return None
    roles = {
        "question": QUESTION_FIELDS,
        "answer": ANSWER_FIELDS,
        "response": RESPONSE_FIELDS,
        "level": LEVEL_FIELDS,
        "correct": FLAG_FIELDS,
        "scores": SCORE_FIELDS,
    }
    known = {role: [name for name in of_role if name in names] for role, of_role in roles.items()}
    if any(len(names_of_role) > 1 for names_of_role in known.values()):
        return None
    if not all(known[role] for role in ("question", "answer", "response")):
        return None
    fields = {role: next(iter(of_role), None) for role, of_role in known.items()}
    one_value = [name for role in ("question", "answer", "level") if (name := fields[role])]
    is_list = any(pyarrow.types.is_list(table.schema.field(name).type) for name in one_value)
    return None if is_list else fields


def _not_lists(table: "pyarrow.Table") -> list["pyarrow.DataType"]:
    import pyarrow.types

    types = table.schema.types
    return [kind.value_type if pyarrow.types.is_list(kind) else kind for kind in types]


def _column(table: "pyarrow.Table", name: str | None) -> Column:
    import pyarrow

    if name is None or name not in table.schema.names:
        return pyarrow.nulls(table.num_rows)
    column: Column = table[name].combine_chunks()
    if isinstance(column, pyarrow.ChunkedArray):
        column = pyarrow.concat_arrays(column.chunks) if column.num_chunks else pyarrow.nulls(0)
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pyarrow.string()) if pyarrow.types.is_large_string(column.type) else column


def _problems(
    table: "pyarrow.Table", fields: dict[str, str | None]
) -> tuple[list[Problem | None], np.ndarray]:
    """The problems of all rows, each once, in the order of their first rows; and which each row
    has.
    """
    names = [fields[role] for role in ("question", "answer", "level") if fields[role]]
    codes, values = np.zeros(table.num_rows, dtype=np.int64), []
    for name in names:
        encoded = _column(table, name).dictionary_encode(null_encoding="encode")
        values.append(encoded.dictionary.to_pylist())
        codes = codes * len(values[-1]) + encoded.indices.to_numpy(zero_copy_only=False)
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    problems = []
    for code in codes[first[order]].tolist():
        row = {}
        for name, of_column in zip(reversed(names), reversed(values)):
            code, at = divmod(code, len(of_column))
            row[name] = of_column[at]
        problems.append(_problem(row))
    return problems, rank[inverse]


def _problem(row: dict[str, Any]) -> Problem | None:
    if any(isinstance(value, float) and not abs(value) < EXACT for value in row.values()):
        return None
    try:
        parts = parts_of(row, is_recording=True)
    except RowError:
        return None
    return Problem(problem_id(parts.question), parts)


def _others(
    table: "pyarrow.Table", fields: dict[str, str | None], n: int
) -> tuple[dict[str, Column], list[int | None] | None, np.ndarray] | None:
    """What stands beside a response, its index, and which rows are odd; None for columns of mixed
    or other values.
    """
    import pyarrow

    types = pyarrow.types
    reason, tokens = _column(table, "finish_reason"), _column(table, "n_tokens")
    solver, index = _column(table, "solver"), _column(table, "index")
    correct = _column(table, fields["correct"])
    texts, numbers = (types.is_null, types.is_string), (types.is_null, types.is_integer)
    allowed = (
        (reason, texts),
        (solver, texts),
        (tokens, (*numbers, types.is_string)),
        (index, (*numbers, types.is_string)),
        (correct, (types.is_boolean, *numbers, types.is_string)),
    )
    if not all(any(fits(column.type) for fits in kinds) for column, kinds in allowed):
        return None
    flags, is_odd = _flags(correct, fields["correct"] or "")
    is_cut = _each(reason, is_cut_by)
    is_odd |= np.array([cut is None for cut in is_cut], dtype=bool)
    n_tokens = _each(tokens, count_of)
    solvers = _each(solver, lambda value: text_of(value, "solver") if value else None)
    columns = {
        "correct": pyarrow.array(flags, pyarrow.bool_()),
        "finish_reason": pyarrow.array(["length" if cut else "stop" for cut in is_cut]),
        "n_tokens": pyarrow.array(n_tokens, pyarrow.int32()),
        "solver": pyarrow.array(solvers, pyarrow.string()),
    }
    said = _each(index, count_of)
    return columns, said if any(v is not None for v in said) else None, is_odd


def _flags(column: Column, name: str) -> tuple[Sequence[bool | None], np.ndarray]:
    """The flags, and where one is not to be read."""

    def read(value: Any) -> bool | str | None:
        try:
            return None if value is None else flag_of(value, name)
        except RowError:
            return ""

    flags = _each(column, read)
    is_odd = np.array([flag == "" for flag in flags], dtype=bool)
    return [None if isinstance(flag, str) else flag for flag in flags], is_odd


def _each(column: Column, read: Any) -> list[Any]:
    """What every value is read as, distinct ones once."""
    encoded = column.dictionary_encode(null_encoding="encode")
    known = [read(value) for value in encoded.dictionary.to_pylist()]
    return [known[at] for at in encoded.indices.to_pylist()]


def counts_of(column: Column) -> list[tuple[Any, int]]:
    """(value, how often), in the order in which they come first; without nulls."""
    counts = column.value_counts()
    pairs = zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist())
    return [(value, n) for value, n in pairs if value not in (None, "")]


def as_texts(values: np.ndarray) -> Column:
    """A column of texts."""
    import pyarrow

    return pyarrow.array(values.tolist(), pyarrow.string())


def as_indices(values: np.ndarray) -> Column:
    """A column of indices."""
    import pyarrow

    return pyarrow.array(values, pyarrow.int32())
