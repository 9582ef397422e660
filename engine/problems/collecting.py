"""One pass over the rows of a source: every problem once, and what became of the other rows. Memory
holds, per problem, its id, its line and what responses are checked against.

Source: docs/decisions.md, "A problem's id is its question": of two rows with the same question and
different answers the first is kept and the second is rejected by name.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.grading.exact import decide, written_alike
from engine.grading.extraction import without_surrogates
from engine.problems.bytes_of_file import Broken
from engine.problems.domains import parts_of
from engine.problems.mapping import mapped_parts
from engine.problems.shapes import Parts, RowError
from engine.problems.sources import Part
from engine.types import Domain, Problem, Reference

MAX_DETAILS = 64
"""Longer details of a reference are remembered by their digest."""
_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|\b[0-9a-f]{16}\b|\d[\d.,]*\d|\d|\[.*?\]")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that gave no problem."""

    line: int
    """Line of the file, from 1; the row's number in a JSON list, in Parquet and on the hub."""
    field: str
    """The field at fault; empty where the whole line is."""
    reason: str
    """One sentence."""
    file: str = ""
    """The file's name where a source is several files; else empty."""

    @property
    def place(self) -> str:
        return f"line {self.line} of {self.file}" if self.file else f"line {self.line}"


class Reason(NamedTuple):
    """A kind of sentence for which rows were rejected."""

    n: int
    """Rows."""
    first: Rejected
    """The first of them."""


@dataclass(slots=True)
class Listed:
    """Rows that gave no problem: all are counted, the first are listed."""

    limit: int | None = None
    """How many are listed; None for all."""
    n: int = 0
    rows: list[Rejected] = field(default_factory=list)
    kinds: dict[tuple[str, str], Reason] = field(default_factory=dict)
    """By field and by reason without its numbers and quotations."""

    def add(self, row: Rejected) -> None:
        self.n += 1
        if self.limit is None or len(self.rows) < self.limit:
            self.rows.append(row)
        kind = row.field, _VARYING.sub("…", row.reason)
        n, first = self.kinds.get(kind, (0, row))
        self.kinds[kind] = Reason(n + 1, first)


class _First(NamedTuple):
    """Where a question was seen first, and with which reference."""

    line: int
    file: str
    answer: str
    domain: Domain
    details: str
    """As they are, or their digest."""

    @property
    def reference(self) -> Reference:
        return Reference(self.answer, self.domain, self.details)


class Collector:
    """Reads problems out of parts, and remembers the rest.

    Args:
        mapping: path or template by role (engine.problems.mapping); None for known shapes.
        domain: of rows that neither name one nor have the shape of one.
        limit: of rejected and repeated rows that are listed; None for all.
    """

    def __init__(
        self, mapping: Mapping[str, str] | None, domain: Domain, limit: int | None = None
    ) -> None:
        self.n_rows = 0
        self.rejected, self.repeats = Listed(limit), Listed(limit)
        self.notes: Counter[str] = Counter()
        """What was left out or taken from an unusual place, by sentence, with its rows."""
        self._mapping = mapping
        self._domain: Domain = domain
        self._seen: dict[int, _First] = {}

    def problems(self, parts: Sequence[Part]) -> Iterator[Problem]:
        """Every problem once, in the order of the source. Raises: ProblemSetError."""
        for part in parts:
            file = part.name if len(parts) > 1 else ""
            for line, row in part.rows():
                self.n_rows += 1
                problem = self._problem(line, file, row)
                if problem is not None:
                    yield problem

    def _problem(self, line: int, file: str, row: object) -> Problem | None:
        if isinstance(row, Broken):
            self.rejected.add(Rejected(line, "", row.reason, file))
            return None
        try:
            parts = self._parts(row)
        except RowError as error:
            self.rejected.add(Rejected(line, error.field, str(error), file))
            return None
        if parts.notes:
            self.notes.update(parts.notes)
        id = problem_id(parts.question)
        problem = Problem(id, *parts[:6])
        details = parts.details and _compact(parts.details)
        own = _First(line, file, parts.answer, parts.domain, details)
        first = self._seen.setdefault(int(id, 16), own)
        if first is own:
            return problem
        self._again(problem, own, first)
        return None

    def _parts(self, row: object) -> Parts:
        if self._mapping is None:
            return parts_of(row, self._domain)
        return mapped_parts(row, self._mapping, self._domain)

    def _again(self, problem: Problem, own: _First, first: _First) -> None:
        """A question that was seen before: a repeat, or a contradiction."""
        where = Rejected(first.line, "", "", first.file).place
        if same_reference(first.reference, own.reference):
            reason = f"The same problem as in {where}. Problem {problem.id}."
            self.repeats.add(Rejected(own.line, "", reason, own.file))
            return
        answers = f"{first.reference.answer[:60]!r} there, {problem.answer[:60]!r} here"
        reason = (
            f"The same question as in {where} with another answer: {answers}. Problem {problem.id}."
        )
        self.rejected.add(Rejected(own.line, "answer", reason, own.file))


def _compact(details: str) -> str:
    if len(details) <= MAX_DETAILS:
        return details
    return hashlib.blake2b(details.encode(), digest_size=16).hexdigest()


def problem_id(question: str) -> str:
    """16 hex digits: the head of the SHA-256 of the NFC question, whitespace runs as one space,
    ends stripped.

    >>> problem_id("What is  2 + 2?") == problem_id(" What is 2 + 2? ")
    True
    """
    normal = " ".join(unicodedata.normalize("NFC", without_surrogates(question)).split())
    return hashlib.sha256(normal.encode()).hexdigest()[:16]


def same_reference(first: Reference, second: Reference) -> bool:
    """Whether two references ask for the same: in maths as same_answer, elsewhere to the letter."""
    if first.domain == second.domain == "maths":
        return same_answer(first.answer, second.answer)
    return first == second


def same_answer(first: str, second: str) -> bool:
    """Whether two reference answers are written alike enough to be one; False where only computer
    algebra could say.
    """
    if first == second:
        return True
    decision = decide(written_alike(first), written_alike(second))
    return decision is not None and decision.status == "correct"
