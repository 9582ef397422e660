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
DEFAULT_DB = ROOT / "data" / "studio.duckdb"


def status_path(database: Path) -> Path:
    """Where the owner of a database publishes what it does."""
    return database.with_name(f"{database.name}.status.json")


def artifacts_of(database: Path) -> Path:
    """The folder beside a database file for what is no table, whether that is open or not."""
    return database.with_name(f"{database.name}.files")


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
