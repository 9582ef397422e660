"""Rows of a table that a condition holds for (engine.method.conditions), as they stream by."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.method.conditions import Condition, Kind, holds, named, parse

if TYPE_CHECKING:
    import pyarrow


def chosen(batches: Iterable["pyarrow.RecordBatch"], where: str) -> Iterator["pyarrow.RecordBatch"]:
    """The batches with the rows that fit; the columns of the first say what can be named.

    Raises: ConfigError for a condition that cannot be read.
    """
    import pyarrow

    condition: Condition | None = None
    for batch in batches:
        condition = condition or parse(where, _kinds(batch.schema))
        rows = {name: batch[name].to_pylist() for name in named(condition)}
        yield batch.filter(pyarrow.array(holds(condition, rows, batch.num_rows)))


def _kinds(schema: "pyarrow.Schema") -> dict[str, Kind]:
    """What can be compared: numbers, texts and truths, but no times and no lists."""
    import pyarrow.types as types

    kinds: dict[str, Kind] = {}
    for field in schema:
        if types.is_boolean(field.type):
            kinds[field.name] = "bool"
        elif types.is_integer(field.type) or types.is_floating(field.type):
            kinds[field.name] = "number"
        elif types.is_string(field.type):
            kinds[field.name] = "text"
    return kinds
