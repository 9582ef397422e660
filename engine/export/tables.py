"""Arrow batches to a JSONL, CSV or Parquet file and back: the same types, nulls, texts and numbers.
Knows no store.

A column's name says its type (TYPES), so that a file needs no schema beside it. Batches are written
as they come, to a draft that takes the file's place when it is whole. In CSV a null is an empty
cell and an empty text is "" in quotes, lists are JSON, and texts that a spreadsheet would run are
guarded: see spreadsheet.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ConfigError
from engine.paths import written_whole
from engine.problems.spreadsheet import guarded, unguarded

if TYPE_CHECKING:
    import pyarrow

SUFFIXES = (".jsonl", ".csv", ".parquet")

TYPES = {
    "int8": "difficulty",
    "int32": (
        "iteration position index n_tokens answer_at n_more n n_correct attempt step n_steps"
        " chosen_index rejected_index"
    ),
    "uint64": "seed",
    "double": (
        "reward chosen_reward rejected_reward phi_r pass_rate tau_l tau_h value temperature"
        " training_reward"
    ),
    "bool": "correct graded_correct greedy_correct in_pool wanted is_discarded",
    "timestamp[us]": "made_at logged_at overridden_at decided_at paired_at",
    "list<double>": "step_scores",
    "string": (
        "role problem_id question answer level solution domain details purpose sample_set_id"
        " policy_id prm_id text finish_reason predicted status reason graded_status"
        " override_note overridden_by score_status class mode"
        " strategy options made_by note job_id name prompt chosen rejected"
        " decision decided_by paired_by tag"
    ),
}
"""Arrow type to the names of the columns that have it, over all tables. Times are UTC without a
zone.
"""

_BREAKS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Ends of a line to some readers of lines; JSON may hold them bare, and then a row would seem to be
two.
"""


def write_table(batches: Iterable["pyarrow.RecordBatch"], path: Path) -> int:
    """Write one or more batches of equal columns, whole or not at all. An empty first batch makes a
    table without rows.

    Returns: the number of rows. Raises: ConfigError for an unknown suffix, no such folder, a file
    that cannot be written.
    """
    return write_plain(map(_typed, batches), path)


def write_plain(batches: Iterable["pyarrow.RecordBatch"], path: Path) -> int:
    """As write_table, for columns of any names, which keep their own types."""
    require_suffix(path)
    n_rows, batches = 0, iter(batches)
    try:
        with written_whole(path) as draft:
            first = next(batches)
            with _WRITERS[path.suffix](draft, first.schema) as write:
                for batch in chain([first], batches):
                    write(batch)
                    n_rows += batch.num_rows
    except OSError as error:
        raise ConfigError(
            f"{path} could not be written: {error.strerror or error}. Free space or choose another"
            " folder."
        ) from error
    return n_rows


def write_rows(table: "pyarrow.Table", path: Path) -> None:
    """Write any table of plain values (engine.queries.plain). Raises: as write_table."""
    import pyarrow

    empty = pyarrow.RecordBatch.from_pylist([], table.schema)
    write_plain([empty, *table.to_batches()], path)


def read_table(path: str | Path) -> "pyarrow.Table":
    """Everything in a file that write_table wrote, typed as it was; columns it does not know come
    as text, or as JSON has them.

    A JSONL file without rows has no columns. Raises: ConfigError for an unknown suffix or a file
    that cannot be read.
    """
    path = Path(path)
    _require_known(path)
    try:
        return _READERS[path.suffix](path)
    except (OSError, ValueError) as error:  # Arrow's errors are ValueErrors
        raise ConfigError(
            f"{path} could not be read: {error}. Give a file that was exported here."
        ) from error


def require_suffix(path: Path) -> None:
    """Raises: ConfigError unless a table can be written to the path."""
    _require_known(path)
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{path.absolute().parent} is not a folder: create it first.")


