"""Where a database keeps its things, and how much room they take."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from engine.store import Database

ABOUT = {
    "policies": "trained policies",
    "training": "checkpoints of trainings",
    "logs": "output of child processes",
    "problems": "problem sets that were brought",
    "recorded": "imported recordings",
}


@dataclass(frozen=True, slots=True)
class DiskUse:
    what: str
    path: Path
    n_bytes: int
    """Of the file, or of all files in the folder; 0 where it is not there yet."""


def disk_use(db: Database) -> list[DiskUse]:
    """The database file and the folders beside it, those that exist. Blocks while it looks at every
    file.
    """
    uses = [
        DiskUse("database", db.path, _size(db.path)),
        DiskUse("not yet merged into it", _log_of(db.path), _size(_log_of(db.path))),
    ]
    folders = (
        sorted(path for path in db.artifacts.glob("*") if path.is_dir())
        if db.artifacts.is_dir()
        else []
    )
    uses += [DiskUse(ABOUT.get(path.name, path.name), path, _size(path)) for path in folders]
    return [use for use in uses if use.path.exists()]


def _log_of(path: Path) -> Path:
    """DuckDB's write-ahead log."""
    return path.with_name(path.name + ".wal")


def _size(path: Path) -> int:
    try:
        return (
            sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            if path.is_dir()
            else path.stat().st_size
        )
    except OSError:
        return 0


def n_free(db: Database) -> int:
    """Bytes that are free on the database's disk."""
    return shutil.disk_usage(db.path.parent).free
