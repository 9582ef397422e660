"""The bytes of a file on their way to text: decompressed, told from binary files, in which
encoding.
"""

import codecs
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from engine.errors import ProblemSetError

Rows = Iterator[tuple[int, Any]]
Notes = list[str]
"""Sentences on what was guessed."""

_BLOCK = 1 << 20
_HEAD = 4096
_MAGIC = {
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"PK\x03\x04": "a zip archive, such as a spreadsheet",
    b"SQLite format 3": "an SQLite database",
    b"%PDF": "a PDF",
    b"ARROW1": "an Arrow file",
}


class Broken(NamedTuple):
    """A line that is not a row, and why."""

    reason: str


class Encoding(NamedTuple):
    """How bytes become text."""

    name: str
    """A codec of Python's that drops its own byte order mark."""
    is_guessed: bool = False

    @property
    def is_said(self) -> bool:
        """Whether a person should hear of it: it is not plain UTF-8."""
        return self.is_guessed or not self.name.startswith("utf-8")

    def sentence(self, file: str) -> str:
        why = ": it has no byte order mark and is not UTF-8, so this is a guess"
        return f"{file} is read as {self.name}{why if self.is_guessed else ''}."


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file's bytes, decompressed where its name ends in .gz or .zst.

    Raises: ProblemSetError: it is not compressed as its name says, or cut off.
    """
    with path.open("rb") as file:
        try:
            yield _decompressed(file, path.suffix.lower())
        except (EOFError, gzip.BadGzipFile, OSError) as error:
            if path.suffix.lower() not in (".gz", ".zst"):
                raise
            raise ProblemSetError(
                f"{path} cannot be decompressed: {str(error)[:160].rstrip('.')}. Is it whole, and"
                " compressed as its name says?"
            ) from None


def _decompressed(file: BinaryIO, suffix: str) -> BinaryIO:
    if suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if suffix == ".zst":
        import pyarrow

        stream = pyarrow.CompressedInputStream(
            pyarrow.PythonFile(cast(io.IOBase, file), "r"), "zstd"
        )
        return io.BufferedReader(cast(io.RawIOBase, stream), _BLOCK)
    return file


def require_text(path: Path) -> str:
    """The encoding that a file's first bytes speak of: utf-16 with its mark, else utf-8.

    Raises: ProblemSetError: it is a binary file, which is named where it is a known one.
    """
    with opened(path) as file:
        head = file.read(_HEAD)
    kind = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    encoding = _marked(head)
    if kind is None and b"\0" in head and not encoding.startswith("utf-16"):
        kind = "a binary file"
    if kind:
        raise ProblemSetError(
            f"{path} is not text: it is {kind}. Give it the ending of its type, or export the rows"
            " as JSONL, CSV or Parquet."
        )
    return encoding


def encoding_of(path: Path) -> Encoding:
    """How a text file reads: by its byte order mark, as UTF-8 where all of it is, else as cp1252,
    which is then a guess. Blocks while it looks at every byte.

    Raises: ProblemSetError: it is none of them.
    """
    with opened(path) as file:
        head = file.read(_HEAD)
        marked = _marked(head)
        if marked != "utf-8":
            return Encoding(marked, is_guessed=marked in ("utf-16-le", "utf-16-be"))
        if _decodes(head, file, "utf-8"):
            return Encoding("utf-8-sig")
    with opened(path) as file:
        if _decodes(b"", file, "cp1252"):
            return Encoding("cp1252", is_guessed=True)
    raise ProblemSetError(
        f"{path} is text in no encoding that is read: UTF-8, UTF-16 or cp1252. Save it as UTF-8."
    )


def _decodes(head: bytes, file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        decoder.decode(head)
        while block := file.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _marked(head: bytes) -> str:
    """UTF-16 by its mark, or by the zero in every second byte; else utf-8."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.4 * len(head) / 2 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * len(head) / 2 and not odd else "utf-8"
