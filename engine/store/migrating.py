"""A database of an earlier version, brought to this one's schema when it is opened."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb

from engine.errors import StoreError
from engine.store.clock import now
from engine.store.schema import MIGRATIONS


def migrate(
    path: Path, transaction: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
) -> None:
    """Run what a database lacks of the migrations, each in a transaction of its own.

    Raises: StoreError if it is another program's, or of a version that this one does not know.
    """
    with transaction() as cursor:
        version = _version(path, cursor)
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} has schema version {version}, this program knows up to {len(MIGRATIONS)}."
            " Open it with the newer version that wrote it."
        )
    for number, (why, sql) in enumerate(MIGRATIONS[version:], start=version + 1):
        with transaction() as cursor:
            cursor.execute(sql)
            cursor.execute(
                "INSERT INTO migrations (version, why, done_at) VALUES (?, ?, ?)",
                [number, why, now()],
            )


def _version(path: Path, cursor: duckdb.DuckDBPyConnection) -> int:
    """Of the schema; 0 for a new file, which gets the table that says it."""
    names = cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    if names and ("migrations",) not in names:
        raise StoreError(f"{path} is a database of another program. Give another file.")
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, why VARCHAR,"
        " done_at TIMESTAMP)"
    )
    [(version,)] = cursor.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchall()
    return version
