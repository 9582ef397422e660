"""Any answer as numbers, texts, truth values and times, so that a page and a file can show it."""

import json
from typing import TYPE_CHECKING

from engine.errors import EngineError

if TYPE_CHECKING:
    import pyarrow


def plain(table: "pyarrow.Table") -> "pyarrow.Table":
    """The same rows with plain columns: decimals as numbers, everything else as text, lists and
    structures as JSON; a name that is there twice gets a number.

    Raises: EngineError for values that have no text, such as a date beyond all calendars.
    """
    import pyarrow

    names = _unique(table.column_names)
    try:
        columns = [_plain(column) for column in table.columns]
    except (pyarrow.ArrowException, ValueError, OverflowError) as error:
        raise EngineError(
            f"A value of the answer cannot be shown: {error}. Cast it in the question, such as"
            " column::VARCHAR."
        ) from error
    return pyarrow.Table.from_arrays(columns, names=names)


def _plain(column: "pyarrow.ChunkedArray") -> "pyarrow.ChunkedArray | pyarrow.Array":
    import pyarrow
    from pyarrow import types

    kind = column.type
    if types.is_timestamp(kind):
        return column.cast(pyarrow.timestamp("us"))
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        return column
    if types.is_decimal(kind):
        return column.cast(pyarrow.float64())
    if types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        texts = [None if v is None else _as_json(v) for v in column.to_pylist()]
        return pyarrow.array(texts, pyarrow.string())
    if types.is_interval(kind):
        return pyarrow.array([None if v is None else str(v) for v in column.to_pylist()])
    return column.cast(pyarrow.string())


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return unique
