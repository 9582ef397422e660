"""What a person brings: files chosen in the browser, or the path of a file or folder on this
machine, or a data set of the hub. Nothing of it is kept.
"""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import streamlit as st

from app import inert, visitor
from engine.errors import EngineError
from engine.problems import hub_name
from engine.problems.rows import COMPRESSED, FILE_TYPES, rows_of_file

TYPES = [ending.removeprefix(".") for ending in (*FILE_TYPES, *COMPRESSED)]
_OFFERS = "A path of this machine: a file too large to upload, or a folder of parts."
_OFFERS_HUB = f"{_OFFERS} Or a hub data set, org/name/configuration@revision:split."


@dataclass(frozen=True, slots=True)
class Brought:
    """A readable source and what a person calls it."""

    path: Path
    """A file, or a folder of parts; of the hub its name."""
    name: str
    version: str
    """Changes when the content does."""
    hub: str = ""
    """The hub data set; empty for files."""

    @property
    def source(self) -> str | Path:
        return self.hub or self.path

    def named(self, text: str) -> str:
        """A sentence with what a person calls the file in the place of its path here."""
        return text.replace(str(self.path), self.name)


class Upload(Protocol):
    """As Streamlit has it."""

    name: str

    def getvalue(self) -> bytes: ...


@st.cache_resource(show_spinner=False)
def _folder() -> tempfile.TemporaryDirectory:
    """Where uploads lie while they are looked at; gone with the process."""
    return tempfile.TemporaryDirectory(prefix="studio-upload-")


def staging_folder() -> Path:
    """Where sets lie that were read and are not stored."""
    folder = Path(_folder().name) / "staged"
    folder.mkdir(exist_ok=True)
    return folder


def brought(
    label: str, *, key: str, has_hub: bool = False, has_logs: bool = False
) -> Brought | None:
    """An uploader, and a path for what is too large for one; None while neither gives a file.

    Args:
        has_hub: The path may name a hub data set.
        has_logs: Logs of Inspect are files, too.
    """
    uploads = st.file_uploader(
        label,
        type=[*TYPES, *(["eval"] if has_logs else [])],
        key=f"{key}_upload",
        accept_multiple_files=True,
        disabled=not visitor.may_write(),
    )
    if uploads and not _have_equal_names(uploads):
        return _saved(uploads, key)
    if uploads:
        return None
    typed = st.text_input(
        "or its path on this machine",
        key=f"{key}_path",
        help=_OFFERS_HUB if has_hub else _OFFERS,
        disabled=not visitor.may_write(),
    ).strip()
    if not typed:
        return None
    if has_hub and (hub := hub_name(typed)):
        return Brought(Path(typed), hub, hub, hub=typed)
    try:
        path = visitor.path(typed, "The path")
    except EngineError as error:
        st.error(inert.markdown(str(error)), icon=":material/lock:")
        return None
    if not path.exists():
        st.error(f"There is no file at {path}.", icon=":material/error:")
        return None
    times = (file.stat().st_mtime_ns for file in (path, *(path.iterdir() if path.is_dir() else ())))
    return Brought(path, path.name, f"{path} {max(times)}")


def _have_equal_names(uploads: Sequence[Upload]) -> bool:
    """Whether one would take the other's place, which is said."""
    n_named = Counter(Path(upload.name).name for upload in uploads)
    equal = [name for name, n in n_named.items() if n > 1]
    if equal:
        st.error(
            f"Two of the files are called {inert.markdown(equal[0])}. Rename one of them, or bring"
            " them one after the other.",
            icon=":material/error:",
        )
    return bool(equal)


def _saved(uploads: Sequence[Upload], key: str) -> Brought:
    """The uploaded files on disk under their own names: one, or a folder of parts."""
    contents = {Path(upload.name).name: upload.getvalue() for upload in uploads}
    versions = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    version = hashlib.sha256(repr(sorted(versions.items())).encode()).hexdigest()[:16]
    folder = Path(_folder().name) / version
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        if not (folder / name).exists():
            (folder / name).write_bytes(content)
    name = _chosen([folder / name for name in contents], f"{key}_part_{version}")
    if name:
        return Brought(folder / name, name, versions[name])
    return Brought(folder, f"{next(iter(contents))} and {len(contents) - 1} more", version)


def _chosen(files: Sequence[Path], key: str) -> str:
    """Which of several files is looked at; empty for all of them as one set. All where they have
    the same columns, else the one that was brought last.
    """
    if len(files) == 1:
        return files[0].name
    names = ["", *(file.name for file in files)]
    columns = [_columns(file) for file in files]
    is_one_set = all(own == columns[0] for own in columns)
    return st.selectbox(
        "Which of them",
        names,
        index=0 if is_one_set else len(names) - 1,
        format_func=lambda name: name or f"All {len(files)}, as the parts of one set",
        key=key,
        help="Files with different columns are no parts of one set: choose one after the other.",
    )


def _columns(file: Path) -> list[str] | None:
    """The columns of a file's first row; None where there is none to read."""
    try:
        _, row = next(iter(rows_of_file(file)), (0, None))
    except EngineError:
        return None
    return sorted(row) if isinstance(row, dict) else None
