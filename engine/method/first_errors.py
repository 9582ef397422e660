"""Which step of a solution is the first wrong one: what a reward model's step scores say of it, and
how often that is right.

Pure. Source: ProcessBench (Zheng et al. 2024, arXiv 2412.06559, section 4): the first step below a
threshold is the one that is called wrong; accuracy on solutions with an error and on those without
one, and their harmonic mean, called F1 there. Intervals are Wilson's, which the paper has none of.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.method.intervals import Interval, wilson

NONE = -1
"""The label of a solution without an error."""
MAX_THRESHOLDS = 1_000


@dataclass(frozen=True, slots=True)
class FirstErrors:
    """How well first errors are found."""

    n_wrong: int
    """Solutions with an error."""
    n_right: int
    on_wrong: Interval | None
    """Share of those with an error whose first wrong step is found, to the step; None without."""
    on_right: Interval | None
    """Share of those without an error in which none is found; None without."""

    @property
    def f1(self) -> float | None:
        """The harmonic mean of the two shares; None where there is one kind of solution only."""
        if self.on_wrong is None or self.on_right is None:
            return None
        a, b = self.on_wrong.value, self.on_right.value
        return 2 * a * b / (a + b) if a + b else 0.0


def first_below(scores: Sequence[Sequence[float]], threshold: float) -> np.ndarray:
    """The first step of each solution whose score is below a threshold, NONE where there is none,
    int, shape (N,).

    >>> first_below([[0.9, 0.2, 0.1], [0.9, 0.5]], 0.5).tolist()
    [1, -1]
    """
    return _first_below(_padded(scores), threshold)


def first_errors(
    scores: Sequence[Sequence[float]], labels: ArrayLike, threshold: float
) -> FirstErrors:
    """The figures of N solutions.

    Args:
        scores: by solution, one number per step, infinite for one of which nothing is known.
        labels: the first wrong step of each, from 0, or NONE; shape (N,).

    >>> found = first_errors([[0.9, 0.2], [0.9, 0.8], [0.1, 0.9]], [1, -1, 1], 0.5)
    >>> found.on_wrong.value, found.on_right.value, round(found.f1, 3)
    (0.5, 1.0, 0.667)
    """
    labels = np.asarray(labels, dtype=np.int64)
    is_hit = _first_below(_padded(scores), threshold) == labels
    is_wrong = labels != NONE
    n_wrong, n_right = int(is_wrong.sum()), int((~is_wrong).sum())
    return FirstErrors(
        n_wrong,
        n_right,
        wilson(int((is_hit & is_wrong).sum()), n_wrong) if n_wrong else None,
        wilson(int((is_hit & ~is_wrong).sum()), n_right) if n_right else None,
    )


def best_threshold(scores: Sequence[Sequence[float]], labels: ArrayLike) -> float:
    """The threshold with the largest F1 of all scores, or of MAX_THRESHOLDS evenly spread among
    them where there are more; the middle one of equally good ones.

    Raises: ValueError where all solutions have an error, or none has one.
    """
    labels, padded = np.asarray(labels, dtype=np.int64), _padded(scores)
    is_wrong = labels != NONE
    if is_wrong.all() or not is_wrong.any():
        raise ValueError("A threshold is chosen on solutions of both kinds.")
    values = np.unique(padded[np.isfinite(padded)])
    cuts = np.append(values, np.nextafter(values[-1], np.inf))
    if len(cuts) > MAX_THRESHOLDS:
        cuts = cuts[np.linspace(0, len(cuts) - 1, MAX_THRESHOLDS).round().astype(np.int64)]
    f1 = np.array([_f1(_first_below(padded, cut) == labels, is_wrong) for cut in cuts])
    best = np.flatnonzero(f1 == f1.max())
    return float(cuts[best[len(best) // 2]])


def _f1(is_hit: np.ndarray, is_wrong: np.ndarray) -> float:
    a, b = is_hit[is_wrong].mean(), is_hit[~is_wrong].mean()
    return float(2 * a * b / (a + b)) if a + b else 0.0


def _first_below(padded: np.ndarray, threshold: float) -> np.ndarray:
    if not padded.size:
        return np.full(len(padded), NONE)
    is_below = padded < threshold
    return np.where(is_below.any(axis=1), is_below.argmax(axis=1), NONE)


def _padded(scores: Sequence[Sequence[float]]) -> np.ndarray:
    """Shape (N, most steps), infinite behind the last step of each."""
    padded = np.full((len(scores), max(map(len, scores), default=0)), np.inf)
    for row, own in zip(padded, scores):
        row[: len(own)] = own
    return padded
