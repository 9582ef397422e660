"""How well a reward tells right responses from wrong ones: the area under its ROC curve, its
calibration, and how often it contradicts the verdict.

Pure. The reward is that of a response, S(r), and the truth is its verdict; no threshold is fitted.
Sources: Hanley and McNeil 1982 (area, ties counted half); Niculescu-Mizil and Caruana 2005
(reliability by bins); Guo et al. 2017 (expected calibration error).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.method.intervals import Interval, wilson

N_BINS = 10
N_RESAMPLES = 200
MAX_RESAMPLED = 100_000
"""Responses above which the interval comes from the problems of the first so many: half a minute
would pass otherwise.
"""
BAD_STEP = 0.5
"""A step below this is called bad by its reward model."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Responses whose reward lies in [low, high), the last bin with its end."""

    low: float
    high: float
    n: int
    mean_reward: float
    correct: Interval
    """Share of correct ones, Wilson's interval."""


@dataclass(frozen=True, slots=True)
class RewardQuality:
    """What one reward model's rewards say about verdicts."""

    n: int
    n_correct: int
    auc: Interval | None
    """Probability that a correct response has a higher reward than a wrong one, ties half, with the
    interval from resampling problems; None where all are correct, or all wrong.
    """
    doubted: Interval | None
    """Share of the correct responses with a bad step; None without a correct one."""
    trusted: Interval | None
    """Share of the wrong responses without one; None without a wrong one."""
    bins: tuple[Bin, ...]
    """Of the bins that hold responses, in order; empty where rewards are no probabilities."""
    calibration_error: float | None
    """Mean distance of reward and share correct over bins, by their responses; None as bins."""


def quality(
    rewards: ArrayLike,
    correct: ArrayLike,
    problems: ArrayLike,
    *,
    worst_steps: ArrayLike | None = None,
    bad_below: float = BAD_STEP,
    is_bounded: bool = True,
    seed: int = 0,
) -> RewardQuality:
    """The figures of N responses.

    Args:
        rewards: shape (N,), finite, N >= 1.
        correct: verdicts, shape (N,).
        problems: which problem each response answers, shape (N,); responses of one problem are
            resampled together.
        worst_steps: the lowest score of a step of each, shape (N,); None where rewards are these.
        bad_below: a step below this is bad, and doubts its response.
        is_bounded: rewards are probabilities; else nothing is calibrated.

    Raises: ValueError for no responses, shapes that differ, or a reward that is no number.
    """
    rewards, correct = np.asarray(rewards, dtype=np.float64), np.asarray(correct, dtype=bool)
    problems = np.asarray(problems)
    if not rewards.size or not rewards.shape == correct.shape == problems.shape:
        raise ValueError("Give one reward, verdict and problem per response, of at least one.")
    if not np.isfinite(rewards).all():
        raise ValueError("A reward is no finite number: leave responses without one out.")
    n_right = int(correct.sum())
    n_wrong = rewards.size - n_right
    is_bad = (rewards if worst_steps is None else np.asarray(worst_steps)) < bad_below
    n_doubted, n_trusted = int((correct & is_bad).sum()), int((~correct & ~is_bad).sum())
    bins = _bins(rewards, correct) if is_bounded else ()
    return RewardQuality(
        rewards.size,
        n_right,
        _auc_interval(rewards, correct, problems, seed) if n_right and n_wrong else None,
        wilson(n_doubted, n_right) if n_right else None,
        wilson(n_trusted, n_wrong) if n_wrong else None,
        bins,
        sum(b.n * abs(b.mean_reward - b.correct.value) for b in bins) / rewards.size
        if bins
        else None,
    )


def auc(rewards: ArrayLike, correct: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Area under the ROC curve, ties counted half; NaN where all weight is on one side.

    Args:
        rewards: shape (N,).
        correct: shape (N,).
        weights: how often each response counts, shape (N,); None: once.

    >>> auc([0.9, 0.5, 0.5, 0.1], [True, True, False, False])
    0.875
    """
    rewards, correct = np.asarray(rewards, dtype=np.float64), np.asarray(correct, dtype=bool)
    counts = np.ones(rewards.size) if weights is None else np.asarray(weights, dtype=np.float64)
    return _weighted_auc(*_ranked(rewards, correct), counts)


def _ranked(rewards: np.ndarray, correct: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(order by reward, verdicts in that order, where each run of equal rewards begins)."""
    order = np.argsort(rewards, kind="stable")
    starts = np.flatnonzero(np.diff(rewards[order], prepend=-np.inf))
    return order, correct[order], starts


def _weighted_auc(
    order: np.ndarray, correct: np.ndarray, starts: np.ndarray, counts: np.ndarray
) -> float:
    counts = counts[order]
    right = np.add.reduceat(np.where(correct, counts, 0.0), starts)
    wrong = np.add.reduceat(np.where(correct, 0.0, counts), starts)
    below = np.cumsum(wrong) - wrong
    total = right.sum() * wrong.sum()
    return float((right * (below + wrong / 2)).sum() / total) if total else float("nan")


def _auc_interval(
    rewards: np.ndarray, correct: np.ndarray, problems: np.ndarray, seed: int
) -> Interval:
    value = auc(rewards, correct)
    some = slice(MAX_RESAMPLED)
    _, which = np.unique(problems[some], return_inverse=True)
    ranked, rng = _ranked(rewards[some], correct[some]), np.random.default_rng(seed)
    n_problems = int(which.max()) + 1
    drawn = [
        _weighted_auc(*ranked, rng.multinomial(n_problems, [1 / n_problems] * n_problems)[which])
        for _ in range(N_RESAMPLES)
    ]
    low, high = np.nanquantile(drawn, [0.025, 0.975]) if not np.isnan(drawn).all() else (value,) * 2
    return Interval(value, float(low), float(high))


def _bins(rewards: np.ndarray, correct: np.ndarray) -> tuple[Bin, ...]:
    if rewards.min() < 0 or rewards.max() > 1:
        return ()
    place = np.minimum((rewards * N_BINS).astype(np.int64), N_BINS - 1)
    n = np.bincount(place, minlength=N_BINS)
    sums = np.bincount(place, rewards, minlength=N_BINS)
    n_right = np.bincount(place, correct, minlength=N_BINS)
    return tuple(
        Bin(
            b / N_BINS,
            (b + 1) / N_BINS,
            int(n[b]),
            float(sums[b] / n[b]),
            wilson(int(n_right[b]), int(n[b])),
        )
        for b in range(N_BINS)
        if n[b]
    )
