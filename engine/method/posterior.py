"""Ours, beyond the paper: the posterior of every problem's pass rate, its difficulty class, and the
pairs more responses would give.

Follows docs/method.md, section 5. A pass rate is Beta by the prior of engine.method.prior; its
counts of correct and wrong responses are added to the Beta's two parameters; everything asked of it
is then an exact Beta-binomial sum.
"""

from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import ConfigError
from engine.method.prior import FEW, fit_prior
from engine.method.signals import columns
from engine.types import Difficulty

__all__ = [
    "FEW",
    "Estimate",
    "expected_pairs",
    "mean_and_variance",
    "posterior",
    "posterior_classes",
    "posterior_shapes",
]


class Estimate(TypedDict):
    """What posterior says of every problem, float64 of shape (P,) each."""

    p_inlier: np.ndarray
    p_boundary: np.ndarray
    p_outlier: np.ndarray
    expected_pairs: np.ndarray
    fitted: bool
    """Of all problems together: False below FEW of them."""


def posterior(
    n_correct: ArrayLike,
    n: ArrayLike,
    phi_r: ArrayLike | None,
    *,
    m_label: int = 12,
    m_more: ArrayLike,
) -> Estimate:
    """What both signals say of every problem: probabilities of the three classes, and expected
    preference pairs.

    Args:
        n_correct: correct pre-samples, integers, shape (P,).
        n: pre-samples, integers >= 1, shape (P,) or a scalar.
        phi_r: mean over the pre-samples of the minimum step score, floats, shape (P,). NaN where a
            problem has none; None where no problem has one. Where one lies outside [0, 1] they are
            no probabilities, and their ranks stand for them.
        m_label: responses that the reference label is made of, >= 1.
        m_more: further responses per problem, integers >= 0, a scalar or shape (P,).

    Returns:
        float64, shape (P,): p_inlier = E[p^m_label], p_outlier = E[(1 - p)^m_label], p_boundary the
        rest, and expected_pairs = E[min(#correct, #wrong)] over the pre-samples and m_more further
        responses. "fitted" is a bool: False below FEW problems, where the prior is the weak
        Beta(1/2, 1/2) whatever phi_r says; classify with mode "both" then. A million problems with
        16 further responses each take about a second on one core.

    Raises: ConfigError for counts, shapes, phi_r, m_label or m_more outside what is said above.

    >>> few = posterior([2, 0], 2, None, m_label=1, m_more=1)
    >>> few["p_inlier"].round(3).tolist(), few["expected_pairs"].round(3).tolist(), few["fitted"]
    ([0.833, 0.167], [0.167, 0.167], False)

    Source: docs/method.md, section 5.
    """
    alpha, beta, fitted = posterior_shapes(n_correct, n, phi_r)
    if m_label < 1:
        raise ConfigError(
            f"m_label is {m_label}: a reference label is made of at least 1 response."
        )
    p_inlier, p_outlier = (
        _all_of(alpha, alpha + beta, m_label),
        _all_of(beta, alpha + beta, m_label),
    )
    return {
        "p_inlier": p_inlier,
        "p_boundary": np.maximum(1 - p_inlier - p_outlier, 0),
        "p_outlier": p_outlier,
        "expected_pairs": expected_pairs(alpha, beta, n_correct, n, m_more),
        "fitted": fitted,
    }


def posterior_shapes(
    n_correct: ArrayLike, n: ArrayLike, phi_r: ArrayLike | None, *, least: int | None = None
) -> tuple[np.ndarray, np.ndarray, bool]:
    """(alpha, beta, fitted): the Beta posterior of every pass rate, shape (P,) each; arguments and
    errors as for posterior.

    Args:
        least: problems from which on a prior is fitted to their counts; None for FEW.
    """
    n_correct, n, phi_r = columns(n_correct, n, phi_r, "accuracy")
    if np.isinf(phi_r).any():
        row = int(np.flatnonzero(np.isinf(phi_r))[0])
        raise ConfigError(
            f"phi_r is {phi_r[row]} in row {row}: a process reward is a finite number, or NaN where"
            " there is none."
        )
    phi_r = _as_shares(phi_r)
    prior = fit_prior(n_correct, n, phi_r, least=least)
    alpha, beta = prior.shapes(n, phi_r)
    return alpha + n_correct, beta + (n - n_correct), prior.fitted


def mean_and_variance(
    n_correct: ArrayLike, n: ArrayLike, phi_r: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray]:
    """E[p] and E[p (1 - p)] of every pass rate under its posterior, shape (P,) each; arguments and
    errors as for posterior. The second is the expected variance of one response's reward.

    >>> mean, variance = mean_and_variance([1], 1, None)
    >>> float(mean[0]), float(variance[0])
    (0.75, 0.125)
    """
    alpha, beta, _ = posterior_shapes(n_correct, n, phi_r)
    strength = alpha + beta
    return alpha / strength, alpha * beta / (strength * (strength + 1))


