"""Thresholds suggested from the data, and how well classes agree with the reference label.

Ours: the paper gives presets for one policy only (docs/method.md, section 1.2). The reference label
of a problem comes from exactly 12 held-out responses of the same policy, never from the
pre-samples; labels depend on that number.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import ConfigError
from engine.method.difficulty import classify
from engine.method.intervals import Interval, wilson
from engine.method.scale import UNIT, Scale
from engine.method.signals import columns
from engine.types import Difficulty, Mode

N_LABEL = 12
"""Held-out responses per problem that the reference label is made of."""

_ROWS = 2_000_000  # resampled values held at once


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two thresholds with the intervals that resampling problems gives them."""

    tau_l: Interval
    tau_h: Interval
    agreement: float | None
    """Share of the given reference labels that these thresholds meet, on the problems they were
    chosen on; None without labels.
    """
    n_all_wrong: int
    """Problems that tau_l was read from; with 0 of them it is the scale's low end and cuts nothing.
    """
    n_all_correct: int
    """Problems that tau_h was read from; with 0 of them it is the scale's high end and cuts
    nothing.
    """


def quantile_thresholds(
    n_correct: ArrayLike,
    n: ArrayLike,
    phi_r: ArrayLike,
    *,
    share_l: float = 0.5,
    share_h: float = 0.5,
    scale: Scale = UNIT,
    seed: int = 0,
    n_resamples: int = 1000,
) -> Suggestion:
    """Thresholds that cut given shares of the two strips they act on: half of each unless told
    otherwise.

    tau_l is the highest observed value with no more than share_l of the all-wrong problems below
    it, tau_h the lowest with no more than share_h of the all-correct ones above it. Where tau_l
    comes out above tau_h it is lowered to it.

    Args:
        n_correct, n, phi_r: of every problem, as for classify; phi_r may be NaN on mixed problems.
        share_l, share_h: in [0, 1].
        scale: what rewards lie in; its ends are the thresholds that cut nothing.
        seed: of the bootstrap over each strip's problems, 95 % percentile intervals.

    Raises: ConfigError as classify does, and for a share outside [0, 1].

    Source: ours.
    """
    for name, share in (("share_l", share_l), ("share_h", share_h)):
        if not 0 <= share <= 1:
            raise ConfigError(f"{name} is {share}: the share of a strip to cut lies in [0, 1].")
    n_correct, n, phi_r = _signals(n_correct, n, phi_r, "both")
    low, high = np.sort(phi_r[n_correct == 0]), -np.sort(-phi_r[n_correct == n])
    rng = np.random.default_rng(seed)
    tau_l, spread_l = (
        _order_statistic(low, share_l, rng, n_resamples)
        if len(low)
        else (scale.low, np.full(n_resamples, scale.low))
    )
    tau_h, spread_h = (
        _order_statistic(high, share_h, rng, n_resamples)
        if len(high)
        else (scale.high, np.full(n_resamples, scale.high))
    )
    point, spread = (
        np.array([min(tau_l, tau_h), tau_h]),
        np.stack([np.minimum(spread_l, spread_h), spread_h], axis=1),
    )
    return Suggestion(*_intervals(point, spread), None, len(low), len(high))


