"""Files of recorded responses, many rows at a time: as a table where all rows of a block can be
read as one, and each row for itself as `rows` reads it.

A block that another parser could read in another way than `rows` has no table: only JSON lines in
UTF-8 with one object each, CSV to the letter of RFC 4180, and Parquet have one.
"""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ProblemSetError, StoreError
from engine.problems.bytes_of_file import Broken, Notes, opened, require_text
from engine.problems.rows import type_of, values_of
from engine.recorded.csv_blocks import plain_header, records_of
from engine.recorded.reading import files_of_recording, rows_of_recording
from engine.store.parquet import most_text

if TYPE_CHECKING:
    import pyarrow

MAX_ROWS = 4_096
MAX_BYTES = 4 << 20
"""A block is about so large at most; a longer line is a block of its own."""

MAX_TEXT = 16 * MAX_BYTES
"""Of a table, each text as often as it stands there: a small Parquet file may repeat a large one
without end.
"""
READ_BYTES = 1 << 20
"""Of each column of a Parquet file at once."""

N_PARTS = 8
"""A block that is no table is tried again in so many parts."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that follow one another."""

    lines: Sequence[int]
    """By row, as `rows` counts them."""
    row: Callable[[int], Any]
    """The row at a position, or why it is none."""
    table: "pyarrow.Table | None" = None
    """The same rows; None where they are only read one by one."""


def blocks_of_recording(path: Path, notes: Notes) -> Iterator[Block]:
    """The rows of rows_of_recording. Raises: as it does."""
    files = files_of_recording(path)
    readers = [_READERS.get(type_of(file)) for file in files]
    if len(files) == 1 and readers[0]:
        yield from readers[0](files[0], notes)
    else:
        yield from _one_by_one(rows_of_recording(path, notes))


def _one_by_one(rows: Iterator[tuple[int, Any]]) -> Iterator[Block]:
    """Each row a block of its own, as soon as it is read."""
    for line, row in rows:
        yield Block([line], lambda _, row=row: row)


def _jsonl(path: Path, notes: Notes) -> Iterator[Block]:
    if require_text(path) != "utf-8":
        yield from _one_by_one(rows_of_recording(path, notes))
        return
    number, is_table = 1, True
    for lines in _blocks_of_lines(path):
        numbered = [(n, raw) for n, raw in enumerate(lines, number) if raw.strip()]
        number += len(lines)
        block = _json_block(numbered, is_table)
        if block.table is not None or not is_table:
            yield block
            continue
        size = -(-len(numbered) // N_PARTS)
        parts = [_json_block(numbered[i : i + size]) for i in range(0, len(numbered), size or 1)]
        is_table = any(part.table is not None for part in parts)
        yield from parts


def _blocks_of_lines(path: Path) -> Iterator[list[bytes]]:
    with opened(path) as file:
        while lines := file.readlines(MAX_BYTES):
            for start in range(0, len(lines), MAX_ROWS):
                yield lines[start : start + MAX_ROWS]


def _json_block(numbered: list[tuple[int, bytes]], is_table: bool = True) -> Block:
    raws = [raw for _, raw in numbered]
    return Block(
        [number for number, _ in numbered],
        lambda at: _json_row(raws[at]),
        _json_table(raws) if is_table else None,
    )


def _json_row(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Broken("The line is not UTF-8 text.")
    except (ValueError, RecursionError) as error:
        return Broken(f"The line is not JSON: {str(error)[:120]}.")


def _json_table(raws: list[bytes]) -> "pyarrow.Table | None":
    """None where a line is anything but one object of values that all rows have alike."""
    import pyarrow
    import pyarrow.json

    if not all(raw.startswith(b"{") and raw.rstrip().endswith(b"}") for raw in raws):
        return None
    data = b"".join(raws)
    options = pyarrow.json.ReadOptions(use_threads=False, block_size=len(data) + 1)
    try:
        table = pyarrow.json.read_json(io.BytesIO(data), read_options=options)
        if not data.isascii():
            table.validate(full=True)
    except (pyarrow.ArrowException, OverflowError):
        return None
    return table if table.num_rows == len(raws) else None


def _parquet(path: Path, notes: Notes) -> Iterator[Block]:
    import pyarrow
    import pyarrow.parquet

    number = 1
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            texts = [f.name for f in file.schema_arrow if _is_text(f.type)]
        is_small = _fits_as_it_stands(path, texts)
        with pyarrow.parquet.ParquetFile(
            path,
            read_dictionary=[] if is_small else texts,
            pre_buffer=False,
            buffer_size=READ_BYTES,
        ) as file:
            for batch in file.iter_batches(batch_size=MAX_ROWS, use_threads=False):
                table = pyarrow.Table.from_batches([batch])
                lines = range(number, number + batch.num_rows)
                yield Block(lines, _Rows(batch), table if _is_usable(batch) else None)
                number += batch.num_rows
    except (pyarrow.ArrowException, OSError) as error:
        raise ProblemSetError(
            f"{path} is no Parquet file that can be read: {str(error)[:160].rstrip('.')}."
        ) from None


def _fits_as_it_stands(path: Path, texts: Sequence[str]) -> bool:
    """Whether no block is too large where each text is written out as often as it stands there. As
    dictionaries they cost three times as much to read: each block brings those before it again.
    """
    try:
        return most_text(path, texts, MAX_ROWS) <= MAX_TEXT
    except StoreError:
        return False


class _Rows:
    """The rows of a table as Python has them, made when one is asked for."""

    def __init__(self, table: "pyarrow.Table | pyarrow.RecordBatch"):
        self._table = table
        self._columns: dict[str, Sequence[Any]] | None = None

    def __call__(self, at: int) -> dict[str, Any]:
        if self._columns is None:
            names = self._table.schema.names
            self._columns = {name: values_of(self._table[name]) for name in names}
        return {name: values[at] for name, values in self._columns.items()}


def _is_text(kind: "pyarrow.DataType") -> bool:
    import pyarrow.types

    return pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)


def _is_usable(batch: "pyarrow.RecordBatch") -> bool:
    """Whether its texts are UTF-8 and fit in a block, each as often as it stands there."""
    import pyarrow
    import pyarrow.compute

    try:
        batch.validate(full=True)
    except pyarrow.ArrowInvalid:
        return False
    n_bytes = 0
    columns: list[Any] = batch.columns
    for column in columns:
        if pyarrow.types.is_dictionary(column.type):
            each = pyarrow.compute.binary_length(column.dictionary).cast(pyarrow.int64())
            n_bytes += pyarrow.compute.sum(each.take(column.indices)).as_py() or 0
    return n_bytes <= MAX_TEXT


def _csv(path: Path, notes: Notes) -> Iterator[Block]:
    require_text(path)
    names = plain_header(path)
    if names is None:
        yield from _one_by_one(rows_of_recording(path, notes))
        return
    for records in records_of(path, names):
        yield Block(records.lines.tolist(), _Rows(records.table), records.table)


_READERS: dict[str, Callable[[Path, Notes], Iterator[Block]]] = {
    ".jsonl": _jsonl,
    ".csv": _csv,
    ".parquet": _parquet,
}
