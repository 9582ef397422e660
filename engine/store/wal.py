"""DuckDB's write-ahead log beside a database file: whether all of it is there, before it is read.

DuckDB takes a log that is cut, or that it does not know for one, as far as it can read it, deletes
it and says nothing. So the length of the log is noted beside the file after every commit, and a log
that is shorter, or that does not divide into its entries, is copied and said.

The layout is that of DuckDB 2.0: fields 100 to 103 (kind, version, the database's mark, its
checkpoint), each a number of two bytes and a value as LEB128, behind them 0xFFFF; then entries of 8
bytes length, 8 bytes checksum and content. Checksums are left to DuckDB, which refuses a wrong one.
"""

import mmap
import shutil
from datetime import UTC, datetime
from pathlib import Path

_FIELDS = (100, 101, 102, 103)
_LIST = 102
"""The field whose value is a list: its length comes first."""
_END = b"\xff\xff"
_ENTRY_BYTES = 16


def log_of(path: Path) -> Path:
    """Where DuckDB keeps a database's log."""
    return path.with_name(f"{path.name}.wal")


class Written:
    """How long the log was after the last commit, in a file of 8 bytes beside the database. It is
    written through memory, so it is right after any kill; after a power cut it may be older than
    the log.
    """

    def __init__(self, path: Path):
        self._log = log_of(path)
        self._file = noted_in(path)
        if not self._file.exists() or self._file.stat().st_size != 8:
            self._file.write_bytes(bytes(8))
        with self._file.open("r+b") as stream:
            self._bytes = mmap.mmap(stream.fileno(), 8)
        self.note()

    def note(self) -> int:
        """Take down the log's length now. Returns: it, in bytes."""
        n_bytes = size(self._log)
        self._bytes[:] = n_bytes.to_bytes(8, "little")
        return n_bytes

    def expect_empty(self) -> None:
        """Before a checkpoint, which leaves no log, and before the database is closed, which makes
        one: whoever is killed before it is noted has lost nothing.
        """
        if not self._bytes.closed:
            self._bytes[:] = bytes(8)

    def close(self) -> None:
        """Note what closing left of the log; nothing where it left none."""
        if self._bytes.closed:
            return
        self.note()
        self._bytes.close()
        if not size(self._log):
            self._file.unlink(missing_ok=True)


def noted_in(path: Path) -> Path:
    """Where the length of a database's log is noted."""
    return path.with_name(f"{path.name}.wal-size")


def damage_of(path: Path) -> str | None:
    """What is wrong with the log of a database that nobody has open, in words; None where nothing
    is. Blocks while it reads it.
    """
    log = log_of(path)
    n_bytes, n_noted = size(log), _noted(path)
    if n_noted is not None and n_bytes < n_noted:
        return f"it has {n_bytes:,} bytes, and had {n_noted:,} when something was stored last"
    if n_bytes == 0:
        return None
    return _fault_in(log.read_bytes(), n_noted)


def keep_damaged(path: Path) -> Path | None:
    """Copy a damaged log beside itself before anything reads it. Returns: the copy; None where
    there is no log. Raises: OSError.
    """
    log = log_of(path)
    if not size(log):
        return None
    copy = log.with_name(f"{log.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    return Path(shutil.copy2(log, copy))


def _fault_in(log: bytes, n_committed: int | None) -> str | None:
    """An entry that is not all there is a fault where it was committed, as far as is known: a kill
    leaves one that was not.
    """
    at = _behind_header(log)
    if at is None:
        return None if n_committed == 0 else "its beginning is not that of a log"
    while at < len(log):
        begun, at = at, at + _ENTRY_BYTES + int.from_bytes(log[at : at + 8], "little")
        if at > len(log) and (n_committed is None or begun < n_committed):
            return f"it ends within an entry, {len(log) - begun:,} bytes behind its beginning"
    return None


def _behind_header(log: bytes) -> int | None:
    """Where the first entry begins; None for what is no log."""
    try:
        at = 0
        for field in _FIELDS:
            if log[at : at + 2] != field.to_bytes(2, "little"):
                return None
            value, at = _number(log, at + 2)
            for _ in range(value if field == _LIST else 0):
                _, at = _number(log, at)
        return at + 2 if log[at : at + 2] == _END else None
    except IndexError:
        return None


def _number(log: bytes, at: int) -> tuple[int, int]:
    """A LEB128 number and where it ends. Raises: IndexError behind the end."""
    value = shift = 0
    while True:
        byte = log[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if not byte & 0x80:
            return value, at


def _noted(path: Path) -> int | None:
    """None where nothing is noted, as beside a database of an earlier version."""
    try:
        content = noted_in(path).read_bytes()
    except OSError:
        return None
    return int.from_bytes(content, "little") if len(content) == 8 else None


def size(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
