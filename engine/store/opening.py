"""How a database file is opened, and what stands in the way in words: another owner, a file that
is no database, a damaged log.
"""

import logging
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psutil

from engine.errors import StoreError, StoreLocked
from engine.paths import artifacts_of
from engine.store import wal

LEAST_MEMORY = 2 << 30
"""Bytes that DuckDB may hold on any machine. A million problems with 8 responses each need them."""
SHARE_OF_MEMORY = 8
"""On larger machines it may hold one part in so many: left alone it would take four fifths, beside
the models. What needs more is put aside into FILE.tmp.
"""

LOG_BYTES, LOG_SHARE = 16 << 20, 8
"""A log that is longer, and longer than one part in so many of the file, is brought into the file
after the commit that made it so. A checkpoint writes indexes anew, which takes time with the size
of the file: at a fixed length all of them together would take time with its square.
"""
_NEVER = "1TB"
"""DuckDB's own threshold for that. Its checkpoints come within a commit, where nobody can note that
there will be no log.
"""


@dataclass(frozen=True, slots=True)
class Opened:
    connection: duckdb.DuckDBPyConnection
    written: wal.Written | None
    """None in memory."""
    warning: str | None
    """What was wrong with the log, or that files of another database are here; None is the normal
    case.
    """


def open_file(path: Path) -> Opened:
    """Connect to a database file, made with its folder if missing. Its log is looked at before it
    is read: a damaged one is copied beside itself, and a warning says so here and in Python's log.

    Raises: StoreLocked; StoreError, also for a missing file whose log is there.
    """
    damage = copy = None
    try:
        warning = None if path.exists() else _missing(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if damage := wal.damage_of(path):
            copy = wal.keep_damaged(path)
        connection = _connect(path)
        if damage:
            connection = _with_new_log(path, connection)
        written = wal.Written(path)
    except (OSError, MemoryError, duckdb.Error) as error:
        raise _open_error(path, error, copy) from error
    if damage:
        warning = _log_warning(path, damage, copy)
    if warning:
        logging.getLogger(__name__).warning(warning)
    return Opened(connection, written, warning)


def _missing(path: Path) -> str | None:
    """What a file that is not there left behind, in words; None where a new one may begin without
    a word. Raises: StoreError over a log, which DuckDB would delete.
    """
    log, files = wal.log_of(path), artifacts_of(path)
    if n_bytes := wal.size(log):
        raise StoreError(
            f"{path} is not there, but {log.name} is, the log of what was stored in it last"
            f" ({n_bytes:,} bytes), which a new database would delete. Put the database back beside"
            " its log; or move the log away to begin a new one."
        )
    if not files.is_dir() or not any(files.iterdir()):
        return None
    return (
        f"{path} was not there, so it was made anew and is empty. {files.name} beside it holds"
        " files of an earlier database. If you did not mean to begin anew, stop this program and"
        " put the database back."
    )


def _with_new_log(path: Path, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Connect again once a damaged log is out of the way: DuckDB would write on behind what it
    cannot read, and lose that too the next time.
    """
    connection.execute("CHECKPOINT")
    connection.close()
    wal.log_of(path).unlink(missing_ok=True)
    return _connect(path)


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    limit = max(LEAST_MEMORY, psutil.virtual_memory().total // SHARE_OF_MEMORY)
    return duckdb.connect(
        str(path), config={"memory_limit": f"{limit}B", "checkpoint_threshold": _NEVER}
    )


def log_limit(path: Path) -> int:
    """Bytes of log that a database may have now."""
    return max(LOG_BYTES, wal.size(path) // LOG_SHARE)


def open_memory() -> Opened:
    """A database that no file holds, for tests."""
    return Opened(duckdb.connect(":memory:"), None, None)


def _log_warning(path: Path, damage: str, copy: Path | None) -> str:
    copied = f" The log as it was is kept at {copy}." if copy else ""
    return (
        f"The log of what was stored last, {wal.log_of(path).name}, is damaged: {damage}. What"
        f" could be read of it is in the database, the rest is missing.{copied} Look over the"
        " newest rows, resume the jobs that made them, or go back to a backup."
    )


def _open_error(path: Path, error: Exception, copy: Path | None) -> StoreError | StoreLocked:
    owner = re.search(r"\(PID (\d+)\)", str(error))
    if owner:
        if copy:  # of a log that its owner was writing
            copy.unlink()
        return StoreLocked(
            f"{path} is in use by the process with PID {owner[1]}. One process owns a database at a"
            " time: close that one, or open another file with --db."
        )
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return StoreError(
            f"{path} could not be opened: this process may not use enough memory for a database."
            " Raise its limit (ulimit -v), or close other programs."
        )
    if "WAL file" in str(error):
        return StoreError(
            f"{path} could not be opened: {as_sentence(error)} The database itself may be whole."
            f" To open it without what was stored last, move {wal.log_of(path)} away; or go back to"
            " a backup."
        )
    return StoreError(
        f"{path} could not be opened as a database: {as_sentence(error)} Check the path, or give"
        " another file."
    )


def as_sentence(error: Exception) -> str:
    """The first line of an error of DuckDB's, ending like a sentence."""
    return f"{(str(error).splitlines() or [type(error).__name__])[0].rstrip('. ')}."
