"""CSV and its relatives by their dialect: separator, quote, encoding and decimal comma, worked out
from the file's own beginning.

A row with another number of cells than the header is rejected. A quote that never closes costs its
own line: the lines behind it are read anew. Source: RFC 4180, with other separators and quotes.
"""

import csv
import io
import re
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from engine.errors import ProblemSetError
from engine.problems.bytes_of_file import Broken, Notes, Rows, encoding_of, opened, require_text
from engine.problems.spreadsheet import unguarded

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
QUOTES = ('"', "'")
MAX_LINES = 10_000
"""Lines of one row at most; a quote that spans more is unclosed. A line may be of any length."""
SAMPLE_LINES = 400

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*\Z")
_SURELY_DECIMAL = re.compile(r"\s*[+-]?(?:0,\d+|\d+,(?:\d{1,2}|\d{4,})|\d{4,},\d+)\s*\Z")
_POINT = re.compile(r"\s*[+-]?\d+\.\d+\s*\Z")

csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file separates and quotes its cells."""

    separator: str = ","
    quote: str = '"'
    has_decimal_comma: bool = False
    """Whether 3,5 in a cell is the number 3.5."""

    def sentence(self, file: str) -> str | None:
        """What a person should hear of it; None for plain CSV."""
        said = []
        if self.separator != ",":
            said.append(f"cells separated by a {SEPARATORS[self.separator]}")
        if self.quote != '"':
            said.append("quotes are apostrophes")
        return f"{file}: {', '.join(said)}." if said else None


class _Lines:
    """Physical lines of a text; those behind the first of a record can be given back."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream, self._again = stream, deque()
        self.number, self.record = 0, []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.record) >= MAX_LINES:
            raise csv.Error(f"more than {MAX_LINES:,} lines")
        line = self._again.popleft() if self._again else next(self._stream)
        self.record.append(line)
        self.number += 1
        return line

    def give_back(self) -> None:
        behind = self.record[1:]
        self._again.extendleft(reversed(behind))
        self.number -= len(behind)


def separated_rows(path: Path, notes: Notes) -> Rows:
    """The rows of a .csv or .tsv file; the line is the first of a row.

    Raises: ProblemSetError: it is no text, or has no header that can be read.
    """
    require_text(path)
    encoding = encoding_of(path)
    if encoding.is_said:
        notes.append(encoding.sentence(path.name))
    with opened(path) as raw, io.TextIOWrapper(raw, encoding.name, newline="") as text:
        sample = list(islice(text, SAMPLE_LINES))
        dialect = dialect_of(sample)
        if said := dialect.sentence(path.name):
            notes.append(said)
        lines = _Lines(_chained(sample, text))
        yield from _rows(path, _records(lines, dialect), dialect, notes)


def _chained(sample: list[str], rest: Iterator[str]) -> Iterator[str]:
    yield from sample
    yield from rest


def _rows(
    path: Path, records: Iterator[tuple[int, list[str] | str]], dialect: Dialect, notes: Notes
) -> Rows:
    line, header = next(((n, cells) for n, cells in records if cells), (1, "it is empty"))
    if isinstance(header, str):
        raise ProblemSetError(f"{path} has no header that can be read: line {line}: {header}.")
    names = _named(header, path.name, notes)
    n_decimals = 0
    for line, cells in records:
        if isinstance(cells, str):
            yield line, Broken(f"{cells[0].upper()}{cells[1:]}.")
        elif not cells:
            continue
        elif len(cells) != len(names):
            yield (
                line,
                Broken(f"The row has {len(cells):,} cells and the header has {len(names):,}."),
            )
        else:
            if dialect.has_decimal_comma:
                n_decimals += sum(map(bool, map(_DECIMAL_COMMA.match, cells)))
                cells = [_with_point(cell) for cell in cells]
            yield line, dict(zip(names, map(unguarded, cells)))
    if n_decimals:
        notes.append(
            f"{path.name}: {n_decimals:,} numbers with a decimal comma, read as 3,5 = 3.5."
        )


def _records(lines: _Lines, dialect: Dialect) -> Iterator[tuple[int, list[str] | str]]:
    """(first line, cells) of every record; a sentence in place of cells that cannot be read."""
    first = 1
    while True:
        reader = csv.reader(
            lines, delimiter=dialect.separator, quotechar=dialect.quote, strict=True
        )
        try:
            while True:
                first = lines.number + 1
                lines.record.clear()
                yield first, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            is_open = len(lines.record) > 1 or "end of data" in str(error)
            lines.give_back()
            yield (
                first,
                f"a quote ({dialect.quote}) opens in line {first} and is never closed; the lines"
                " behind it are read on their own"
                if is_open
                else f"a quote ({dialect.quote}) stands inside a quoted cell; double it there",
            )


def _named(header: list[str], file: str, notes: Notes) -> list[str]:
    """Column names, each once."""
    names: list[str] = []
    for position, cell in enumerate(header, 1):
        name = cell.strip() or f"column {position}"
        if name in names:
            notes.append(f"{file} has several columns {name}; one of them is called column"
                         f" {position} here.")  # fmt: skip
            name = f"column {position}"
        names.append(name)
    return names


def _with_point(cell: str) -> str:
    return cell.replace(",", ".") if _DECIMAL_COMMA.match(cell) else cell


def dialect_of(sample: list[str]) -> Dialect:
    """The dialect of a file's first lines: the separator and quote by which most rows have the
    header's number of cells, and the most cells.

    >>> dialect_of(["a;b\\n", "x, y;0,5\\n"])
    Dialect(separator=';', quote='"', has_decimal_comma=True)
    """
    quote = _quote_of(sample)
    scored = [(_fit(sample, separator, quote), separator) for separator in SEPARATORS]
    _, separator = max(scored, key=lambda pair: pair[0])
    dialect = Dialect(separator, quote)
    if separator != ";":
        return dialect
    cells = [cell for row in _parsed(sample, separator, quote) for cell in row]
    has_decimals = any(map(_SURELY_DECIMAL.match, cells)) and not any(map(_POINT.match, cells))
    return Dialect(separator, quote, has_decimals)


def _fit(sample: list[str], separator: str, quote: str) -> tuple[float, int]:
    """How well a separator explains the rows: the share with the header's cells, then how many."""
    rows = [row for row in _parsed(sample, separator, quote) if row]
    if not rows or len(rows[0]) < 2:
        return 0.0, 0
    return sum(len(row) == len(rows[0]) for row in rows) / len(rows), len(rows[0])


def _parsed(sample: list[str], separator: str, quote: str) -> list[list[str]]:
    records = _records(_Lines(iter(sample)), Dialect(separator, quote))
    return [cells for _, cells in records if isinstance(cells, list)]


def _quote_of(sample: list[str]) -> str:
    """Apostrophes only where cells are wrapped in them and none is in double quotes."""
    marks = "".join(map(re.escape, SEPARATORS))
    wrapped = {
        quote: sum(
            len(re.findall(rf"(?:^|[{marks}]){quote}[^{quote}\n]*{quote}(?=[{marks}\r\n]|$)", line))
            for line in sample
        )
        for quote in QUOTES
    }
    return "'" if wrapped["'"] > 1 and not wrapped['"'] else '"'
