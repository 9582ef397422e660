"""What the difficulty plot draws, as compact columns: one strip per accuracy value, one point per
problem.

It must not know Streamlit, the store, or what a response is: counts and rewards come in as columns.
Source: HS-STaR, reward-guided difficulty estimation (the strict inequalities phi_r > tau_h and
phi_r < tau_l).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike
from pandas.util import hash_array

STEPS = 1000
"""Thresholds are whole thousandths, so a table of 1,001 counts answers every one of them
exactly.
"""
CODES_PER_STEP = 64
MAX_STRIPS = 9
MAX_TEXTS = 20_000
TEXT_CHARS = 160


@dataclass(frozen=True, slots=True, eq=False)
class PlotData:
    """One data set, ready to be sent to the browser. Rows keep the order of the input columns."""

    span: tuple[float, float, int]
    """Lowest and highest reward that is shown, and the decimals of a thousandth of that range."""
    version: str
    """Content hash: equal for equal columns, so that points travel once."""
    pair: np.ndarray
    """Unsigned [n]: index into `pairs`."""
    x: np.ndarray
    """uint16 [n]: place across the strip, a hash of the problem id."""
    y: np.ndarray
    """uint16 [n]: process reward in 64,000ths of the span; a multiple of 64 only where phi_r is
    that thousandth exactly.
    """
    pairs: tuple[tuple[int, int, int], ...]
    """The distinct (correct responses, responses, strip)."""
    labels: tuple[str, ...]
    """One per strip, from all wrong to all right."""
    counts: tuple[int, ...]
    """Problems per strip."""
    tables: dict[str, dict[str, list[int]]]
    """By mode ("both", "reward"): `above[k]` problems have phi_r above k thousandths of the span,
    `below[k]` below.
    """
    texts: tuple[str, ...] | None
    """Start of each question for the tooltip; None above 20,000 problems."""

    @property
    def n(self) -> int:
        """Problems drawn."""
        return len(self.y)

    def share(self, reward: float) -> float:
        """Where a reward stands in the span, 0 to 1."""
        low, high, _ = self.span
        return (reward - low) / (high - low)

    def reward(self, share: float) -> float:
        """The reward at a share of the span, on the nearest thousandth."""
        return float(_edges(self.span)[round(share * STEPS)])


def plot_data(
    n_correct: ArrayLike,
    n: ArrayLike,
    phi_r: ArrayLike,
    ids: Sequence[str],
    texts: Sequence[str] | None = None,
    span: tuple[float, float, int] = (0.0, 1.0, 3),
) -> PlotData:
    """Turn the columns of N classified problems into what the browser draws.

    `n_correct` [N] and `n` [N] or one number count responses, `phi_r` [N] lies in the span, `ids`
    [N] are problem ids, `texts` [N] the questions, kept only up to 20,000 problems. N = 0 is
    allowed. The caller caches the result: a million rows take about a second.

    Raises:
        ValueError: columns of unequal length, a count outside 0..n, or a process reward outside
            the span.
    """
    correct, total, reward = _checked(n_correct, n, phi_r, ids, texts, span)
    key = correct * (int(total.max(initial=0)) + 1) + total
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    distinct = [(int(correct[i]), int(total[i])) for i in first]
    strip_of_pair, labels = _strips(distinct)
    pair = inverse.astype(np.min_scalar_type(max(len(distinct) - 1, 0)))
    strip = np.asarray(strip_of_pair, dtype=np.intp)[pair] if distinct else np.zeros(0, np.intp)
    y = _reward_codes(reward, span)
    # pandas.util gives its names away lazily, as objects of no type
    identity: np.ndarray = hash_array(  # pyright: ignore[reportCallIssue]
        np.asarray(ids, dtype=object), categorize=False
    )
    short_texts = _shortened(texts, len(y))
    pairs = tuple((c, t, s) for (c, t), s in zip(distinct, strip_of_pair, strict=True))
    return PlotData(
        span=span,
        version=_version(pair, y, identity, (pairs, labels, span), short_texts),
        pair=pair,
        x=(identity >> np.uint64(48)).astype(np.uint16),
        y=y,
        pairs=pairs,
        labels=labels,
        counts=tuple(np.bincount(strip, minlength=len(labels)).tolist()),
        tables={
            "both": _count_tables(y[strip == len(labels) - 1], y[strip == 0]),
            "reward": _count_tables(y, y),
        },
        texts=short_texts,
    )


def _shortened(texts: Sequence[str] | None, n: int) -> tuple[str, ...] | None:
    if texts is None or n > MAX_TEXTS:
        return None
    return tuple(str(text)[:TEXT_CHARS] for text in texts)


def _checked(
    n_correct: ArrayLike,
    n: ArrayLike,
    phi_r: ArrayLike,
    ids: Sequence[str],
    texts: Sequence[str] | None,
    span: tuple[float, float, int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    correct = np.asarray(n_correct, dtype=np.int64)
    reward = np.asarray(phi_r, dtype=np.float64)
    total = (
        np.broadcast_to(np.asarray(n, dtype=np.int64), correct.shape)
        if np.ndim(n) == 0
        else np.asarray(n, np.int64)
    )
    lengths = {"n_correct": len(correct), "n": len(total), "phi_r": len(reward), "ids": len(ids)}
    if texts is not None:
        lengths["texts"] = len(texts)
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"The plot's columns must have one entry per problem, but their lengths are {lengths}."
        )
    if np.any((total < 1) | (correct < 0) | (correct > total)):
        row = int(np.argmax((total < 1) | (correct < 0) | (correct > total)))
        raise ValueError(
            f"n_correct is {correct[row]} of n = {total[row]} in row {row}; allowed is 0 <="
            " n_correct <= n with n >= 1. Leave out problems without graded responses."
        )
    is_shown = (reward >= span[0]) & (reward <= span[1])
    if not np.all(is_shown):
        row = int(np.argmin(is_shown))
        raise ValueError(
            f"phi_r is {reward[row]} in row {row}; allowed is {span[0]:g} to {span[1]:g}. Leave out"
            " problems that are still pending."
        )
    return correct, total, reward


def _strips(pairs: list[tuple[int, int]]) -> tuple[list[int], tuple[str, ...]]:
    """The strip of every distinct (correct, n), and the strips' labels.

    With one n, every k/n has its strip, empty or not, so that plots of two iterations line up. More
    than nine values: all wrong, seven equal ranges of the mixed values (each without its lower
    end), all right.
    """
    totals = {t for _, t in pairs}
    if len(totals) == 1:
        size = totals.pop()
        values = [Fraction(k, size) for k in range(size + 1)]
        names = [f"{k}/{size}" for k in range(size + 1)]
    else:
        values = sorted({Fraction(0), Fraction(1), *(Fraction(c, t) for c, t in pairs)})
        names = [str(value) for value in values]
    if len(values) <= MAX_STRIPS:
        place = {value: i for i, value in enumerate(values)}
        return [place[Fraction(c, t)] for c, t in pairs], ("0", *names[1:-1], "1")
    bins = MAX_STRIPS - 2
    strips = [0 if c == 0 else MAX_STRIPS - 1 if c == t else -(-c * bins // t) for c, t in pairs]
    return strips, ("0", *(f"{i / bins:.2f}–{(i + 1) / bins:.2f}" for i in range(bins)), "1")


def _edges(span: tuple[float, float, int]) -> np.ndarray:
    """Every threshold that there is, rising."""
    low, high, digits = span
    return np.round(low + (high - low) * (np.arange(STEPS + 1) / STEPS), digits)


def _reward_codes(reward: np.ndarray, span: tuple[float, float, int]) -> np.ndarray:
    """uint16 codes that compare with every threshold of k thousandths (as 64 k) exactly as the
    float64 rewards do.

    Plain rounding would put a reward that equals a threshold on one side of it; ties must go to
    Boundary.
    """
    edges, (low, high, _) = _edges(span), span
    step = np.searchsorted(edges, reward, side="right") - 1
    base = step * CODES_PER_STEP
    near = np.rint((reward - low) / (high - low) * STEPS * CODES_PER_STEP)
    between = np.clip(near, base + 1, base + CODES_PER_STEP - 1)
    return np.where(reward == edges[step], base, between).astype(np.uint16)


def _count_tables(can_be_inlier: np.ndarray, can_be_outlier: np.ndarray) -> dict[str, list[int]]:
    def at_most(codes: np.ndarray) -> np.ndarray:
        return np.cumsum(np.bincount(codes, minlength=STEPS * CODES_PER_STEP + 1))

    edges = np.arange(STEPS + 1) * CODES_PER_STEP
    above = len(can_be_inlier) - at_most(can_be_inlier)[edges]
    below = np.concatenate([[0], at_most(can_be_outlier)[edges[1:] - 1]])
    return {"above": above.tolist(), "below": below.tolist()}


def _version(pair, y, identity, tables, texts) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for column in (pair, y, identity):
        digest.update(np.ascontiguousarray(column).data)
    digest.update(repr((pair.dtype.str, *tables)).encode())
    if texts is not None:
        digest.update("\0".join(texts).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