def best_thresholds(
    n_correct: ArrayLike,
    n: ArrayLike,
    phi_r: ArrayLike,
    labels: ArrayLike,
    *,
    mode: Mode = "both",
    scale: Scale = UNIT,
    seed: int = 0,
    n_resamples: int = 1000,
) -> Suggestion:
    """The pair of thresholds that meets the most reference labels: exact search over the distinct
    values of phi_r and their midpoints.

    The agreement was maximised on these problems, so on others expect less. Ties go to Boundary:
    the highest tau_h, then the lowest tau_l.

    Args:
        n_correct, n, phi_r: of the calibration subset's pre-samples, as for classify.
        labels: reference labels, shape (P,), P >= 1.
        mode: "both" or "reward".
        scale: what rewards lie in; its ends are tried too.
        seed: of the bootstrap over problems, 95 % percentile intervals.

    Raises: ConfigError as classify does, for mode "accuracy", which has no thresholds, and for no
    problems or labels that do not fit.

    Source: ours.
    """
    if mode not in ("both", "reward"):
        raise ConfigError(f'mode is "{mode}": only "both" and "reward" have thresholds to choose.')
    n_correct, n, phi_r = _signals(n_correct, n, phi_r, mode)
    labels = _classes("labels", labels)
    if labels.shape != n_correct.shape or not len(labels):
        raise ConfigError(
            f"There are {len(labels)} labels for {len(n_correct)} problems: give one per problem,"
            " and at least one."
        )
    everywhere = mode == "reward"
    in_l, in_h = (n_correct == 0) | everywhere, (n_correct == n) | everywhere
    values = np.unique(np.concatenate([[scale.low, scale.high], phi_r[in_l | in_h]]))
    taus = np.unique(np.concatenate([values, (values[1:] + values[:-1]) / 2]))
    boundary = labels == Difficulty.BOUNDARY
    gain_l = np.where(in_l, (labels == Difficulty.OUTLIER).astype(int) - boundary, 0)
    gain_h = np.where(in_h, (labels == Difficulty.INLIER).astype(int) - boundary, 0)
    at = np.searchsorted(taus, np.where(np.isnan(phi_r), taus[0], phi_r))
    order = np.argsort(at, kind="stable")
    ends = np.searchsorted(at[order], np.arange(len(taus) + 1))
    parts = taus, ends, gain_l[order], gain_h[order]
    point, met = _search(np.ones((1, len(labels)), dtype=np.int64), *parts)
    rng = np.random.default_rng(seed)
    batches = _batches(n_resamples, len(labels))
    spread = np.concatenate(
        [_search(_resampled(rng, n_rows, len(labels))[:, order], *parts)[0] for n_rows in batches]
    )
    agreed = float(met[0] + boundary.sum()) / len(labels)
    return Suggestion(*_intervals(point[0], spread), agreed, int(in_l.sum()), int(in_h.sum()))


def likeliest_thresholds(
    n_correct: ArrayLike,
    n: ArrayLike,
    phi_r: ArrayLike,
    chances: np.ndarray,
    *,
    mode: Mode = "both",
    scale: Scale = UNIT,
) -> tuple[float, float, float]:
    """(tau_l, tau_h, expected agreement): the pair that is expected to meet the most reference
    labels where nobody has drawn any. Exact search; ties as in best_thresholds.

    Args:
        n_correct, n, phi_r: of every problem's pre-samples, as for classify; P >= 1.
        chances: of the labels Inlier, Boundary and Outlier, float, shape (P, 3): the posterior's.
        mode: "both" or "reward".

    Raises: ConfigError as classify does.

    Source: ours.
    """
    n_correct, n, phi_r = _signals(n_correct, n, phi_r, mode)
    in_l, in_h = (n_correct == 0) | (mode == "reward"), (n_correct == n) | (mode == "reward")
    values = np.unique(np.concatenate([[scale.low, scale.high], phi_r[in_l | in_h]]))
    taus = np.unique(np.concatenate([values, (values[1:] + values[:-1]) / 2]))
    inlier, boundary, outlier = chances.T
    gain_l, gain_h = (np.where(i, c - boundary, 0) for i, c in ((in_l, outlier), (in_h, inlier)))
    at = np.searchsorted(taus, np.where(np.isnan(phi_r), taus[0], phi_r))
    order = np.argsort(at, kind="stable")
    ends = np.searchsorted(at[order], np.arange(len(taus) + 1))
    one = np.ones((1, len(n)), dtype=np.int64)
    point, gain = _search(one, taus, ends, gain_l[order], gain_h[order])
    tau_l, tau_h = point[0].tolist()
    return tau_l, tau_h, float(boundary.sum() + gain[0]) / len(n)


def reference_labels(n_correct: ArrayLike, n: int = N_LABEL) -> np.ndarray:
    """The reference label from n held-out responses: all correct Inlier, none Outlier, else
    Boundary.

    Args:
        n_correct: integers in 0..n, shape (P,).

    Returns:
        int8, shape (P,).

    Raises: ConfigError for counts outside 0..n.

    >>> reference_labels([12, 11, 1, 0]).tolist()
    [0, 1, 1, 2]

    Source: ours, docs/method.md, section 1.2.
    """
    return classify(n_correct, n, None, tau_l=0, tau_h=1, mode="accuracy")


def confusion(predicted: ArrayLike, reference: ArrayLike) -> np.ndarray:
    """Problems by predicted class (rows) and reference class (columns), int64, shape (3, 3).

    Raises: ConfigError for classes outside 0..2 or shapes that differ.

    >>> confusion([0, 1, 1], [0, 1, 2]).tolist()
    [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    """
    predicted, reference = _classes("predicted", predicted), _classes("reference", reference)
    if predicted.shape != reference.shape:
        raise ConfigError(
            f"There are {len(predicted)} predicted and {len(reference)} reference classes: give one"
            " of each per problem."
        )
    size = len(Difficulty)
    return np.bincount(predicted * size + reference, minlength=size * size).reshape(size, size)


