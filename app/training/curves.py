"""Training curves as columns: read by cursor, merged over attempts, smoothed and thinned. Knows
neither Streamlit nor Plotly.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from engine import store
from engine.store import Database

MOST_POINTS = 2000


@dataclass
class Curves:
    """The curves of one training, grown by what was logged since the last look."""

    job_id: str
    cursor: tuple[int, int] = (0, -1)
    """(attempt, step) read last."""
    n_steps: int = 0
    series: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    """name -> (steps, values), by step; of a step run twice the latest attempt counts."""

    def extend(self, db: Database) -> int:
        """Read the rows after the cursor. Returns: how many there were."""
        new = store.metrics.after(db, self.job_id, *self.cursor)
        if not len(new["step"]):
            return 0
        self.cursor = (int(new["attempt"][-1]), int(new["step"][-1]))
        self.n_steps = int(new["n_steps"][-1])
        for name in sorted(set(new["name"].tolist())):
            rows = new["name"] == name
            before = self.series.get(name, (np.empty(0, int), np.empty(0)))
            self.series[name] = merge(
                before, (np.asarray(new["step"][rows]), np.asarray(new["value"][rows]))
            )
        return len(new["step"])


def merge(
    before: tuple[np.ndarray, np.ndarray], new: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Two series as one by step; where both have a step, and where one has it twice, the later
    entry counts.
    """
    steps, values = (np.concatenate(both) for both in zip(before, new))
    unique, last = np.unique(steps[::-1], return_index=True)
    return unique, values[::-1][last]


def smooth(values: np.ndarray, weight: float) -> np.ndarray:
    """The exponential moving average with its bias towards zero at the start divided out.

    Args:
        values: shape (T,).
        weight: share of the past in [0, 1); 0 gives the values back.

    Source: the debiased average of Adam (Kingma and Ba 2015), as training boards use it.
    """
    if not weight:
        return values
    total, smoothed = 0.0, np.empty(len(values))
    for position, value in enumerate(values.tolist()):
        total = weight * total + (1 - weight) * value
        smoothed[position] = total / (1 - weight ** (position + 1))
    return smoothed


def thin(
    steps: np.ndarray, values: np.ndarray, *, most: int = MOST_POINTS
) -> tuple[np.ndarray, np.ndarray]:
    """At most so many of the points: the first, the last, and the least and the greatest of every
    stretch between.

    So no extreme is lost. A series that is short enough is given back as it is.
    """
    n = len(steps)
    if n <= most:
        return steps, values
    edges = np.linspace(1, n - 1, (most - 2) // 2 + 1).astype(int)
    indices = {0, n - 1}
    for low, high in pairwise(edges):
        indices |= {low + int(np.argmin(values[low:high])), low + int(np.argmax(values[low:high]))}
    rows = np.array(sorted(indices))
    return steps[rows], values[rows]
