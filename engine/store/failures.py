"""What DuckDB's failures mean, as sentences."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from engine.errors import StoreError
from engine.store.opening import as_sentence

CANNOT_WRITE = (
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.FatalException,
    duckdb.TransactionException,
)
"""What a full disk looks like: an IOException while writing, a TransactionException while
committing, a FatalException after.
"""


CANNOT_READ = (
    duckdb.IOException,
    duckdb.InternalException,
    duckdb.SerializationException,
    duckdb.OutOfMemoryException,
    MemoryError,
)
"""What a damaged file and too little memory look like."""


@contextmanager
def reading() -> Generator[None]:
    """Raises: StoreError for what cannot be read; KeyboardInterrupt for Ctrl-C."""
    try:
        yield
    except duckdb.FatalException as error:
        raise StoreError(
            f"The database cannot be used any more: {as_sentence(error)} Start the program again."
        ) from error
    except CANNOT_READ as error:
        raise StoreError(
            f"The database could not be read: {as_sentence(error)} Check it with `hs-star doctor"
            " --db FILE`, and go back to a backup if it is damaged."
        ) from error
    except RuntimeError as error:
        if is_ctrl_c(error):
            raise KeyboardInterrupt from None
        raise


def is_ctrl_c(error: BaseException) -> bool:
    """DuckDB takes Ctrl-C for itself while a query runs, and raises this instead."""
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"


def write_error(path: Path, error: duckdb.Error) -> StoreError:
    """What is said where something could not be written."""
    return StoreError(
        f"{path} could not be written: {as_sentence(error)} What was stored before is kept. Check"
        " the disk's free space, then start the program again and resume the job."
    )
