"""Where things are: the program's own files, the default database, and how a file or folder is
written whole.
"""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""What holds engine/, app/, pages/ and data/: a checkout, or the site-packages of an
installation.
"""
STARTER = ROOT / "data" / "starter"
SUITES = ROOT / "data" / "suites"
RECORDINGS = ROOT / "data" / "recordings"
"""Recorded responses that ship, for comparisons of allocation rules."""
CHECKOUT = ROOT if (ROOT / "pyproject.toml").is_file() else None
"""The checkout that the program runs from; None where it is installed."""


DAMAGED = "damaged-"
"""What the name of a file or folder that was set aside begins with."""


def default_database(checkout: Path | None) -> Path:
    """Where the dashboard keeps its studies unless told: in the checkout's data/, which git
    ignores, or in the user's data folder.
    """
    if checkout:
        return checkout / "data" / "studio.duckdb"
    from platformdirs import user_data_path

    return user_data_path("hs-star-studio", appauthor=False) / "studio.duckdb"


DEFAULT_DB = default_database(CHECKOUT)


def status_path(database: Path) -> Path:
    """Where the owner of a database publishes what it does."""
    return database.with_name(f"{database.name}.status.json")


def artifacts_of(database: Path) -> Path:
    """The folder beside a database file for what is not a table, whether that is open or not."""
    return database.with_name(f"{database.name}.files")


def expanded(path: str | Path) -> Path:
    """A path as a person types it, with ~ as their home folder, or another user's. A user that is
    not known here stays in it: then there is no such folder, which is for the caller to say.
    """
    return Path(os.path.expanduser(path))


def write_text(path: Path, text: str) -> None:
    """A file with this content, whole or not at all. Raises: OSError."""
    with written_whole(path) as draft:
        draft.write_text(text, encoding="utf-8")


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A draft beside a path, for a file or a new folder: it takes the path's place once all of it
    is written, and leaves nothing after an error.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        yield draft
        draft.replace(path)
    finally:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)


def set_aside(path: Path) -> Path:
    """Move away what is damaged, beside where it was. Returns: its new path."""
    names = (f"{DAMAGED}{path.name}{suffix}" for suffix in ("", *(f"-{n}" for n in range(2, 1000))))
    return path.replace(next(at for name in names if not (at := path.with_name(name)).exists()))


def flush_to_disk(path: Path, *, deep: bool = True) -> None:
    """Wait until a file is on the disk, or a folder: with everything in it, or only its list of
    names. Raises: OSError.
    """
    for inner in sorted(path.rglob("*")) if deep and path.is_dir() else ():
        _flush(inner)
    _flush(path)


def _flush(path: Path) -> None:
    if path.is_dir() and os.name == "nt":  # Windows opens no folder
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
