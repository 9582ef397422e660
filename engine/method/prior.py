"""The prior of a problem's pass rate, fitted across problems: a Beta whose mean follows the process
reward.

Ours, beyond the paper: docs/method.md, section 5. Empirical Bayes: the counts of correct responses
are Beta-binomial, and their marginal likelihood is maximised over the mean and the strength of the
Beta. It must not know classes, budgets or labels.
"""

from dataclasses import dataclass

import numpy as np

FEW = 300
"""Below this many problems nothing is fitted: docs/method.md, section 5."""

_HALF = 0.5  # the largest weight of the informed part
_REFUTED = 0.2  # the excess of variance at which that weight is 0
_EDGE = 0.002  # a process reward of exactly 0 or 1 still has a logit
_BIN = 0.05  # logits are rounded to this for the fit: at most 250 different ones
_KNOTS = (0.25, 0.5, 0.75)
_LOOSE = 1e-2  # precision of the normal priors around zero that keep every fit finite
_STIFF = 1.0  # the same for bends of the curve
_FIRM = 0.25  # the same for the log strength, which one response per problem says nothing about


@dataclass(frozen=True, slots=True)
class Beta:
    """Mean and strength of pass rates: logit(mean) = curve(logit(phi_r)), strength = alpha +
    beta.
    """

    coefficients: tuple[float, ...]
    """Intercept; with a process reward also the slope and one bend per knot."""
    log_strength: float
    knots: tuple[float, ...] = ()
    """In logits of phi_r; empty where the process reward is not used."""


