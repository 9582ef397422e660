"""CSV to the letter of RFC 4180, many rows at a time. Whatever is not, such as another separator, a
quote in the wrong place or another number of cells, is left to `separated`, which knows what to
make of it.
"""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from engine.problems.bytes_of_file import encoding_of, opened
from engine.problems.separated import MAX_LINES, SAMPLE_LINES, Dialect, dialect_of
from engine.problems.spreadsheet import unguarded

if TYPE_CHECKING:
    import pyarrow

BLOCK_BYTES = 4 << 20
CHECKED_BYTES = 1 << 18
"""Looked at at once: so little that it seldom holds as many lines as a record may have."""
_CELL = r'(?:"[^"]*+(?:""[^"]*+)*+"|[^",\r\n]*+)'


class Records(NamedTuple):
    """Records that follow one another."""

    lines: np.ndarray
    """int, shape (N,): in which line of the file each begins."""
    table: "pyarrow.Table"
    """Every column text, named by the header."""


def plain_header(path: Path) -> list[str] | None:
    """The column names of a file that every parser reads alike; None for any other. Blocks while it
    looks at every byte, twice.

    Raises: ProblemSetError: it is text in no encoding that is read.
    """
    if encoding_of(path).name != "utf-8-sig":
        return None
    with opened(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
        if dialect_of(list(islice(text, SAMPLE_LINES))) != Dialect():
            return None
    with opened(path) as file:
        names = _names(file.readline())
        if names is None:
            return None
        record = (_CELL + ("," + _CELL) * (len(names) - 1) + r"(?:\r?\n|\Z)").encode()
        one, all_of = re.compile(record), re.compile(b"(?:" + record + b")*+")
        is_plain = all(_is_plain(block, one, all_of) for block in _blocks(file, CHECKED_BYTES))
    return names if is_plain else None


def records_of(path: Path, names: list[str]) -> Iterator[Records]:
    """The records of a file with a plain header."""
    with opened(path) as file:
        file.readline()
        first = 2
        for block in _blocks(file):
            table = _table(block, names)
            n_lines = _n_lines(table)
            ends = np.cumsum(n_lines)
            yield Records(first + ends - n_lines, table)
            first += int(n_lines.sum())


def _names(line: bytes) -> list[str] | None:
    """The cells of a header that is one line, each once; None for one that is not plain."""
    if line.count(b'"') % 2 or not line.endswith(b"\n") or b"\r" in line.removesuffix(b"\r\n"):
        return None
    try:
        cells = next(csv.reader([line.decode("utf-8-sig")], strict=True))
    except csv.Error:
        return None
    names = [cell.strip() for cell in cells]
    return names if len(names) > 1 and all(names) and len(set(names)) == len(names) else None


def _blocks(file: BinaryIO, n_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """The rest of a file in blocks that end where a record ends: behind an even number of
    quotes.
    """
    rest = b""
    while data := file.read(n_bytes):
        data = rest + data
        end = _end_of_records(data)
        rest = data[end:]
        if end:
            yield data[:end]
    if rest:
        yield rest


def _end_of_records(data: bytes) -> int:
    end = data.rfind(b"\n") + 1
    n_quotes = _count(memoryview(data)[:end], b'"')
    while end and n_quotes % 2:
        before = data.rfind(b"\n", 0, end - 1) + 1
        n_quotes -= data.count(b'"', before, end)
        end = before
    return end


def _count(data: bytes | memoryview, byte: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == ord(byte)))


def _has_lone_return(data: bytes) -> bool:
    values = np.frombuffer(data, dtype=np.uint8)
    behind = np.flatnonzero(values == ord("\r")) + 1
    return bool(behind.size) and (behind[-1] == len(values) or (values[behind] != ord("\n")).any())


def _is_plain(block: bytes, one: re.Pattern[bytes], all_of: re.Pattern[bytes]) -> bool:
    """Whether quotes stand around cells only, no carriage return stands alone, no record has too
    many lines, and each has the header's number of cells.
    """
    if _has_lone_return(block) or not all_of.fullmatch(block):
        return False
    is_short = _count(block, b"\n") < MAX_LINES
    return is_short or all(m.group().count(b"\n") < MAX_LINES for m in one.finditer(block))


def _table(block: bytes, names: list[str]) -> "pyarrow.Table":
    import pyarrow
    import pyarrow.compute
    import pyarrow.csv

    table = pyarrow.csv.read_csv(
        io.BytesIO(block),
        pyarrow.csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names),
        pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pyarrow.string()), null_values=[]
        ),
    )
    for at, column in enumerate(table.columns):
        if pyarrow.compute.any(pyarrow.compute.starts_with(column, "'")).as_py():
            texts: list[Any] = column.to_pylist()
            cells = pyarrow.array(map(unguarded, texts), pyarrow.string())
            table = table.set_column(at, names[at], cells)
    return table


def _n_lines(table: "pyarrow.Table") -> np.ndarray:
    """How many lines of the file each record takes."""
    n = np.ones(table.num_rows, dtype=np.int64)
    for column in table.columns:
        whole: Any = column.combine_chunks()
        _, offsets, texts = whole.buffers()
        ends = np.frombuffer(offsets, dtype=np.int32)[: len(whole) + 1]
        breaks = np.flatnonzero(np.frombuffer(texts or b"", dtype=np.uint8) == ord("\n"))
        n += np.diff(np.searchsorted(breaks, ends))
    return n
