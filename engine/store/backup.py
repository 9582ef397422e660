"""A copy of a database as of one moment, and whether a database can be read at all."""

from pathlib import Path

import duckdb

from engine.errors import StoreError
from engine.paths import flush_to_disk, written_whole
from engine.store.attaching import attached
from engine.store.connection import Database
from engine.store.opening import as_sentence


def write_backup(db: Database, target: Path) -> int:
    """Copy all tables into a new file, as of one moment, while others read, write and copy. The
    folder beside the database (policies, recordings) is not in it. Blocks.

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
    except (OSError, duckdb.Error) as error:
        said = as_sentence(error) if isinstance(error, duckdb.Error) else f"{error.strerror}."
        raise StoreError(f"The backup {target} could not be written: {said}") from error
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
    with attached(db, draft) as copy:
        db.tuples(f'COPY FROM DATABASE "{own}" TO {copy}')
        db.tuples(f"CHECKPOINT {copy}")
