"""Intervals for accuracies: Wilson for a share, the bootstrap over problems for means and paired differences."""

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(n_correct: int, n: int) -> Interval:
    """The Wilson score interval of a share.

    Raises: ValueError for n < 1 or n_correct outside 0..n.

    >>> interval = wilson(8, 10)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.49, 0.943)

    Source: Wilson 1927.
    """
    if n < 1 or not 0 <= n_correct <= n:
        raise ValueError(f"{n_correct} correct of {n}: give at least one response and 0..n correct ones.")
    share, z2 = n_correct / n, Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def bootstrap_mean(values: np.ndarray, *, seed: int = 0, n_resamples: int = 10_000) -> Interval:
    """Mean over problems with its 95 % percentile interval from resampling problems with replacement.

    Give paired differences per problem to get the interval of a paired difference.

    Args:
        values: one number per problem, shape (P,), P >= 1.

    Raises: ValueError for no values.

    Source: Efron and Tibshirani 1993, chapter 13.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.size == 0:
        raise ValueError("There are no values to resample: give at least one problem.")
    return _bootstrap(values.tobytes(), seed, n_resamples)


@lru_cache(maxsize=512)
def _bootstrap(raw: bytes, seed: int, n_resamples: int) -> Interval:
    values = np.frombuffer(raw, dtype=np.float64)
    rng = np.random.default_rng(seed)
    means = np.empty(n_resamples)
    rows_at_once = max(1, 4_000_000 // values.size)
    for start in range(0, n_resamples, rows_at_once):
        stop = min(start + rows_at_once, n_resamples)
        means[start:stop] = values[rng.integers(0, values.size, (stop - start, values.size))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))