def agreement(predicted: ArrayLike, reference: ArrayLike) -> Interval:
    """Share of problems whose class is the reference's, with its 95 % Wilson interval.

    Raises: ConfigError as confusion does, and for no problems.

    >>> agreement([0, 1, 1, 2], [0, 1, 2, 2]).value
    0.75
    """
    table = confusion(predicted, reference)
    if not table.any():
        raise ConfigError("There are no problems to compare: label at least one.")
    return wilson(int(np.trace(table)), int(table.sum()))


def _signals(
    n_correct: ArrayLike, n: ArrayLike, phi_r: ArrayLike, mode: Mode
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Checked as classify checks them, NaN where the mode uses it included."""
    classify(n_correct, n, phi_r, tau_l=0, tau_h=1, mode=mode)
    return columns(n_correct, n, phi_r, mode)


def _classes(name: str, values: ArrayLike) -> np.ndarray:
    values = np.asarray(values)
    if values.size and (
        not np.issubdtype(values.dtype, np.integer)
        or values.min() < 0
        or values.max() >= len(Difficulty)
    ):
        raise ConfigError(
            f"{name} holds something that is not a difficulty class: use 0 Inlier, 1 Boundary, 2"
            " Outlier."
        )
    return values.astype(np.int64).ravel()


def _order_statistic(
    values: np.ndarray, share: float, rng: np.random.Generator, n_resamples: int
) -> tuple[float, np.ndarray]:
    """The value with this share of the ordered values before it, and what it is in each resample of
    as many values.

    The k-th of N draws with replacement is the value at floor(N U) with U the k-th smallest of N
    uniform numbers, a Beta(k, N - k + 1): one draw instead of N.
    """
    size = len(values)
    k = min(int(Fraction(str(share)) * size) + 1, size)
    drawn = np.minimum((size * rng.beta(k, size - k + 1, n_resamples)).astype(np.int64), size - 1)
    return float(values[k - 1]), values[drawn]


def _search(
    counts: np.ndarray,
    taus: np.ndarray,
    ends: np.ndarray,
    gain_l: np.ndarray,
    gain_h: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The best pair of thresholds for each row of counts, and the labels met beyond those that
    Boundary for all would meet.

    Args:
        counts: how often each problem counts, shape (B, P), the problems sorted by phi_r.
        taus: candidates, rising, shape (U,); ends: where their problems begin, and P, shape (U +
            1,).
        gain_l, gain_h: labels gained where a problem is below tau_l or above tau_h, shape (P,).

    Returns:
        (tau_l, tau_h), shape (B, 2), tau_l <= tau_h; the gain, shape (B,).
    """
    below = _sums(counts * gain_l)[:, ends[:-1]]
    up_to = _sums(counts * gain_h)
    lowest_best = np.maximum.accumulate(below, axis=1)
    total = up_to[:, -1:] - up_to[:, ends[1:]] + lowest_best
    index_h = total.shape[1] - 1 - np.argmax(total[:, ::-1], axis=1)
    rows = np.arange(len(counts))
    index_l = np.argmax(below >= lowest_best[rows, index_h][:, None], axis=1)
    return np.stack([taus[index_l], taus[index_h]], axis=1), total[rows, index_h]


def _sums(table: np.ndarray) -> np.ndarray:
    """Running sums along the rows with a 0 in front, shape (B, P + 1)."""
    return np.concatenate(
        [np.zeros((len(table), 1), dtype=table.dtype), np.cumsum(table, axis=1)], axis=1
    )


def _resampled(rng: np.random.Generator, n_rows: int, size: int) -> np.ndarray:
    """How often each of size problems is drawn in a resample, shape (n_rows, size)."""
    return rng.multinomial(size, np.full(size, 1 / size), size=n_rows)


def _batches(n_resamples: int, size: int) -> list[int]:
    at_once = max(1, _ROWS // size)
    return [min(at_once, n_resamples - start) for start in range(0, n_resamples, at_once)]


def _intervals(point: np.ndarray, spread: np.ndarray) -> tuple[Interval, Interval]:
    low, high = np.quantile(spread, [0.025, 0.975], axis=0)
    tau_l, tau_h = (Interval(*map(float, ends)) for ends in zip(point, low, high))
    return tau_l, tau_h
