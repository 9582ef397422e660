"""Verdicts and rewards of recorded responses, all of them: flags that came along count, what has
none is graded now.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.grading import Grader
from engine.recorded.replay import Key, RecordedSet
from engine.types import Problem

AT_ONCE = 4096
"""Responses whose texts are held while they are graded."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One problem's recorded responses in the order of the recording."""

    correct: np.ndarray
    """bool, shape (n,)."""
    reward: np.ndarray
    """float in [0, 1], shape (n,): minimum step score; NaN where a response has no score of the
    set's kind.
    """


def judged(
    recorded: RecordedSet, problems: Mapping[str, Problem], grader: Grader
) -> dict[str, Judged]:
    """Every recorded response of some problems, by problem id. Blocks while it grades what came
    without a flag.

    Raises: GradingError.
    """
    counts, kind = recorded.counts(), recorded.about["scores"]
    found = {
        id: Judged(np.zeros(counts.get(id, 0), bool), np.full(counts.get(id, 0), np.nan))
        for id in problems
    }
    keys: list[Key] = [(id, index) for id in problems for index in range(counts.get(id, 0))]
    for start in range(0, len(keys), AT_ONCE):
        rows = [
            row
            for part in recorded.rows(
                keys[start : start + AT_ONCE], ("text", "correct", "scores", "kind")
            )
            for row in part
        ]
        unflagged = [(key, row["text"]) for key, row in rows if row["correct"] is None]
        verdicts = grader.submit(
            [(problems[id].answer, text) for (id, _), text in unflagged]
        ).result()
        graded = {key: verdict.correct for (key, _), verdict in zip(unflagged, verdicts)}
        for (id, index), row in rows:
            found[id].correct[index] = graded.get((id, index), row["correct"])
            if row["kind"] == kind and row["scores"] is not None:
                found[id].reward[index] = min(row["scores"], default=0.0)
    return found
