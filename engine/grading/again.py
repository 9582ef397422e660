"""Grading responses again, to compare: which verdicts, or flags that came along, are others now? It
writes nothing.

It knows neither the store nor files: `engine.study.overrides` reads a run's responses,
`engine.recorded.flags` an imported set's.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from engine.grading.extraction import DEFAULT, Extraction
from engine.grading.grader import Grader
from engine.types import Domain, Reference, Verdict, VerdictStatus


@dataclass(frozen=True, slots=True)
class Earlier:
    """A response and what was said of it before."""

    problem_id: str
    index: int
    answer: str
    """The reference answer."""
    text: str
    was: VerdictStatus | bool
    """Status of the stored verdict, before any override; or a flag, true for correct."""
    iteration: int | None = None
    """None, and `purpose` too, where the response belongs to no run."""
    purpose: str | None = None
    overridden: bool = False
    sample_set: str | None = None
    domain: Domain = "maths"
    details: str = ""

    @property
    def reference(self) -> Reference:
        return Reference(self.answer, self.domain, self.details)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A response whose verdict is another than what was said of it before."""

    problem_id: str
    index: int
    answer: str
    was: str
    """The stored status; of a flag, correct or wrong."""
    is_now: VerdictStatus
    predicted: str | None
    """The answer as extracted now."""
    reason: str
    """Why it is judged so now."""
    iteration: int | None
    purpose: str | None
    overridden: bool
    sample_set: str | None


@dataclass(frozen=True, slots=True)
class Regraded:
    n_graded: int
    disagreements: list[Disagreement]


def regrade(
    batches: Iterable[Sequence[Earlier]],
    grader: Grader,
    on_progress: Callable[[Regraded], None] = lambda so_far: None,
    rules: Extraction = DEFAULT,
) -> Regraded:
    """Grade everything again, batch by batch. A status has to be the same; a flag only says correct
    or not. Blocks.

    Raises: GradingError: no checking process could be started.
    """
    n_graded, disagreements = 0, []
    for batch in batches:
        verdicts = grader.grade_many([(one.reference, one.text) for one in batch], rules)
        disagreements += [
            _disagreement(one, verdict)
            for one, verdict in zip(batch, verdicts)
            if _differs(one.was, verdict)
        ]
        n_graded += len(batch)
        on_progress(Regraded(n_graded, disagreements))
    return Regraded(n_graded, disagreements)


def by_correctness(batch: Sequence[Earlier]) -> list[Earlier]:
    """The same responses, of whose status only whether it is correct is compared."""
    return [replace(one, was=one.was in (True, "correct")) for one in batch]


def _differs(was: VerdictStatus | bool, verdict: Verdict) -> bool:
    return verdict.correct != was if isinstance(was, bool) else verdict.status != was


def _disagreement(one: Earlier, verdict: Verdict) -> Disagreement:
    was = ("correct" if one.was else "wrong") if isinstance(one.was, bool) else one.was
    return Disagreement(
        one.problem_id,
        one.index,
        one.answer,
        was,
        verdict.status,
        verdict.predicted,
        verdict.reason,
        one.iteration,
        one.purpose,
        one.overridden,
        one.sample_set,
    )


def as_table(disagreements: Sequence[Disagreement]) -> str:
    """Disagreements as lines of text; control characters of model text are shown, not sent. Columns
    without a value are left out.
    """
    names = (
        "iteration",
        "purpose",
        "problem_id",
        "index",
        "was",
        "is_now",
        "answer",
        "predicted",
        "reason",
    )
    rows = [asdict(d) for d in disagreements]
    names = [name for name in names if any(row[name] is not None for row in rows)]
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells
    )


def _cell(value: object) -> str:
    text = "".join(
        c if c.isprintable() else "�" for c in " ".join(str("" if value is None else value).split())
    )
    return text if len(text) <= 60 else f"{text[:59]}…"
