"""Responses into a Parquet file, a bounded chunk at a time. It knows the columns and nothing of
where they come from.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

MAX_ROWS = 4_096
MAX_CHARS = 8_000_000
"""A row group is written when it has this many rows, or texts of this many characters."""


class Chunks:
    """A writer that holds one row group in memory."""

    def __init__(self, path: Path):
        import pyarrow
        import pyarrow.parquet

        numbers = pyarrow.list_(pyarrow.float64())
        self._schema = pyarrow.schema(
            {
                "problem_id": pyarrow.string(),
                "idx": pyarrow.int32(),
                "text": pyarrow.string(),
                "correct": pyarrow.bool_(),
                "raw": numbers,
                "scores": numbers,
                "kind": pyarrow.string(),
                "finish_reason": pyarrow.string(),
                "n_tokens": pyarrow.int32(),
                "solver": pyarrow.string(),
            }
        )
        self._table, self._concat = pyarrow.table, pyarrow.concat_tables
        self._writer = pyarrow.parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._tables: list[Any] = []
        self._columns: dict[str, list] = {name: [] for name in self._schema.names}
        self._n_rows = self._n_chars = 0

    def add(self, **row: Any) -> None:
        """One row, every column given."""
        for name, values in self._columns.items():
            values.append(row[name])
        self._count(1, len(row["text"]))

    def add_columns(self, columns: Mapping[str, Any]) -> None:
        """Many rows, every column given."""
        self._end_rows()
        table = self._table([columns[name] for name in self._schema.names], schema=self._schema)
        self._tables.append(table)
        self._count(table.num_rows, table["text"].nbytes)

    def close(self) -> None:
        """Write what is left. Raises: OSError."""
        self._flush()
        self._writer.close()

    def _count(self, n_rows: int, n_chars: int) -> None:
        self._n_rows += n_rows
        self._n_chars += n_chars
        if self._n_rows >= MAX_ROWS or self._n_chars >= MAX_CHARS:
            self._flush()

    def _end_rows(self) -> None:
        """What came row by row becomes a table."""
        if self._columns["text"]:
            self._tables.append(self._table(self._columns, schema=self._schema))
            self._columns = {name: [] for name in self._schema.names}

    def _flush(self) -> None:
        self._end_rows()
        if self._tables:
            self._writer.write_table(self._concat(self._tables))
        self._tables, self._n_rows, self._n_chars = [], 0, 0
