"""How much text a Parquet file holds, each value counted as often as it stands there: known without
writing it out, because DuckDB reads dictionaries as dictionaries.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from engine.errors import StoreError


def most_text(path: Path, columns: Sequence[str], n_rows: int) -> int:
    """The bytes of text in the largest of the file's blocks of `n_rows` rows.

    Args:
        path: a file that others may have written.
        columns: its text columns, as they are spelt.

    Raises:
        StoreError: for what DuckDB cannot read.
    """
    if not columns:
        return 0
    texts = " + ".join(f"coalesce(strlen({_quoted(name)}), 0)" for name in columns)
    try:
        with duckdb.connect(config={"threads": 1}) as connection:
            (largest,) = connection.execute(
                f"""SELECT max(n) FROM (SELECT sum({texts}) AS n
                FROM read_parquet(?, file_row_number = true) GROUP BY file_row_number // ?)""",
                [str(path), n_rows],
            ).fetchall()[0]
    except duckdb.Error as error:
        raise StoreError(f"DuckDB cannot read {path}: {str(error)[:160]}") from None
    return int(largest or 0)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
