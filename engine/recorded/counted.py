"""An imported set as columns: of every response its verdict, its reward, and which texts are equal.
Texts of one row group are in memory.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.grading import Grader
from engine.grading.extraction import Extraction
from engine.method.arena import Recording, recording_of
from engine.problems import read_problems
from engine.recorded.replay import RecordedSet
from engine.types import Problem

_COLUMNS = ("problem_id", "correct", "scores", "text")


def counted(recorded: RecordedSet, grader: Grader, rules: Extraction) -> Recording:
    """All responses of a set. Flags that came along count, what has none is graded now. Blocks.

    Raises: GradingError.
    """
    problems = {p.id: p for p in read_problems(recorded.folder / "problems.jsonl").problems}
    place = {id: at for at, id in enumerate(problems)}
    parts = [_part(table, place, problems, grader, rules) for table in recorded.tables(_COLUMNS)]
    ids, correct, reward, text = (np.concatenate(column) for column in zip(*parts))
    _, text = np.unique(text, return_inverse=True)
    return recording_of(list(problems), ids, correct, reward, text)


def _part(
    table: Any,
    place: Mapping[str, int],
    problems: Mapping[str, Problem],
    grader: Grader,
    rules: Extraction,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    ids: list[str] = table["problem_id"].to_pylist()
    texts: list[str] = table["text"].to_pylist()
    flags: list[bool | None] = table["correct"].to_pylist()
    unflagged = [at for at, flag in enumerate(flags) if flag is None]
    asked = [(problems[ids[at]].reference, texts[at]) for at in unflagged]
    for at, verdict in zip(unflagged, grader.submit(asked, rules).result() if asked else ()):
        flags[at] = verdict.correct
    return (
        np.array([place[id] for id in ids], dtype=np.int64),
        np.array(flags, dtype=bool),
        _least(table["scores"].combine_chunks()),
        np.array([hash(text) for text in texts], dtype=np.int64),
    )


def _least(scores: Any) -> np.ndarray:
    """The smallest score of every response, NaN where it has none, shape (n,)."""
    sizes = scores.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    least = np.full(len(sizes), np.nan)
    values = scores.flatten().to_numpy(zero_copy_only=False)
    if len(values):
        starts = (np.cumsum(sizes) - sizes)[sizes > 0]
        least[sizes > 0] = np.minimum.reduceat(values, starts)
    return least
