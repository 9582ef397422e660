"""Responses into a Parquet file, a bounded chunk at a time. It knows the columns and nothing of
where they come from.
"""

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
        self._table = pyarrow.table
        self._writer = pyarrow.parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._clear()

    def add(self, **row: Any) -> None:
        """One row, every column given."""
        for name, values in self._columns.items():
            values.append(row[name])
        self._n_rows += 1
        self._n_chars += len(row["text"])
        if self._n_rows >= MAX_ROWS or self._n_chars >= MAX_CHARS:
            self._flush()

    def close(self) -> None:
        """Write what is left. Raises: OSError."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._n_rows:
            self._writer.write_table(self._table(self._columns, schema=self._schema))
        self._clear()

    def _clear(self) -> None:
        self._columns: dict[str, list] = {name: [] for name in self._schema.names}
        self._n_rows = self._n_chars = 0
