"""Reward-guided difficulty estimation (RDE): one vectorised function for the page, the command line
and the tests.

Follows HS-STaR, docs/method.md, section 1.2: strict inequalities, ties go to Boundary, and mixed
problems are Boundary whatever the thresholds.

Departures: (1) counts are compared, never floats; (2) the two ablation modes work, where the
reference code stops.
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import ConfigError
from engine.method.posterior import FEW, posterior, posterior_classes
from engine.method.signals import columns
from engine.types import Difficulty, Mode

MODES: tuple[Mode, ...] = ("both", "accuracy", "reward", "posterior")


@dataclass(frozen=True, slots=True)
class Preset:
    """Published thresholds for one process reward model."""

    prm: str
    tau_l: float
    tau_h: float


PRESETS = (
    Preset("Skywork-o1-Open-PRM-Qwen-2.5-7B", 0.15, 0.65),
    Preset("Skywork-o1-Open-PRM-Qwen-2.5-1.5B", 0.25, 0.50),
    Preset("Qwen2.5-Math-PRM-7B", 0.55, 0.99),
)
"""For the policy Qwen2.5-7B only. Source: reference code, classify_diff.py:62-79."""


def check_thresholds(tau_l: float, tau_h: float) -> None:
    """Raises: ConfigError unless both are finite and tau_l <= tau_h. That rewards which are
    probabilities have thresholds in [0, 1] is the configuration's to check.
    """
    for name, value in (("tau_l", tau_l), ("tau_h", tau_h)):
        if not isfinite(value):
            raise ConfigError(f"difficulty.{name} is {value}: a threshold is a finite number.")
    if tau_l > tau_h:
        raise ConfigError(
            f"difficulty.tau_l is {tau_l} and difficulty.tau_h is {tau_h}: the lower threshold must"
            " not lie above the upper one. Lower tau_l or raise tau_h."
        )


def classify(
    n_correct: ArrayLike,
    n: ArrayLike,
    phi_r: ArrayLike | None,
    *,
    tau_l: float,
    tau_h: float,
    mode: Mode = "both",
) -> np.ndarray:
    """The difficulty class of every problem.

    Args:
        n_correct: correct pre-samples, integers, shape (P,).
        n: pre-samples, integers >= 1, shape (P,) or a scalar.
        phi_r: mean over the pre-samples of the minimum step score, floats, shape (P,): in [0, 1]
            where step scores are probabilities.
            NaN is allowed where it is not used: everywhere with mode "accuracy" (None is allowed
            there too), on mixed problems with mode "both".
        tau_l, tau_h: thresholds, tau_l <= tau_h.
        mode: "both" signals, or the ablations "accuracy" and "reward". "posterior": the most
            probable class, whatever the thresholds; below FEW problems nothing can be fitted, and
            "both" decides ("accuracy" where no problem has a phi_r).

    Returns:
        int8, shape (P,): 0 Inlier, 1 Boundary, 2 Outlier.

    Raises:
        ConfigError: n < 1, n_correct outside 0..n, shapes that do not match, thresholds out of
            order or not finite, an unknown mode, NaN in phi_r where it is used.

    >>> classify([3, 3, 1, 0, 0], 3, [.9, .65, .9, .1, .25], tau_l=.25, tau_h=.65).tolist()
    [0, 1, 1, 2, 1]

    Source: HS-STaR, equations of RDE; docs/method.md, section 1.2.
    """
    check_thresholds(tau_l, tau_h)
    if mode not in MODES:
        raise ConfigError(f'difficulty.mode is "{mode}": use one of {", ".join(MODES)}.')
    n_correct, n, phi_r = columns(n_correct, n, phi_r, mode)
    mode = deciding_mode(mode, phi_r)
    if mode == "posterior":
        return posterior_classes(posterior(n_correct, n, phi_r, m_more=0))
    all_right, all_wrong = n_correct == n, n_correct == 0
    if mode == "accuracy":
        inlier, outlier = all_right, all_wrong
    else:
        missing = np.isnan(phi_r)
        n_missing = int(
            np.count_nonzero(missing if mode == "reward" else missing & (all_right | all_wrong))
        )
        if n_missing:
            raise ConfigError(
                f'phi_r is NaN for {n_missing} problems where mode "{mode}" uses it. Leave problems'
                ' without a process reward out (they are pending), or use mode "accuracy".'
            )
        with np.errstate(invalid="ignore"):
            inlier, outlier = phi_r > tau_h, phi_r < tau_l
        if mode == "both":
            inlier, outlier = inlier & all_right, outlier & all_wrong
    return (
        np.int8(Difficulty.BOUNDARY) - inlier.view(np.int8) + outlier.view(np.int8)
    )  # no problem is both


def deciding_mode(mode: Mode, phi_r: np.ndarray) -> Mode:
    """What decides in fact, for phi_r of shape (P,): "posterior" gives way below FEW problems, as
    classify says; other modes stay.

    >>> deciding_mode("posterior", np.array([.2, np.nan])), deciding_mode("reward", np.array([.2]))
    ('both', 'reward')
    """
    if mode != "posterior" or len(phi_r) >= FEW:
        return mode
    return "accuracy" if np.isnan(phi_r).all() else "both"


def class_counts(classes: np.ndarray) -> dict[str, int]:
    """Problems per class, every class named.

    >>> class_counts(np.array([0, 1, 1], dtype=np.int8))
    {'inlier': 1, 'boundary': 2, 'outlier': 0}
    """
    return {
        difficulty.name.lower(): int(np.count_nonzero(np.asarray(classes) == difficulty))
        for difficulty in Difficulty
    }
