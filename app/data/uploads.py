"""A file that a person brings: chosen in the browser, or named by its path on this machine. Nothing
of it is kept.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

TYPES = ("jsonl", "json", "csv", "parquet")


@dataclass(frozen=True, slots=True)
class Brought:
    """A readable file and what a person calls it."""

    path: Path
    name: str
    version: str
    """Changes when the file does."""


@st.cache_resource(show_spinner=False)
def _folder() -> tempfile.TemporaryDirectory:
    """Where uploads lie while they are looked at; gone with the process."""
    return tempfile.TemporaryDirectory(prefix="studio-upload-")


def brought(label: str, *, key: str) -> Brought | None:
    """An uploader, and a path for what is too large for one; None while neither gives a file."""
    upload = st.file_uploader(label, type=list(TYPES), key=f"{key}_upload")
    if upload is not None:
        content = upload.getvalue()
        version = hashlib.sha256(content).hexdigest()[:16]
        path = Path(_folder().name) / f"{version}{Path(upload.name).suffix.lower()}"
        if not path.exists():
            path.write_bytes(content)
        return Brought(path, Path(upload.name).name, version)
    typed = st.text_input(
        "or its path on this machine",
        key=f"{key}_path",
        help="For files too large to upload. A hub data set is named in a configuration.",
    ).strip()
    path = Path(typed).expanduser()
    if not typed:
        return None
    if not path.is_file():
        st.error(f"There is no file at {path}.", icon=":material/error:")
        return None
    return Brought(path, path.name, f"{path} {path.stat().st_mtime_ns}")
