"""The thresholds that a run without a person commits: its configuration's, or what its data
suggest.
"""

import numpy as np

from engine import store
from engine.errors import ConfigError
from engine.method.scale import Scale, scale_of
from engine.method.suggestions import best_thresholds, quantile_thresholds, reference_labels
from engine.store.samples import Estimates
from engine.study import calibration
from engine.study.handle import Iteration
from engine.types import Mode


def thresholds(it: Iteration) -> tuple[float, float]:
    """(tau_l, tau_h) as difficulty.thresholds says where they come from; pre-samples, and labels
    where they are asked for, are all judged. Blocks for a second or two while it searches.

    Raises: ConfigError where the configuration leaves them to a person, or no problem has a label.
    """
    d = it.config.difficulty
    if d.thresholds == "quantile":
        e = store.samples.estimates(it)
        scale = scale_at(it, e)
        suggestion = quantile_thresholds(e.n_correct, e.n, e.phi_r, scale=scale)
        return scale.within(suggestion.tau_l.value), scale.within(suggestion.tau_h.value)
    if d.thresholds == "calibrated":
        return _calibrated(it)
    if d.tau_l is None or d.tau_h is None:
        raise ConfigError(
            "difficulty.tau_l and difficulty.tau_h are not set: choose them by eye on the"
            " Difficulty page, or set them."
        )
    return d.tau_l, d.tau_h


def scale_at(it: Iteration, e: Estimates) -> Scale:
    """What an iteration's process rewards are shown and cut in: [0, 1], or, of a family without
    bounds, a range that holds the rewards and the thresholds that were committed or configured.
    """
    d, commit = it.config.difficulty, store.commits.find(it)
    set_here = (commit.tau_l, commit.tau_h) if commit else (d.tau_l, d.tau_h)
    also = [tau for tau in set_here if tau is not None]
    return scale_of([*e.phi_r.tolist(), *also], is_bounded=it.config.has_bounded_rewards)


def mode_at(it: Iteration) -> Mode:
    """What decides the difficulty of an iteration unless a person says otherwise: as configured;
    accuracy in iteration 0 of a run whose reward is M_t against M_0, because M_0 against itself
    says nothing.
    """
    is_silent = it.config.is_own_reward and it.number == 0
    return "accuracy" if is_silent else it.config.difficulty.mode


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
    scale = scale_at(it, e)
    suggestion = best_thresholds(
        e.n_correct[rows],
        e.n[rows],
        e.phi_r[rows],
        reference_labels(n_correct[known]),
        mode="reward" if mode == "reward" else "both",
        scale=scale,
    )
    return scale.within(suggestion.tau_l.value), scale.within(suggestion.tau_h.value)
