"""Verdicts of recorded responses, all of them: flags that came along count, what has none is graded
now.
"""

from collections.abc import Mapping

import numpy as np

from engine.grading import Grader
from engine.grading.extraction import Extraction
from engine.recorded.replay import RecordedSet
from engine.types import Problem


def judged(
    recorded: RecordedSet,
    problems: Mapping[str, Problem],
    grader: Grader,
    rules: Extraction,
    *,
    n_first: Mapping[str, int],
) -> dict[str, np.ndarray]:
    """Whether the recorded responses of some problems are correct, by problem id, in the order of
    the recording: bool, shape (n,). Blocks while it grades what came without a flag. Texts of one
    row group are in memory.

    Args:
        n_first: how many of each problem's first responses are left out.

    Raises: GradingError.
    """
    counts = recorded.counts()
    correct = {id: np.zeros(max(counts.get(id, 0) - n_first[id], 0), bool) for id in problems}
    for rows in recorded.beyond({id: n_first[id] for id in problems}, ("text", "correct")):
        unflagged = [(key, row["text"]) for key, row in rows if row["correct"] is None]
        verdicts = grader.submit(
            [(problems[id].reference, text) for (id, _), text in unflagged], rules
        ).result()
        graded = {key: verdict.correct for (key, _), verdict in zip(unflagged, verdicts)}
        for (id, index), row in rows:
            correct[id][index - n_first[id]] = graded.get((id, index), row["correct"])
    return correct
