"""Problem sets: files, the starter set and hub data sets to `Problem` records with content ids.

A broken row never stops a set and is never dropped in silence: it is listed with its line and
field. `rows` reads formats, `shapes` guesses fields. This room knows nothing of sampling; from
grading it uses the pure text rules only.

Source: docs/decisions.md, "A problem's id is its question": of two rows with the same question and
different answers the first is kept and the second is rejected by name.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import ProblemSetError
from engine.grading.exact import decide, written_alike
from engine.grading.extraction import without_surrogates
from engine.grading.references import no_answer
from engine.paths import STARTER
from engine.problems.domains import check_mapping, mapped_parts, parts_of
from engine.problems.rows import FILE_TYPES, Broken, Rows, rows_of_file, rows_of_hub
from engine.problems.shapes import Parts, RowError
from engine.types import Domain, Problem, Reference

__all__ = [
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

STARTER_SETS = ("starter:train", "starter:held_out")
_HUB = re.compile(r"(\w[\w.-]*/[\w.-]+(?:/[\w.-]+)?)(?:@([\w./-]+))?(?::([\w.\[\]%:+-]+))?")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that gave no problem."""

    line: int
    """Line of the file, from 1; the row's number in a JSON list, in Parquet and on the hub."""
    field: str
    """The field at fault; empty where the whole line is."""
    reason: str
    """One sentence."""


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

    @property
    def about_unanswerable(self) -> str:
        """How many references are no answer, by kind, with the first of each; empty for none."""
        parts = [
            f"{len(ones):,} {kind} ({ones[0].answer[:40]!r})"
            for kind, ones in self.unanswerable.items()
        ]
        n = sum(map(len, self.unanswerable.values()))
        return f"{n:,} references are no answer: {', '.join(parts)}." if n else ""


def problem_id(question: str) -> str:
    """16 hex digits: the head of the SHA-256 of the NFC question, whitespace runs as one space,
    ends stripped.

    >>> problem_id("What is  2 + 2?") == problem_id(" What is 2 + 2? ")
    True
    """
    normal = " ".join(unicodedata.normalize("NFC", without_surrogates(question)).split())
    return hashlib.sha256(normal.encode()).hexdigest()[:16]


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
        source: A path to .jsonl, .json, .csv or .parquet; "starter:train" or "starter:held_out"; or
            a hub data set "org/name@revision:split" (revision "main" and split "train" if left out;
            "org/name/config" picks a configuration).
        base: Directory that a relative path starts at; None is the working directory.
        mapping: Column by role (engine.problems.domains.ROLES); None finds them under their usual
            names.
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
            f" The first of {len(rejected):,} rejected rows: line {rejected[0].line}:"
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
    rows, name = _open(source, base)
    problems, rejected, repeats = _collect(rows, mapping, domain)
    unanswerable = _unanswerable(problems)
    if answerable_only:
        left_out = {one.id for ones in unanswerable.values() for one in ones}
        problems = [problem for problem in problems if problem.id not in left_out]
    return ProblemFile(problems, rejected, len(repeats), name, repeats, unanswerable)


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


def _open(source: str | Path, base: Path | None) -> tuple[Rows, str]:
    """The rows behind a source, and the name it is recorded under."""
    text = str(source)
    if text in STARTER_SETS:
        return rows_of_file(STARTER / f"{text.removeprefix('starter:')}.jsonl"), text
    if text.startswith("starter:"):
        raise ProblemSetError(
            f"There is no starter problem set {text}. Allowed: {', '.join(STARTER_SETS)}."
        )
    path = (base or Path()) / Path(source).expanduser()
    hub = _hub_parts(text, path) if isinstance(source, str) else None
    if hub:
        dataset, revision, split = hub
        return rows_of_hub(dataset, revision, split), f"{dataset}@{revision}:{split}"
    return rows_of_file(path), str(path)


def hub_name(source: str) -> str | None:
    """The hub data set, with revision and split, that a source would be downloaded from; None for a
    file or a starter set.
    """
    hub = None if source.startswith("starter:") else _hub_parts(source, Path(source).expanduser())
    return f"{hub[0]}@{hub[1]}:{hub[2]}" if hub else None


def _hub_parts(text: str, path: Path) -> tuple[str, str, str] | None:
    """Data set, revision and split of a hub data set; None where the text means a file."""
    hub = _HUB.fullmatch(text)
    if not hub or path.exists() or path.suffix.lower() in FILE_TYPES:
        return None
    return hub.group(1), hub.group(2) or "main", hub.group(3) or "train"


def _collect(
    rows: Rows, mapping: Mapping[str, str] | None, domain: Domain
) -> tuple[list[Problem], list[Rejected], list[Rejected]]:
    seen: dict[str, tuple[int, Problem]] = {}
    rejected: list[Rejected] = []
    repeats: list[Rejected] = []
    for line, row in rows:
        if isinstance(row, Broken):
            rejected.append(Rejected(line, "", row.reason))
            continue
        try:
            parts = _parts(row, mapping, domain)
        except RowError as error:
            rejected.append(Rejected(line, error.field, str(error)))
            continue
        key = problem_id(parts.question)
        problem = Problem(key, *parts)
        first_line, first = seen.setdefault(key, (line, problem))
        if first is problem:
            continue
        if same_reference(first.reference, problem.reference):
            repeats.append(
                Rejected(line, "", f"The same problem as in line {first_line}. Problem {key}.")
            )
        else:
            answers = f"{first.answer[:60]!r} there, {problem.answer[:60]!r} here"
            reason = (
                f"The same question as in line {first_line} with another answer: {answers}. Problem"
                f" {key}."
            )
            rejected.append(Rejected(line, "answer", reason))
    return [problem for _, problem in seen.values()], rejected, repeats


def _parts(row: object, mapping: Mapping[str, str] | None, domain: Domain) -> Parts:
    return parts_of(row, domain) if mapping is None else mapped_parts(row, mapping, domain)


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