def _as_shares(phi_r: np.ndarray) -> np.ndarray:
    """Rewards as they are where all lie in [0, 1], else the middle of each one's ranks among all,
    in (0, 1). NaN stays.

    >>> _as_shares(np.array([-3.0, np.nan, 2.0, 2.0])).round(3).tolist()
    [0.167, nan, 0.667, 0.667]
    """
    known = phi_r[~np.isnan(phi_r)]
    if ((known >= 0) & (known <= 1)).all():
        return phi_r
    ordered = np.sort(known)
    ranks = np.searchsorted(ordered, phi_r, "left") + np.searchsorted(ordered, phi_r, "right")
    return np.where(np.isnan(phi_r), np.nan, ranks / 2 / len(known))


def posterior_classes(estimate: Estimate) -> np.ndarray:
    """The most probable class of every problem, int8, shape (P,): 0 Inlier, 1 Boundary, 2 Outlier.
    Ties go to Boundary.

    Args:
        estimate: as posterior returns it.

    >>> posterior_classes(posterior([9, 4, 0], 9, None, m_more=0)).tolist()
    [0, 1, 2]
    """
    p_inlier, p_boundary, p_outlier = (
        estimate["p_inlier"],
        estimate["p_boundary"],
        estimate["p_outlier"],
    )
    classes = np.full(len(p_boundary), Difficulty.BOUNDARY, dtype=np.int8)
    classes[(p_inlier > p_boundary) & (p_inlier > p_outlier)] = Difficulty.INLIER
    classes[(p_outlier > p_boundary) & (p_outlier > p_inlier)] = Difficulty.OUTLIER
    return classes


def expected_pairs(
    alpha: ArrayLike,
    beta: ArrayLike,
    n_correct: ArrayLike,
    n: ArrayLike,
    m_more: ArrayLike,
    *,
    most: int | None = None,
) -> np.ndarray:
    """E[min(#correct, #wrong)] over the responses there are and m_more further ones, for given Beta
    posteriors.

    Args:
        alpha, beta: of the pass rate's posterior, floats > 0, shape (P,).
        n_correct, n: of the responses there are, integers, shape (P,) or scalars.
        m_more: further responses, integers >= 0, shape (P,) or a scalar.
        most: pairs of one problem beyond which no more count; None for no such limit. With 1 it is
            the chance that a problem gives a pair at all.

    Raises: ConfigError for an m_more that is negative, a fraction or of another shape.

    >>> expected_pairs([1.0], [1.0], 0, 0, 2).round(4).tolist()
    [0.3333]
    """
    alpha, beta = np.asarray(alpha, dtype=np.float64), np.asarray(beta, dtype=np.float64)
    m_more = _whole(m_more, alpha.shape)
    n_correct, n = np.broadcast_to(n_correct, alpha.shape), np.broadcast_to(n, alpha.shape)
    pairs = np.empty(alpha.shape)
    for m in np.unique(m_more).tolist():
        rows = m_more == m
        pairs[rows] = _pairs_of(
            alpha[rows], beta[rows], n_correct[rows], (n - n_correct)[rows], m, most
        )
    return pairs


def _pairs_of(
    alpha: np.ndarray,
    beta: np.ndarray,
    n_correct: np.ndarray,
    n_wrong: np.ndarray,
    m: int,
    most: int | None,
) -> np.ndarray:
    """The sum over x further correct ones of P(x) min(n_correct + x, n_wrong + m - x), P(x) by its
    ratios in logarithms.
    """
    log_p = np.zeros(len(alpha))
    for j in range(m):
        log_p += np.log((beta + j) / (alpha + beta + j))
    total = np.zeros(len(alpha))
    for x in range(m + 1):
        pairs = np.minimum(n_correct + x, n_wrong + (m - x))
        total += np.exp(log_p) * (pairs if most is None else np.minimum(pairs, most))
        if x < m:
            log_p += np.log((m - x) * (alpha + x) / ((x + 1) * (beta + (m - x - 1))))
    return total


def _all_of(shape: np.ndarray, strength: np.ndarray, m: int) -> np.ndarray:
    """E[p^m] of a Beta with this first parameter and this sum of both."""
    product = np.ones(len(shape))
    for j in range(m):
        product *= (shape + j) / (strength + j)
    return product


def _whole(m_more: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    m_more = np.asarray(m_more)
    if m_more.size and (not np.issubdtype(m_more.dtype, np.integer) or (m_more < 0).any()):
        raise ConfigError(
            f"m_more is {m_more.ravel()[:3].tolist()}: further responses are whole numbers, 0 or"
            " more."
        )
    if m_more.shape not in ((), shape):
        raise ConfigError(
            f"m_more has the shape {m_more.shape} for {shape[0]} problems: give one number, or one"
            " per problem."
        )
    return np.broadcast_to(m_more, shape)
