"""A database file without the room that deleted rows took: copied whole, compared with the old one
row by row, and only then put in its place.
"""

from pathlib import Path

import duckdb

from engine.store import wal

MARK, COPY = ".compact", ".compacted"
"""Endings beside the file: it is to be compacted at the next start; the copy while it is made."""


def ask(path: Path) -> None:
    """Have a file compacted before it is opened the next time."""
    _beside(path, MARK).touch()


def compact_if_asked(path: Path) -> bool:
    """Compact a file that nobody has open, where that was asked for. Blocks while it copies; what
    cannot be copied or compared stays as it is and is tried again at the next start. So does a file
    with a damaged log, which whoever opens it keeps and tells of first.

    Returns: whether it was compacted.
    """
    mark, copy = _beside(path, MARK), _beside(path, COPY)
    if not mark.exists() or not path.exists() or wal.damage_of(path):
        return False
    copy.unlink(missing_ok=True)
    try:
        is_same = _copied(path, copy)
    except (duckdb.Error, OSError):
        is_same = False
    if is_same:
        copy.replace(path)
        mark.unlink()
    copy.unlink(missing_ok=True)
    return is_same


def _copied(path: Path, copy: Path) -> bool:
    """Whether the copy holds the same rows in the same tables."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {_quoted(path)} AS old")
        _checkpoint(connection, path)
        connection.execute(f"ATTACH {_quoted(copy)} AS new")
        connection.execute("COPY FROM DATABASE old TO new")
        is_same = _contents(connection, "old") == _contents(connection, "new")
        connection.execute("CHECKPOINT new")
    return is_same


def _checkpoint(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Bring the old file's log into it, and note that there is none any more."""
    written = wal.Written(path)
    written.expect_empty()
    try:
        connection.execute("CHECKPOINT old")
    finally:
        written.close()


def _contents(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, tuple[object, ...]]:
    """Number and hash of the rows by table, and where sequences stand."""
    tables = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ?", [name]
    ).fetchall()
    sums = "SELECT count(*), bit_xor(hash(t)) FROM"
    rows = {
        table: connection.execute(f'{sums} {name}."{table}" t').fetchall()[0] for (table,) in tables
    }
    sequences = connection.execute(
        "SELECT sequence_name, last_value FROM duckdb_sequences() WHERE database_name = ?", [name]
    ).fetchall()
    return {**rows, **{f"sequence {of}": (last,) for of, last in sequences}}


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("'", "''")
    return f"'{escaped}'"
