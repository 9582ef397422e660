"""A copy of a database as of one moment, and whether a database can be read at all."""

from pathlib import Path

from engine.errors import StoreError
from engine.paths import flush_to_disk, written_whole
from engine.store.connection import Database


def write_backup(db: Database, target: Path) -> int:
    """Copy all tables into a new file, as of one moment, while others read and write. The folder
    beside the database (policies, recordings) is not in it. Blocks.

    Returns: bytes written. Raises: StoreError for a file that is there already, or that cannot be
    written.
    """
    if target.exists():
        raise StoreError(f"{target} is there already. Give the backup a new name.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(target) as draft:
            _copy(db, draft)
            flush_to_disk(draft)
        flush_to_disk(target.parent, deep=False)
    except OSError as error:
        raise StoreError(f"The backup {target} could not be written: {error.strerror}.") from error
    return target.stat().st_size


def rows_read(db: Database) -> dict[str, int]:
    """The rows of every table, each read whole. Raises: StoreError for what cannot be read."""
    tables = [name for (name,) in db.tuples("SELECT table_name FROM duckdb_tables() ORDER BY 1")]
    return {
        table: db.tuples(f'SELECT count(*), bit_xor(hash(t)) FROM "{table}" t')[0][0]
        for table in tables
    }


def _copy(db: Database, draft: Path) -> None:
    own = str(db.value("SELECT current_database()")).replace('"', '""')
    escaped = str(draft).replace("'", "''")
    db.tuples(f"ATTACH '{escaped}' AS backup")
    try:
        db.tuples(f'COPY FROM DATABASE "{own}" TO backup')
        db.tuples("CHECKPOINT backup")
    finally:
        db.tuples("DETACH backup")