def _require_known(path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise ConfigError(
            f"{path} has the suffix {path.suffix or '(none)'}: use one of {', '.join(SUFFIXES)}."
        )


def types() -> dict[str, "pyarrow.DataType"]:
    """The Arrow type of every column there is."""
    import pyarrow

    of = lambda alias: (
        pyarrow.list_(pyarrow.float64())
        if alias == "list<double>"
        else pyarrow.type_for_alias(alias)
    )
    return {name: of(alias) for alias, names in TYPES.items() for name in names.split()}


def _typed(batch: "pyarrow.RecordBatch") -> "pyarrow.RecordBatch":
    import pyarrow

    known = types()
    return batch.cast(pyarrow.schema([(name, known[name]) for name in batch.schema.names]))


Write = Callable[["pyarrow.RecordBatch"], None]


@contextmanager
def _jsonl_writer(path: Path, schema: "pyarrow.Schema"):
    with path.open("w", encoding="utf-8", newline="\n") as lines:

        def write(batch: "pyarrow.RecordBatch") -> None:
            text = "".join(
                json.dumps(row, ensure_ascii=False, default=datetime.isoformat) + "\n"
                for row in batch.to_pylist()
            )
            for mark, escaped in _BREAKS.items():
                text = text.replace(mark, escaped)
            lines.write(text)

        yield write


@contextmanager
def _csv_writer(path: Path, schema: "pyarrow.Schema"):
    import pyarrow
    from pyarrow import csv

    as_text = pyarrow.schema(
        [(f.name, pyarrow.string() if pyarrow.types.is_list(f.type) else f.type) for f in schema]
    )

    def cells(column: "pyarrow.Array") -> "pyarrow.Array":
        if pyarrow.types.is_list(column.type):
            return pyarrow.array(
                [None if v is None else json.dumps(v) for v in column.to_pylist()], pyarrow.string()
            )
        if pyarrow.types.is_string(column.type):
            return pyarrow.array(
                [None if v is None else guarded(v) for v in column.to_pylist()], pyarrow.string()
            )
        return column

    with csv.CSVWriter(path, as_text) as file:
        yield lambda batch: file.write(
            pyarrow.record_batch([cells(column) for column in batch.columns], schema=as_text)
        )


@contextmanager
def _parquet_writer(path: Path, schema: "pyarrow.Schema"):
    from pyarrow import parquet

    def write(batch: "pyarrow.RecordBatch") -> None:
        """No group of no rows: Hugging Face's datasets take the first one's length as theirs."""
        if batch.num_rows:
            file.write_batch(batch)

    with parquet.ParquetWriter(path, schema) as file:
        yield write


_WRITERS: dict[str, Callable[[Path, "pyarrow.Schema"], AbstractContextManager[Write]]] = {
    ".jsonl": _jsonl_writer,
    ".csv": _csv_writer,
    ".parquet": _parquet_writer,
}


def _read_jsonl(path: Path) -> "pyarrow.Table":
    import pyarrow

    with path.open(encoding="utf-8", newline="\n") as lines:
        rows = [json.loads(line) for line in lines]
    known = types()

    def column(name: str) -> "pyarrow.Array":
        values = [row.get(name) for row in rows]
        if name in known and pyarrow.types.is_timestamp(known[name]):
            values = [None if v is None else datetime.fromisoformat(v) for v in values]
        return pyarrow.array(values, known.get(name))

    return pyarrow.table(
        {name: column(name) for name in dict.fromkeys(name for row in rows for name in row)}
    )


def _read_csv(path: Path) -> "pyarrow.Table":
    import pyarrow
    from pyarrow import csv

    known, text = types(), pyarrow.string()
    parse = csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)
    with path.open("rb") as head:
        names = csv.read_csv(BytesIO(head.readline()), parse_options=parse).column_names
    wanted = {
        name: text if pyarrow.types.is_list(known.get(name, text)) else known.get(name, text)
        for name in names
    }
    table = csv.read_csv(
        path,
        read_options=csv.ReadOptions(block_size=min(path.stat().st_size + 1, 2**30)),
        parse_options=parse,
        convert_options=csv.ConvertOptions(
            column_types=wanted,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )

    def column(name: str) -> "pyarrow.ChunkedArray | pyarrow.Array":
        values = table.column(name)
        if name in known and pyarrow.types.is_list(known[name]):
            return pyarrow.array(
                [None if v is None else json.loads(v) for v in values.to_pylist()], known[name]
            )
        if pyarrow.types.is_string(values.type):
            return pyarrow.array(
                [None if v is None else unguarded(v) for v in values.to_pylist()], text
            )
        return values

    return pyarrow.Table.from_arrays([column(name) for name in names], names=names)


def _read_parquet(path: Path) -> "pyarrow.Table":
    import pyarrow
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        table, known = file.read(), types()
    fields = [f.with_type(known[f.name]) if f.name in known else f for f in table.schema]
    return table.cast(pyarrow.schema(fields))


_READERS: dict[str, Callable[[Path], "pyarrow.Table"]] = {
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
