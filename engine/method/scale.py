"""The range that process rewards are shown and cut in: [0, 1] for probabilities, else what the data
span in round numbers.

Pure. Ours: the paper's rewards are probabilities; those of the family implicit have no bounds.
"""

from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from numpy.typing import ArrayLike

STEPS = 1000
"""Thresholds stand on this many equal steps of a scale, both ends included."""
_TICKS = (1.0, 2.0, 5.0, 10.0)
_MOST_TICKS = 10


@dataclass(frozen=True, slots=True)
class Scale:
    """A range of rewards, low < high."""

    low: float = 0.0
    high: float = 1.0

    @property
    def digits(self) -> int:
        """Decimals of a step, 3 at least.

        >>> Scale().digits, Scale(-2.0, 0.5).digits, Scale(-0.02, 0.02).digits
        (3, 4, 5)
        """
        step = (self.high - self.low) / STEPS
        return next((n for n in range(3, 15) if abs(round(step, n) - step) < 1e-6 * step), 15)

    def edges(self) -> np.ndarray:
        """Every value that a threshold can have, rising, shape (STEPS + 1,)."""
        share = np.arange(STEPS + 1) / STEPS
        return np.round(self.low + (self.high - self.low) * share, self.digits)

    def value(self, share: float) -> float:
        """The value at a share of the range, on the nearest step."""
        return float(self.edges()[round(min(max(share, 0.0), 1.0) * STEPS)])

    def share(self, value: float) -> float:
        """Where a value stands, in [0, 1]; the nearest end for one outside.

        >>> Scale(-2.0, 2.0).share(0.0), Scale().share(7)
        (0.5, 1.0)
        """
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def within(self, value: float) -> float:
        """The nearest step: where a threshold can stand.

        >>> Scale(-1.5, 1.5).within(-0.025), Scale().within(0.6504)
        (-0.024, 0.65)
        """
        return self.value(self.share(value))

    def text(self, value: float) -> str:
        """A value in the decimals of a step."""
        return f"{value:.{self.digits}f}"


UNIT = Scale()
"""Of probabilities."""


def scale_of(values: ArrayLike, *, is_bounded: bool) -> Scale:
    """[0, 1] for probabilities; else the smallest range between round numbers that holds the
    values, NaN left out; (-1, 1) without any.

    >>> scale_of([0.2, -3.7, float("nan")], is_bounded=False)
    Scale(low=-4.0, high=0.5)
    """
    if is_bounded:
        return UNIT
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if not known.size:
        return Scale(-1.0, 1.0)
    low, high = float(known.min()), float(known.max())
    if low == high:
        around = max(abs(low), 1e-3)
        low, high = low - around, high + around
    tick = _tick(high - low)
    digits = max(0, ceil(-log10(tick) - 1e-9))
    first, last = floor(low / tick), ceil(high / tick)
    return Scale(round(first * tick, digits), round(last * tick, digits))


def _tick(span: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten of which _MOST_TICKS hold the span."""
    size = 10.0 ** floor(log10(span / _MOST_TICKS))
    return next(size * step for step in _TICKS if size * step * _MOST_TICKS >= span * (1 - 1e-9))
