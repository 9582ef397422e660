"""A question in SQL, answered by a child process over a copy of the database as of one moment."""

import atexit
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import disk_usage, rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from engine.errors import EngineError, StoreError
from engine.paths import ROOT
from engine.store import Database, now
from engine.store.backup import write_backup

if TYPE_CHECKING:
    import pyarrow

FOLDER = "snapshots"
"""In the folder beside the database: a folder per copy, with the process in its name."""
COPY = "snapshot.duckdb"
ENVIRONMENT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
"""All that the child inherits: no key, no home."""


class QuestionRefused(EngineError):
    """A question that is none, that asks for what cannot be reached, or that took too much."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer may take."""

    seconds: float = 30.0
    memory_mb: int = 1024
    max_rows: int = 100_000
    max_bytes: int = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of a database, to be asked as often as one likes."""

    path: Path
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gave."""

    table: "pyarrow.Table"
    is_cut: bool
    """Whether there were more rows than the limits allow."""
    seconds: float
    """With the start of the child."""


def take_snapshot(db: Database) -> Snapshot:
    """Copy all tables as of now, into a folder of its own; earlier copies of this process are
    removed, and this one when it ends. Blocks; others read, write and copy meanwhile.

    Raises: EngineError where the disk has no room for it; StoreError.
    """
    remove_snapshots(db)
    folder = _new_folder(db.artifacts / FOLDER)
    atexit.register(rmtree, folder, ignore_errors=True)
    try:
        needed, free = db.path.stat().st_size, disk_usage(folder).free
        if free < needed:
            raise EngineError(
                f"A copy of the database takes {needed:,} bytes, and {free:,} are free beside it."
                " Make room on that disk, then ask again."
            )
        as_of = now()
        write_backup(db, folder / COPY)
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
    return Snapshot(folder / COPY, as_of)


def remove_snapshots(db: Database) -> None:
    """Those of this process, and those that dead ones left. One that is being made stays."""
    for folder in (db.artifacts / FOLDER).glob("*"):
        pid, _, _ = folder.name.partition("-")
        is_whole = pid == str(os.getpid()) and (folder / COPY).exists()
        if is_whole or not Path(f"/proc/{pid}").exists():
            rmtree(folder, ignore_errors=True)


def _new_folder(among: Path) -> Path:
    """Raises: StoreError."""
    try:
        among.mkdir(parents=True, exist_ok=True)
        return Path(mkdtemp(prefix=f"{os.getpid()}-", dir=among))
    except OSError as error:
        raise StoreError(f"{among} could not be written: {error.strerror}.") from error


def ask(
    snapshot: Snapshot,
    sql: str,
    values: Mapping[str, str | int] | None = None,
    *,
    limits: Limits = Limits(),
) -> Answer:
    """The rows of one SELECT. Blocks for limits.seconds at most.

    Args:
        values: what $names in it stand for; those that it does not name are left out.

    Raises: QuestionRefused with DuckDB's own sentence, or with the limit that it met.
    """
    question = {
        "sql": sql,
        "values": dict(values or {}),
        "memory_mb": limits.memory_mb,
        "max_rows": limits.max_rows,
        "max_bytes": limits.max_bytes,
    }
    began = time.monotonic()
    child = _start(snapshot.path)
    try:
        out, said = child.communicate(json.dumps(question).encode(), timeout=limits.seconds)
    except subprocess.TimeoutExpired:
        raise QuestionRefused(
            f"The question took longer than {limits.seconds:g} seconds and was stopped. Ask for"
            " less, such as one run or one iteration."
        ) from None
    finally:
        child.kill()
        child.wait()
    lines = said.decode(errors="replace").strip()
    if child.returncode != 0:
        raise QuestionRefused(lines if child.returncode == 3 and lines else _died(child, limits))
    return _answer(out, lines, time.monotonic() - began)


def _start(copy: Path) -> subprocess.Popen[bytes]:
    inherited = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "engine.store.asked", str(copy)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**inherited, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def _answer(out: bytes, said: str, seconds: float) -> Answer:
    import pyarrow

    with pyarrow.ipc.open_stream(out) as stream:
        table = stream.read_all()
    is_cut = json.loads(said.splitlines()[-1])["is_cut"]
    return Answer(table.replace_schema_metadata(None), is_cut, seconds)


def _died(child: subprocess.Popen[bytes], limits: Limits) -> str:
    return (
        f"The question took more memory than it may ({limits.memory_mb:,} MB), or broke the process"
        f" that answers it (exit status {child.returncode}). Ask for less."
    )
