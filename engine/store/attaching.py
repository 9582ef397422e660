"""Another file beside the open database, under a name of its own: several may be there at once."""

import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from engine.store.connection import Database


@contextmanager
def attached(db: Database, file: Path, *, read_only: bool = False) -> Generator[str]:
    """Attach a file as long as it lasts. Gives its name in SQL, which no other one has.

    Raises: StoreError, or duckdb.Error, for a file that cannot be attached.
    """
    name, escaped = f"beside_{uuid.uuid4().hex}", str(file).replace("'", "''")
    db.tuples(f"ATTACH '{escaped}' AS {name}{' (READ_ONLY)' if read_only else ''}")
    try:
        yield name
    finally:
        # where it went wrong: the error of what was done with it is the one to tell
        with suppress(duckdb.Error):
            db.cursor().execute(f"DETACH {name}")
