"""Flows between difficulty classes: how the same held-out problems move from one evaluation to a
later one.
"""

from collections.abc import Mapping

import numpy as np

from engine.method.suggestions import confusion
from engine.types import Difficulty


def flows(before: Mapping[str, Difficulty], after: Mapping[str, Difficulty]) -> np.ndarray:
    """Problems by their class before (rows) and after (columns), int64, shape (3, 3), in the order
    of Difficulty.

    A problem that has a class in one evaluation only is left out: it was pending in the other.
    Training problems differ between iterations, so nothing flows there: give held-out problems.

    >>> before = {"a": Difficulty.BOUNDARY, "b": Difficulty.OUTLIER}
    >>> after = {"a": Difficulty.INLIER, "c": Difficulty.INLIER}
    >>> flows(before, after).tolist()
    [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    """
    shared = [id for id in before if id in after]
    return confusion(
        np.array([before[id] for id in shared], dtype=np.int64),
        np.array([after[id] for id in shared], dtype=np.int64),
    )
