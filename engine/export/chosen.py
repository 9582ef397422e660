"""Rows of a table that a condition holds for (engine.method.conditions), as they stream by."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.method.conditions import Condition, Kind, holds, named
from engine.store import Database
from engine.study.conditions import read

if TYPE_CHECKING:
    import pyarrow


def chosen(
    db: Database,
    batches: Iterable["pyarrow.RecordBatch"],
    where: str,
    further: Sequence[str] = (),
) -> Iterator["pyarrow.RecordBatch"]:
    """The batches with the rows that fit; the columns of the first say what can be named.

    Args:
        where: a condition, or @ and the name of a saved one; "" for all rows.
        further: columns that come for the condition only, and are left out again.

    Raises: ConfigError for a condition that cannot be read.
    """
    import pyarrow

    if not where.strip():
        yield from batches
        return
    condition: Condition | None = None
    for batch in batches:
        condition = condition or read(db, where, _kinds(batch.schema))
        assert condition is not None
        rows = {name: batch[name].to_pylist() for name in named(condition)}
        fitting = batch.filter(pyarrow.array(holds(condition, rows, batch.num_rows)))
        yield fitting.select([n for n in fitting.schema.names if n not in further])


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
