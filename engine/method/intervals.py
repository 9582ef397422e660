"""Intervals for accuracies: Wilson for a share, the bootstrap over problems for means, differences
and ratios, Student's t over seeds.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import atan, cos, pi, sin, sqrt

import numpy as np
from numpy.typing import ArrayLike

Z_95 = 1.959963984540054
DRAWS_PER_COUNT = 30
"""One binomial count costs about as much as so many single draws."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Interval":
        """The same estimate in another unit; factor > 0."""
        return Interval(factor * self.value, factor * self.low, factor * self.high)


def wilson(n_correct: int, n: int) -> Interval:
    """The Wilson score interval of a share.

    Raises: ValueError for n < 1 or n_correct outside 0..n.

    >>> interval = wilson(8, 10)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.49, 0.943)

    Source: Wilson 1927.
    """
    if n < 1 or not 0 <= n_correct <= n:
        raise ValueError(
            f"{n_correct} correct of {n}: give at least one response and 0..n correct ones."
        )
    share, z2 = n_correct / n, Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def bootstrap_mean(values: np.ndarray, *, seed: int = 0, n_resamples: int = 10_000) -> Interval:
    """Mean over problems with its 95 % percentile interval from resampling problems with
    replacement.

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


def bootstrap_ratio(
    numerators: np.ndarray, denominators: np.ndarray, *, seed: int = 0, n_resamples: int = 2000
) -> Interval:
    """Sum over sum, with its 95 % percentile interval from resampling problems, both parts of a
    problem together.

    Args:
        numerators: one number per problem, shape (P,), P >= 1.
        denominators: likewise, each above 0.

    Raises: ValueError for no values or a denominator that is not above 0.

    Source: Efron and Tibshirani 1993, chapter 13.
    """
    above, below = (
        np.asarray(numerators, dtype=np.float64),
        np.asarray(denominators, dtype=np.float64),
    )
    if not above.size or (below <= 0).any():
        raise ValueError(
            "There is nothing to divide by: give at least one problem, and denominators above 0."
        )
    sums = _resampled_sums(above + 1j * below, seed, n_resamples)
    low, high = np.quantile(np.real(sums) / np.imag(sums), [0.025, 0.975])
    return Interval(float(above.sum() / below.sum()), float(low), float(high))


def student_t(values: ArrayLike) -> Interval:
    """Mean of a few independent values, such as one per seed, with its 95 % Student-t interval.

    Args:
        values: two or more numbers.

    Raises: ValueError for fewer.

    >>> interval = student_t([1.0, 2.0, 3.0])
    >>> round(interval.low, 3), round(interval.high, 3)
    (-0.484, 4.484)

    Source: Student 1908.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.size < 2:
        raise ValueError(f"{values.size} values have no spread: give one per seed, at least two.")
    mean, half = (
        float(values.mean()),
        _t_975(values.size - 1) * float(values.std(ddof=1)) / sqrt(values.size),
    )
    return Interval(mean, mean - half, mean + half)


@lru_cache(maxsize=64)
def _t_975(df: int) -> float:
    """The 97.5 % point of Student's t, by bisection of its distribution function.

    Source: Abramowitz and Stegun 26.7.3 and 26.7.4, the sums for whole degrees of freedom.
    """
    low, high = 1.0, 13.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, df) < 0.95 else (low, middle)
    return low


def _within(t: float, df: int) -> float:
    """P(|T| <= t)."""
    angle = atan(t / sqrt(df))
    is_odd, power = df % 2, cos(angle) if df % 2 else 1.0
    total, term = 0.0, power
    for k in range(1 + is_odd, df, 2):
        total += term
        term *= cos(angle) ** 2 * k / (k + 1)
    return 2 / pi * (angle + sin(angle) * total) if is_odd else sin(angle) * total


@lru_cache(maxsize=512)
def _bootstrap(raw: bytes, seed: int, n_resamples: int) -> Interval:
    values = np.frombuffer(raw, dtype=np.float64)
    means = _resampled_sums(values, seed, n_resamples) / values.size
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))


def _resampled_sums(values: np.ndarray, seed: int, n_resamples: int) -> np.ndarray:
    """Sums over P values drawn with replacement, shape (n_resamples,).

    How often each distinct value is drawn is multinomial, so where values repeat the counts are
    drawn and not the values.

    Args:
        values: one number per problem, shape (P,), P >= 1; a complex one carries two sums.
    """
    rng, n = np.random.default_rng(seed), len(values)
    distinct, n_of_each = np.unique(values, return_counts=True)
    has_repeats = len(distinct) * DRAWS_PER_COUNT <= n
    sums = np.empty(n_resamples, dtype=values.dtype)
    at_once = max(1, 4_000_000 // (len(distinct) if has_repeats else n))
    for start in range(0, n_resamples, at_once):
        part = slice(start, min(start + at_once, n_resamples))
        size = part.stop - part.start
        if has_repeats:
            sums[part] = rng.multinomial(n, n_of_each / n, size) @ distinct
        else:
            sums[part] = values[rng.integers(0, n, (size, n))].sum(axis=1)
    return sums