WEAK = Beta((0.0,), 0.0)
"""Alpha = beta = 1/2: what is assumed where nothing can be fitted."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What the problems say together, before a problem's own counts are looked at."""

    fitted: bool
    """False below FEW problems: both parts are WEAK then."""
    plain: Beta
    """From the counts alone."""
    informed: Beta
    """With the process reward; equal to plain where fewer than FEW problems have one."""
    weight: float
    """In [0, 1/2]: the informed part's share of a problem's prior, the plain part has the rest."""

    def shapes(self, n: np.ndarray, phi_r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(alpha, beta) of every problem before its own counts, shape (P,) each; phi_r may be
        NaN.
        """
        alpha, beta = _shapes(self.plain, phi_r)
        known = ~np.isnan(phi_r)
        informed = np.stack(_shapes(self.informed, phi_r[known]))
        limit = np.exp(self.plain.log_strength) + n[known]
        informed *= np.minimum(1, limit / informed.sum(axis=0))
        alpha[known] += self.weight * (informed[0] - alpha[known])
        beta[known] += self.weight * (informed[1] - beta[known])
        return alpha, beta


def fit_prior(
    n_correct: np.ndarray, n: np.ndarray, phi_r: np.ndarray, *, least: int | None = None
) -> Prior:
    """Fit the prior to the counts of all problems. Deterministic; the order of the problems does
    not matter.

    phi_r and the counts come from the same responses. A fit that takes them for independent given
    the pass rate counts luck twice, the more so the better the process reward model tells right
    from wrong, and from these columns alone that cannot be undone. So (1) phi_r is worth half of
    what the fit says, (2) never more than the n responses it was read from, (3) less, down to
    nothing, where the fit claims that pass rates vary by up to a fifth more than the counts alone
    show.

    Args:
        n_correct, n: integers, shape (P,).
        phi_r: floats in [0, 1] or NaN, shape (P,).
        least: problems from which on the counts are fitted; None for FEW. phi_r is from FEW on.

    Returns:
        A prior that is not fitted where P < least.
    """
    if len(n) < (FEW if least is None else least):
        return Prior(False, WEAK, WEAK, 0.0)
    plain = _fit(n_correct, n, np.zeros(len(n)), ())
    known = ~np.isnan(phi_r)
    if known.sum() < FEW:
        return Prior(True, plain, plain, 0.0)
    z = np.round(_logit(phi_r[known]) / _BIN) * _BIN
    informed = _fit(
        n_correct[known], n[known], z, tuple(np.unique(np.quantile(z, _KNOTS)).tolist())
    )
    excess = _variance(informed, phi_r[known]) / _variance(plain, phi_r[known]) - 1
    return Prior(True, plain, informed, _HALF * min(1.0, max(0.0, 1 - excess / _REFUTED)))


def _variance(part: Beta, phi_r: np.ndarray) -> float:
    """Variance of the pass rates of all problems together, as this part has them."""
    alpha, beta = _shapes(part, np.sort(phi_r))
    mean, strength = alpha / (alpha + beta), np.exp(part.log_strength)
    return float(mean.var() + (mean * (1 - mean)).mean() / (strength + 1))


def _logit(phi_r: np.ndarray) -> np.ndarray:
    share = np.clip(phi_r, _EDGE, 1 - _EDGE)
    return np.log(share / (1 - share))


def _basis(z: np.ndarray, knots: tuple[float, ...]) -> np.ndarray:
    """Piecewise linear in z, shape (len(z), 1) without knots, else (len(z), 2 + len(knots))."""
    ramps = (
        [z - knots[len(knots) // 2], *(np.maximum(z - knot, 0) for knot in knots)] if knots else []
    )
    return np.stack([np.ones_like(z), *ramps], axis=1)


def _shapes(part: Beta, phi_r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    basis = _basis(_logit(phi_r) if part.knots else np.zeros(len(phi_r)), part.knots)
    return _alpha_beta(basis @ np.array(part.coefficients), part.log_strength)


def _alpha_beta(eta: np.ndarray, log_strength: float) -> tuple[np.ndarray, np.ndarray]:
    eta, strength = np.clip(eta, -12, 12), np.exp(log_strength)
    return strength / (1 + np.exp(-eta)), strength / (1 + np.exp(eta))


def _fit(n_correct: np.ndarray, n: np.ndarray, z: np.ndarray, knots: tuple[float, ...]) -> Beta:
    """Newton's method with damping; equal rows are counted once."""
    basis, counts, weights = _grouped(n_correct, n, z, knots)
    precision = np.array([*([_LOOSE] * min(2, basis.shape[1])), *([_STIFF] * len(knots)), _FIRM])
    theta, damping = np.zeros(len(precision)), 1.0
    value, slope, bend = _objective(theta, basis, counts, weights, precision)
    for _ in range(200):
        curvature, axes = np.linalg.eigh(bend)
        step = axes @ (axes.T @ slope / (np.abs(curvature) + damping))
        tried = _objective(theta + step, basis, counts, weights, precision)
        if tried[0] >= value:
            theta, (value, slope, bend), damping = theta + step, tried, damping / 10
        else:
            damping *= 10
        if np.abs(step).max() < 1e-7:
            break
    return Beta(tuple(theta[:-1].tolist()), float(theta[-1]), knots)


def _grouped(
    n_correct: np.ndarray, n: np.ndarray, z: np.ndarray, knots: tuple[float, ...]
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]:
    """(basis, (correct, wrong), weights) of the different rows, sorted, so that sums do not depend
    on the problems' order.
    """
    bins = np.round(z / _BIN).astype(np.int64)
    low, side = bins.min(), int(n.max()) + 1
    keys, weights = np.unique(((bins - low) * side + n) * side + n_correct, return_counts=True)
    correct, n_each = keys % side, keys // side % side
    basis = _basis((keys // side**2 + low) * _BIN, knots)
    return basis, (correct, n_each - correct), weights.astype(np.float64)


def _objective(
    theta: np.ndarray,
    basis: np.ndarray,
    counts: tuple[np.ndarray, np.ndarray],
    weights: np.ndarray,
    precision: np.ndarray,
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log marginal likelihood with its normal priors, its gradient and its Hessian, over
    coefficients and log strength.
    """
    (correct, wrong), strength = counts, np.exp(theta[-1])
    alpha, beta = _alpha_beta(basis @ theta[:-1], theta[-1])
    a0, a1, a2 = _log_rising(alpha, correct)
    b0, b1, b2 = _log_rising(beta, wrong)
    s0, s1, s2 = _log_rising(np.full_like(alpha, strength), correct + wrong)
    turn = alpha * beta / strength  # d alpha / d eta = -d beta / d eta
    by_eta = (a1 - b1) * turn
    by_log = a1 * alpha + b1 * beta - s1 * strength
    eta_eta = (a2 + b2) * turn**2 + by_eta * (beta - alpha) / strength
    eta_log = (a2 * alpha - b2 * beta) * turn + by_eta
    log_log = a2 * alpha**2 + b2 * beta**2 - s2 * strength**2 + by_log
    slope = np.append(basis.T @ (weights * by_eta), weights @ by_log) - precision * theta
    cross = basis.T @ (weights * eta_log)
    bend = np.block(
        [
            [(basis.T * (weights * eta_eta)) @ basis, cross[:, None]],
            [cross[None, :], np.array([[weights @ log_log]])],
        ]
    )
    value = weights @ (a0 + b0 - s0) - 0.5 * precision @ theta**2
    return float(value), slope, bend - np.diag(precision)


def _log_rising(x: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """log(x (x + 1) ... (x + count - 1)) with its first and second derivative in x."""
    sums = np.zeros((3, len(x)))
    for j in range(int(count.max(initial=0))):
        term = x + j
        sums += np.where(j < count, [np.log(term), 1 / term, -1 / term**2], 0)
    return sums[0], sums[1], sums[2]
