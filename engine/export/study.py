"""A study as one file: the database and what lies beside it, of one run or of all; and back.

The file is a tar archive of study.duckdb and files/: trained policies, recordings, problem sets and
the optimiser's states that a later training may inherit. Checkpoints and logs stay where they are.
"""

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from engine import store
from engine.errors import ConfigError, StoreError, in_one_line
from engine.jobs.backup import back_up
from engine.paths import artifacts_of, flush_to_disk, written_whole
from engine.store import Database
from engine.store.beside import MARK
from engine.store.merging import merge, require_new
from engine.study.deletion import delete
from engine.training.saving import OPTIMISER

DATABASE, FILES = "study.duckdb", "files"
"""Names in the archive."""
PARTS = ("policies", "recorded", "problems")
"""Folders beside a database that are packed."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A study that was packed or brought back."""

    run_ids: list[str]
    n_bytes: int
    elsewhere: list[str]
    """Paths of policies that are neither in the file nor beside the database."""


def pack(path: Path, out: Path, *, run_id: str | None = None) -> Packed:
    """Pack a database, whoever owns it, into a new file. Blocks; needs room for a copy of the
    database beside `out`.

    Args:
        run_id: the only run to pack; None for all.

    Raises: ConfigError for an unknown run or a file that is there already; StoreError.
    """
    if out.exists():
        raise ConfigError(f"{out} is there already. Give the study a new name.")
    with _room(out) as folder:
        copy = folder / DATABASE
        back_up(path, copy)
        _link_files(artifacts_of(path), artifacts_of(copy))
        run_ids, elsewhere, configs = _only(copy, run_id)
        with written_whole(out) as draft, tarfile.open(draft, "w") as archive:
            archive.add(copy, DATABASE)
            for file in sorted(artifacts_of(copy).rglob("*")):
                name = file.relative_to(artifacts_of(copy))
                if file.is_file() and _is_used(name, configs):
                    archive.add(file, f"{FILES}/{name.as_posix()}")
        flush_to_disk(out)
    return Packed(run_ids, out.stat().st_size, elsewhere)


def unpack(file: Path, path: Path) -> Packed:
    """Bring a packed study back: as a database of its own where none is yet, else its runs beside
    those that are there. Files first, so that no row names one that is not there; what a kill
    leaves of them is gone on with by the next import.

    Raises: ConfigError for a file that holds no study or not all of it; StoreConflict for a run
    that is there already; StoreError.
    """
    with _room(path) as folder:
        _extract(file, folder)
        copy = folder / DATABASE
        artifacts_of(copy).mkdir(exist_ok=True)
        brought = Database(copy)  # brings an older schema up to date
        run_ids = [run.id for run in store.runs.listed(brought)]
        elsewhere = _elsewhere(brought)
        brought.close()
        db = Database(path)
        try:
            require_new(db, run_ids)
            _put(artifacts_of(copy), db.artifacts)
            merge(db, copy)
        finally:
            db.close()
    return Packed(run_ids, file.stat().st_size, elsewhere)


@contextmanager
def _room(beside: Path) -> Iterator[Path]:
    """A folder for copies, on the same disk."""
    try:
        beside.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".study-", dir=beside.parent) as folder:
            yield Path(folder)
    except OSError as error:
        raise StoreError(f"{beside} could not be written: {error.strerror or error}.") from error


def _only(copy: Path, run_id: str | None) -> tuple[list[str], list[str], str]:
    """Delete every other run of a copy. Returns: the runs that are left, the policies that are
    elsewhere, and all that names a file.
    """
    db = Database(copy)
    try:
        if run_id is not None:
            store.runs.get(db, run_id)
            for run in store.runs.listed(db):
                if run.id != run_id:
                    delete(db, run.id)
        run_ids = [run.id for run in store.runs.listed(db)]
        named = db.tuples("SELECT config || prm_path FROM runs UNION ALL SELECT path FROM policies")
        return run_ids, _elsewhere(db), "\n".join(text for (text,) in named)
    finally:
        db.close()


def _elsewhere(db: Database) -> list[str]:
    rows = db.tuples("SELECT path FROM policies WHERE NOT starts_with(path, ?)", [MARK])
    return sorted(path for (path,) in rows if not Path(path).exists())


def _is_used(name: Path, named: str) -> bool:
    """Recordings and problem sets only where a run names them."""
    if name.parts[0] not in ("recorded", "problems"):
        return True
    return f"{MARK}/{'/'.join(name.parts[:2])}" in named


def _link_files(source: Path, target: Path) -> None:
    for part in PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, copy_function=_link)
    for optimiser in source.glob(f"training/*/{OPTIMISER}"):
        place = target / optimiser.relative_to(source)
        place.parent.mkdir(parents=True)
        _link(optimiser, place)


def _link(source: Path | str, target: Path | str) -> str:
    """A second name of a file, or a copy where the disk has none."""
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
    return str(target)


def _put(source: Path, target: Path) -> None:
    """Give a file or folder its place, whole or not at all and on the disk. In a folder that is
    there already only what it lacks is put; a file that is there stays.
    """
    if not target.exists():
        flush_to_disk(source)
        source.replace(target)
        flush_to_disk(target.parent, deep=False)
    elif source.is_dir() and target.is_dir():
        for inner in sorted(source.iterdir()):
            _put(inner, target / inner.name)


def _extract(file: Path, folder: Path) -> None:
    try:
        with tarfile.open(file) as archive:
            archive.extractall(folder, filter="data")
        if (folder / FILES).exists():
            (folder / FILES).replace(artifacts_of(folder / DATABASE))
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ConfigError(
            f"{file} is not a whole packed study ({in_one_line(error)}). Give a file that"
            " `hs-star export study` wrote, or fetch it again."
        ) from error
    if not (folder / DATABASE).is_file():
        raise ConfigError(f"{file} holds no study: there is no {DATABASE} in it.")
