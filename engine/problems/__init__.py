"""Problem sets: files, the starter set and hub data sets to `Problem` records with content ids.

    source ── rows ──► one row ── known | mapping ──► flat fields ── domains ──► Problem

A broken row never stops a set and is never dropped in silence: it is listed with its line and
field. `sources` says what a name means, `rows` reads formats, `known` and `mapping` find the
fields, `domains` makes a problem of them, `collecting` reads each once. This room knows nothing of
sampling; from grading it uses the pure text rules only, and Math-Verify's processes in `report`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import ProblemSetError
from engine.grading.references import no_answer
from engine.problems.collecting import (
    Collector,
    Rejected,
    problem_id,
    same_answer,
    same_reference,
)
from engine.problems.mapping import check_mapping
from engine.problems.sources import STARTER_SETS, hub_name, open_source
from engine.types import Domain, Problem

__all__ = [
    "STARTER_SETS",
    "ProblemFile",
    "Rejected",
    "examine_problems",
    "hub_name",
    "problem_id",
    "read_problems",
    "require_disjoint",
    "same_answer",
    "same_reference",
]


@dataclass(frozen=True, slots=True)
class ProblemFile:
    """What was read from one source."""

    problems: list[Problem]
    """In the source's order, every id once."""
    rejected: list[Rejected]
    duplicates: int
    """Rows that repeat an earlier question with the same answer."""
    source: str
    """What was read, with the revision and split of a hub data set."""
    repeats: list[Rejected] = field(default_factory=list)
    """The duplicates, each by its line and the line it repeats."""
    unanswerable: dict[str, list[Problem]] = field(default_factory=dict)
    """Problems whose reference is no answer, by why (engine.grading.references). They are in
    `problems`, too, unless answerable problems only were asked for.
    """
    notes: list[str] = field(default_factory=list)
    """What was guessed or left out while reading, in sentences."""

    @property
    def about_unanswerable(self) -> str:
        """How many references are no answer, by kind, with the first of each; empty for none."""
        parts = [
            f"{len(ones):,} {kind} ({ones[0].answer[:40]!r})"
            for kind, ones in self.unanswerable.items()
        ]
        n = sum(map(len, self.unanswerable.values()))
        return f"{n:,} references are no answer: {', '.join(parts)}." if n else ""


def read_problems(
    source: str | Path,
    *,
    base: Path | None = None,
    mapping: Mapping[str, str] | None = None,
    answerable_only: bool = False,
    domain: Domain = "maths",
) -> ProblemFile:
    """Reads a whole problem set. Blocks; a hub data set needs the network.

    Args:
        source: A path to .jsonl, .json, .csv, .tsv or .parquet, the first four also as .gz or .zst,
            or to a folder of such files; "starter:train" or "starter:held_out"; or
            a hub data set "org/name@revision:split" (revision "main" and split "train" if left out;
            "org/name/config" picks a configuration).
        base: Directory that a relative path starts at; None is the working directory.
        mapping: Path or template by role (engine.problems.mapping); None reads known shapes.
        answerable_only: Leave problems out whose reference is no answer, such as "proof".
        domain: Of rows that neither name one nor have the shape of one.

    Raises:
        ProblemSetError: nothing is there, it cannot be read, or no usable problem is in it.
    """
    read = examine_problems(
        source, base=base, mapping=mapping, answerable_only=answerable_only, domain=domain
    )
    problems, rejected, name = read.problems, read.rejected, read.source
    if not problems:
        first = (
            f" The first of {len(rejected):,} rejected rows: {rejected[0].place}:"
            f" {rejected[0].reason}"
            if rejected
            else ""
        )
        raise ProblemSetError(
            f"{name} holds no usable problem.{first} Each row needs a question and an answer."
        )
    return read


def examine_problems(
    source: str | Path,
    *,
    base: Path | None = None,
    mapping: Mapping[str, str] | None = None,
    answerable_only: bool = False,
    domain: Domain = "maths",
) -> ProblemFile:
    """As read_problems, but a source without one usable problem is an answer too: a person wants to
    see why.

    Raises:
        ProblemSetError: nothing is there, or it cannot be read as a whole.
    """
    if mapping is not None:
        check_mapping(mapping)
    opened = open_source(source, base)
    collector = Collector(mapping, domain)
    problems = list(collector.problems(opened.parts))
    unanswerable = _unanswerable(problems)
    if answerable_only:
        left_out = {one.id for ones in unanswerable.values() for one in ones}
        problems = [problem for problem in problems if problem.id not in left_out]
    return ProblemFile(
        problems,
        collector.rejected.rows,
        collector.repeats.n,
        opened.name,
        collector.repeats.rows,
        unanswerable,
        [*opened.notes, *(f"{said}: {n:,} rows." for said, n in collector.notes.items())],
    )


def _unanswerable(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """The problems whose reference is no answer, by why."""
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.domain == "maths" and (kind := no_answer(problem.answer)):
            kinds.setdefault(kind, []).append(problem)
    return kinds


def require_disjoint(train: Iterable[Problem], held_out: Iterable[Problem]) -> None:
    """Checks that no held-out problem is trained on.

    Raises:
        ProblemSetError: some are; the text says how many and names the first three.
    """
    trained = {problem.id for problem in train}
    shared = list({problem.id: problem for problem in held_out if problem.id in trained}.values())
    if shared:
        first = "; ".join(
            f'{problem.id} "{" ".join(problem.question.split())[:60]}"' for problem in shared[:3]
        )
        raise ProblemSetError(
            f"{len(shared):,} held-out problems are also training problems, so the evaluation would"
            f" be meaningless. Remove them from one of the two sets. The first: {first}."
        )
