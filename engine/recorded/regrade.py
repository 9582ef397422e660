"""Grade an imported set again and list where our verdict and the flag that came along disagree. Nothing is changed by it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.grading import Grader
from engine.problems import read_problems
from engine.types import Verdict

AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One response that came with another flag than we give."""

    problem_id: str
    index: int
    answer: str
    """The reference answer."""
    given: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Regraded:
    n_flagged: int
    """Responses that came with a flag, all of them graded."""
    disagreements: list[Disagreement]


def regrade(folder: Path, grader: Grader) -> Regraded:
    """Grade every response that has a flag. Blocks: hundreds to thousands a second. Raises: GradingError."""
    answers = {p.id: p.answer for p in read_problems(folder / "problems.jsonl").problems}
    n_flagged, found = 0, []
    for rows in _flagged(folder):
        n_flagged += len(rows)
        verdicts = grader.submit([(answers[row["problem_id"]], row["text"]) for row in rows]).result()
        found += [
            Disagreement(row["problem_id"], row["idx"], answers[row["problem_id"]], row["correct"], verdict)
            for row, verdict in zip(rows, verdicts)
            if row["correct"] != verdict.correct
        ]
    return Regraded(n_flagged, found)


def as_lines(regraded: Regraded) -> list[str]:
    """Every disagreement as one line of text."""
    return [
        f"problem {d.problem_id}, response {d.index}: given {json.dumps(d.given)}, graded {d.verdict.status}; "
        f"{d.verdict.predicted!r} against {d.answer!r}. {d.verdict.reason}"
        for d in regraded.disagreements
    ]


def _flagged(folder: Path) -> Iterator[list[dict]]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(folder / "responses.parquet") as file:
        for batch in file.iter_batches(AT_ONCE, columns=["problem_id", "idx", "text", "correct"]):
            if rows := [row for row in batch.to_pylist() if row["correct"] is not None]:
                yield rows
