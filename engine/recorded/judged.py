"""Verdicts of recorded responses, all of them: flags that came along count, what has none is graded
now.
"""

from collections.abc import Mapping

import numpy as np

from engine.grading import Grader
from engine.recorded.replay import Key, RecordedSet
from engine.types import Problem

AT_ONCE = 4096
"""Responses whose texts are held while they are graded."""


def judged(
    recorded: RecordedSet, problems: Mapping[str, Problem], grader: Grader
) -> dict[str, np.ndarray]:
    """Whether every recorded response of some problems is correct, by problem id, in the order of
    the recording: bool, shape (n,). Blocks while it grades what came without a flag.

    Raises: GradingError.
    """
    counts = recorded.counts()
    correct = {id: np.zeros(counts.get(id, 0), bool) for id in problems}
    keys: list[Key] = [(id, index) for id in problems for index in range(counts.get(id, 0))]
    for start in range(0, len(keys), AT_ONCE):
        rows = [
            row
            for part in recorded.rows(keys[start : start + AT_ONCE], ("text", "correct"))
            for row in part
        ]
        unflagged = [(key, row["text"]) for key, row in rows if row["correct"] is None]
        verdicts = grader.submit(
            [(problems[id].reference, text) for (id, _), text in unflagged]
        ).result()
        graded = {key: verdict.correct for (key, _), verdict in zip(unflagged, verdicts)}
        for (id, index), row in rows:
            correct[id][index] = graded.get((id, index), row["correct"])
    return correct
