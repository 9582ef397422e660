"""The thresholds that a run without a person commits: its configuration's, or what its data
suggest.
"""

import numpy as np

from engine import store
from engine.errors import ConfigError
from engine.method.intervals import Interval
from engine.method.suggestions import best_thresholds, quantile_thresholds, reference_labels
from engine.study import calibration
from engine.study.handle import Iteration


def thresholds(it: Iteration) -> tuple[float, float]:
    """(tau_l, tau_h) as difficulty.thresholds says where they come from; pre-samples, and labels
    where they are asked for, are all judged. Blocks for a second or two while it searches.

    Raises: ConfigError where the configuration leaves them to a person, or no problem has a label.
    """
    d = it.config.difficulty
    if d.thresholds == "quantile":
        e = store.samples.estimates(it)
        suggestion = quantile_thresholds(e.n_correct, e.n, e.phi_r)
        return _rounded(suggestion.tau_l), _rounded(suggestion.tau_h)
    if d.thresholds == "calibrated":
        return _calibrated(it)
    if d.tau_l is None or d.tau_h is None:
        raise ConfigError(
            "difficulty.tau_l and difficulty.tau_h are not set: choose them by eye on the"
            " Difficulty page, or set them."
        )
    return d.tau_l, d.tau_h


def _calibrated(it: Iteration) -> tuple[float, float]:
    """Where most labels are met by the mode that decides; by both signals in a mode that has no
    thresholds.
    """
    e, mode = store.samples.estimates(it), it.config.difficulty.mode
    ids, n_correct = calibration.reference_counts(it)
    position = {id: row for row, id in enumerate(e.problem_ids.tolist())}
    known = [n for n, id in enumerate(ids) if id in position]
    if not known:
        raise ConfigError(
            f"No problem of iteration {it.number} has a label: calibrate on some, or set"
            ' difficulty.thresholds = "given".'
        )
    rows = np.array([position[ids[n]] for n in known])
    suggestion = best_thresholds(
        e.n_correct[rows],
        e.n[rows],
        e.phi_r[rows],
        reference_labels(n_correct[known]),
        mode="reward" if mode == "reward" else "both",
    )
    return _rounded(suggestion.tau_l), _rounded(suggestion.tau_h)


def _rounded(tau: Interval) -> float:
    """As the page's Use button takes it."""
    return round(tau.value, 3)
