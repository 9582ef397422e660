"""What a problem set is like, in figures, before anything of it is stored.

Everything is counted over all problems but what is dear: whether a gold equals itself, and lengths
in tokens, are measured on a sample of the ids, which is said. It stores nothing.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.errors import GradingError
from engine.grading.domains import unavailable
from engine.grading.grader import Grader
from engine.problems.collecting import Listed
from engine.problems.golds import GoldKind, gold_kind, is_readable
from engine.problems.languages import language_of
from engine.problems.overlap import Against, Overlap, OverlapIndex
from engine.types import Problem

N_SAMPLE = 20_000
"""Problems that are looked at closely: those with the smallest ids, which are hashes."""
MAX_EXAMPLES = 5
MAX_SELF_CHARS = 2_000


class Tokens(Protocol):
    """Counts tokens."""

    def __call__(self, texts: Sequence[str], /) -> list[int]: ...


@dataclass(slots=True)
class Odd:
    """Answers of one oddity."""

    n: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, answer: str) -> None:
        self.n += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(answer)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens of questions."""

    median: int
    p95: int
    longest: int


@dataclass(slots=True)
class Report:
    """What was read from a source, and what it is like."""

    source: str = ""
    n_rows: int = 0
    n_problems: int = 0
    rejected: Listed = field(default_factory=Listed)
    repeats: Listed = field(default_factory=Listed)
    notes: list[str] = field(default_factory=list)
    """What was guessed or left out while reading, in sentences."""
    golds: Counter[GoldKind] = field(default_factory=Counter)
    examples: dict[GoldKind, list[str]] = field(default_factory=dict)
    domains: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    unreadable: Odd = field(default_factory=Odd)
    """Formulas that the exact rules cannot take apart."""
    unequal: Odd = field(default_factory=Odd)
    """Golds that, given as a response, are not correct."""
    n_sample: int = 0
    """Problems on which golds were graded and tokens counted."""
    not_graded: str = ""
    """Why golds were not graded; empty where they were."""
    lengths: Lengths | None = None
    policy: str = ""
    """Whose tokens lengths are in."""
    overlaps: list[Overlap] = field(default_factory=list)
    preview: list[Problem] = field(default_factory=list)
    """The first problems."""

    @property
    def lacking(self) -> str | None:
        """What this machine lacks to check these domains."""
        return unavailable(self.domains)


class Reporter:
    """Grows a report by one problem after the other; `finish` does what is dear."""

    def __init__(self, against: Sequence[Against] = (), n_preview: int = MAX_EXAMPLES) -> None:
        self.report = Report()
        self._n_preview = n_preview
        self._index = OverlapIndex(against)
        self._sample: list[tuple[int, Problem]] = []
        self.report.overlaps = self._index.overlaps

    def add(self, problem: Problem) -> None:
        report = self.report
        report.n_problems += 1
        if len(report.preview) < self._n_preview:
            report.preview.append(problem)
        kind = gold_kind(problem)
        report.golds[kind] += 1
        examples = report.examples.setdefault(kind, [])
        if len(examples) < MAX_EXAMPLES:
            examples.append(problem.answer)
        if not is_readable(problem, kind):
            report.unreadable.add(problem.answer)
        report.domains[problem.domain] += 1
        report.languages[language_of(problem.question)] += 1
        self._index.add(problem)
        self._keep(problem)

    def _keep(self, problem: Problem) -> None:
        key = -int(problem.id, 16)
        if len(self._sample) < N_SAMPLE:
            heapq.heappush(self._sample, (key, problem))
        elif key > self._sample[0][0]:
            heapq.heapreplace(self._sample, (key, problem))

    def finish(self, tokens: Tokens | None = None, policy: str = "") -> Report:
        """Grade golds against themselves and count tokens. Blocks.

        Args:
            tokens: of the policy; None leaves lengths out.
        """
        sample = [problem for _, problem in sorted(self._sample, key=lambda pair: -pair[0])]
        self.report.n_sample = len(sample)
        if tokens is not None and sample:
            self.report.lengths = _lengths(tokens([problem.question for problem in sample]))
            self.report.policy = policy
        try:
            for problem in _unequal(sample):
                self.report.unequal.add(problem.answer)
        except GradingError as error:
            self.report.not_graded = str(error)
        return self.report


def _lengths(counts: list[int]) -> Lengths:
    ordered = sorted(counts)
    return Lengths(
        ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)],
        ordered[-1],
    )  # fmt: skip


def _unequal(sample: Sequence[Problem]) -> Iterator[Problem]:
    """Problems whose own answer, given as a response, is not correct; programs are not run."""
    asked = [
        problem
        for problem in sample
        if problem.domain != "code"
        and len(problem.answer) <= MAX_SELF_CHARS
        and gold_kind(problem) not in ("sentinel", "sentence")
    ]
    if not asked:
        return
    with Grader(n_workers=1) as grader:
        pairs = [(problem.reference, f"\\boxed{{{problem.answer}}}") for problem in asked]
        verdicts = grader.grade_many(pairs)
    for problem, verdict in zip(asked, verdicts):
        if not verdict.correct:
            yield problem


Progress = Callable[[int, int | None], object]
"""Told (rows read, rows in all or None where nobody knows), now and then; what it raises ends the
reading.
"""
