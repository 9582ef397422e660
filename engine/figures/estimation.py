"""How well difficulty is estimated: every mode side by side against reference labels, thresholds
that the data suggest.

A reference label comes from exactly 12 responses that no estimate has seen: a calibration subset's,
or, where responses are replayed, the last 12 recorded ones of every problem that has so many beyond
its pre-samples. What the paper's own estimation accuracy is measured against is unknown; this
reference is ours. Estimates are made over all problems of the iteration and measured on the
labelled ones.
"""

from dataclasses import dataclass

import numpy as np

from engine import store
from engine.grading import Grader
from engine.method.difficulty import classify
from engine.method.intervals import Interval, bootstrap_mean
from engine.method.posterior import FEW, posterior
from engine.method.suggestions import (
    N_LABEL,
    Suggestion,
    agreement,
    best_thresholds,
    confusion,
    reference_labels,
)
from engine.recorded.judged import judged
from engine.recorded.replay import open_set
from engine.store.samples import Estimates
from engine.study import calibration
from engine.study.handle import Iteration
from engine.study.thresholds import scale_at
from engine.types import Difficulty, Mode


@dataclass(frozen=True, slots=True)
class ModeReport:
    """One mode against the reference labels."""

    mode: Mode
    table: np.ndarray
    """Problems by estimated class (rows) and reference class (columns), int64, shape (3, 3), in the
    order of Difficulty.
    """
    agreement: Interval
    log_loss: Interval | None
    """Mean −log of the probability given to the reference class, in nats; None for modes that give
    no probabilities.
    """


@dataclass(frozen=True, slots=True)
class EstimationReport:
    """An iteration's estimates against its reference labels."""

    n_labelled: int
    n_problems: int
    """Problems that the estimates were made over."""
    n_responses: int
    """What the labels cost: 12 per problem asked for. 0 where the responses were recorded
    anyway.
    """
    labels: dict[str, int]
    """Problems by reference class."""
    modes: list[ModeReport]
    posterior_fitted: bool
    """False below 300 problems: the posterior's classes are then those of "both", its probabilities
    a weak prior's.
    """
    best: dict[Mode, Suggestion]
    """Thresholds that meet most labels, for "both" and "reward"; none in a run without rewards, or
    by another reward model than its own.
    """


def estimation(
    it: Iteration, *, tau_l: float, tau_h: float, prm_id: str | None = None
) -> EstimationReport | None:
    """The report at these thresholds; None while no problem has both its label and its estimate.

    Args:
        prm_id: a reward model that is looked at, which no thresholds are suggested for; None for
            the run's own.

    Blocks: a second or two for the intervals of the suggestions; recorded responses without a flag
    are graded first.

    Raises: ConfigError for thresholds that cannot be used.
    """
    config, e = it.config, store.samples.estimates(it, prm_id)
    labels = _recorded_labels(it, e) if config.is_recorded else _calibrated_labels(it)
    position = {id: row for row, id in enumerate(e.problem_ids.tolist())}
    ids = [id for id in labels if id in position]
    if not ids:
        return None
    rows = np.array([position[id] for id in ids])
    reference = np.array([labels[id] for id in ids], dtype=np.int64)
    is_own, has_rewards = prm_id is None, config.has_rewards or prm_id is not None
    signals = e.n_correct[rows], e.n[rows], e.phi_r[rows]
    thresholds: tuple[Mode, ...] = ("both", "reward") if has_rewards and is_own else ()
    return EstimationReport(
        n_labelled=len(ids),
        n_problems=len(e.n),
        n_responses=0 if config.is_recorded else store.side_samples.counts(it)["calibrate"],
        labels={d.name.lower(): int((reference == d).sum()) for d in Difficulty},
        modes=_modes(e, rows, reference, has_rewards, tau_l, tau_h),
        posterior_fitted=len(e.n) >= FEW,
        best={
            mode: best_thresholds(*signals, reference, mode=mode, scale=scale_at(it, e))
            for mode in thresholds
        },
    )


def _calibrated_labels(it: Iteration) -> dict[str, int]:
    ids, n_correct = calibration.reference_counts(it)
    return dict(zip(ids, reference_labels(n_correct).tolist()))


def _recorded_labels(it: Iteration, e: Estimates) -> dict[str, int]:
    """Of the problems that have 12 responses beyond their pre-samples."""
    problems = store.problems.of_run(it.db, it.run_id, "train", 0)
    recorded = open_set(store.runs.policy_path(it.db, it.at(0).row.policy_id))
    counts, least = recorded.counts(), it.config.sampling.n_presample + N_LABEL
    wanted = {id: problems[id] for id in e.problem_ids.tolist() if counts[id] >= least}
    with Grader() as grader:
        n_first = {id: counts[id] - N_LABEL for id in wanted}
        known = judged(recorded, wanted, grader, it.config.extraction(), n_first=n_first)
    n_correct = np.array([correct.sum() for correct in known.values()], dtype=np.int64)
    return dict(zip(known, reference_labels(n_correct).tolist()))


def _modes(
    e: Estimates,
    rows: np.ndarray,
    reference: np.ndarray,
    has_rewards: bool,
    tau_l: float,
    tau_h: float,
) -> list[ModeReport]:
    modes: tuple[Mode, ...] = (
        ("both", "accuracy", "reward", "posterior") if has_rewards else ("accuracy", "posterior")
    )
    reports = []
    for mode in modes:
        classes = classify(e.n_correct, e.n, e.phi_r, tau_l=tau_l, tau_h=tau_h, mode=mode)[rows]
        loss = _log_loss(e, rows, reference) if mode == "posterior" else None
        reports.append(
            ModeReport(mode, confusion(classes, reference), agreement(classes, reference), loss)
        )
    return reports


def _log_loss(e: Estimates, rows: np.ndarray, reference: np.ndarray) -> Interval:
    estimate = posterior(e.n_correct, e.n, e.phi_r, m_label=N_LABEL, m_more=0)
    by_class = np.stack([estimate["p_inlier"], estimate["p_boundary"], estimate["p_outlier"]])
    given = by_class[reference, rows]
    return bootstrap_mean(-np.log(np.maximum(given, np.finfo(float).tiny)))
