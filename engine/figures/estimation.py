"""How well difficulty is estimated: every mode side by side against reference labels, thresholds
that the data suggest.

A reference label comes from exactly 12 responses that no estimate has seen: a calibration subset's,
or, where responses are replayed, the last 12 recorded ones of every problem that has so many beyond
its pre-samples. What the paper's own estimation accuracy is measured against is unknown; this
reference is ours. Estimates are made over all problems of the iteration and measured on the
labelled ones.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from engine import store
from engine.config import RunConfig
from engine.grading import Grader
from engine.method.difficulty import classify
from engine.method.intervals import Interval, bootstrap_mean
from engine.method.posterior import FEW, posterior
from engine.method.suggestions import (
    N_LABEL,
    Suggestion,
    accuracy_by_n,
    agreement,
    best_thresholds,
    confusion,
    quantile_thresholds,
    reference_labels,
)
from engine.recorded.judged import Judged, judged
from engine.recorded.replay import open_set
from engine.store.samples import Estimates
from engine.study import calibration
from engine.study.handle import Iteration
from engine.types import Difficulty, Mode

DEEPEST = 8
"""The largest n_p that the curves over n_p go to."""


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
    quantile: Suggestion | None
    """Thresholds from the pre-samples alone; None in a run without rewards, as the next ones."""
    best: dict[Mode, Suggestion]
    """Thresholds that meet most labels, for "both" and "reward"."""
    by_n: dict[str, list[Interval]]
    """Agreement per mode for n_p = 1, 2, …; up to 8 with recorded responses, else up to the run's
    n_p.
    """


def estimation(it: Iteration, *, tau_l: float, tau_h: float) -> EstimationReport | None:
    """The report at these thresholds; None while no problem has both its label and its estimate.

    Blocks: a second or two for the intervals of the suggestions; recorded responses without a flag
    are graded first.

    Raises: ConfigError for thresholds that cannot be used.
    """
    config, e = it.config, store.samples.estimates(it)
    recorded = _recorded(it, e) if config.is_recorded else {}
    labels = _recorded_labels(recorded, config) if config.is_recorded else _calibrated_labels(it)
    position = {id: row for row, id in enumerate(e.problem_ids.tolist())}
    ids = [id for id in labels if id in position]
    if not ids:
        return None
    rows, reference = (
        np.array([position[id] for id in ids]),
        np.array([labels[id] for id in ids], dtype=np.int64),
    )
    has_rewards = config.has_rewards
    signals = e.n_correct[rows], e.n[rows], e.phi_r[rows]
    thresholds: tuple[Mode, ...] = ("both", "reward") if has_rewards else ()
    kept = dict(zip(ids, reference.tolist()))
    drawn = _first_recorded(recorded, kept) if config.is_recorded else _presampled(it, kept)
    return EstimationReport(
        n_labelled=len(ids),
        n_problems=len(e.n),
        n_responses=0 if config.is_recorded else store.side_samples.counts(it)["calibrate"],
        labels={d.name.lower(): int((reference == d).sum()) for d in Difficulty},
        modes=_modes(e, rows, reference, has_rewards, tau_l, tau_h),
        posterior_fitted=len(e.n) >= FEW,
        quantile=quantile_thresholds(e.n_correct, e.n, e.phi_r) if has_rewards else None,
        best={mode: best_thresholds(*signals, reference, mode=mode) for mode in thresholds},
        by_n=_by_n(drawn, kept, has_rewards, tau_l, tau_h),
    )


def _calibrated_labels(it: Iteration) -> dict[str, int]:
    ids, n_correct = calibration.reference_counts(it)
    return dict(zip(ids, reference_labels(n_correct).tolist()))


def _recorded(it: Iteration, e: Estimates) -> dict[str, Judged]:
    """Judged responses of the problems that have 12 beyond their pre-samples."""
    first = it.at(0)
    problems = store.problems.of_run(it.db, it.run_id, "train", 0)
    recorded = open_set(store.runs.policy_path(it.db, first.row.policy_id))
    counts, least = recorded.counts(), it.config.sampling.n_presample + N_LABEL
    wanted = {id: problems[id] for id in e.problem_ids.tolist() if counts[id] >= least}
    with Grader() as grader:
        return judged(recorded, wanted, grader)


def _recorded_labels(recorded: dict[str, Judged], config: RunConfig) -> dict[str, int]:
    n_correct = np.array(
        [known.correct[-N_LABEL:].sum() for known in recorded.values()], dtype=np.int64
    )
    return dict(zip(recorded, reference_labels(n_correct).tolist()))


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
    found = []
    for mode in modes:
        classes = classify(e.n_correct, e.n, e.phi_r, tau_l=tau_l, tau_h=tau_h, mode=mode)[rows]
        loss = _log_loss(e, rows, reference) if mode == "posterior" else None
        found.append(
            ModeReport(mode, confusion(classes, reference), agreement(classes, reference), loss)
        )
    return found


def _log_loss(e: Estimates, rows: np.ndarray, reference: np.ndarray) -> Interval:
    estimate = posterior(e.n_correct, e.n, e.phi_r, m_label=N_LABEL, m_more=0)
    given = np.stack([estimate[f"p_{d.name.lower()}"][rows] for d in Difficulty])[
        reference, np.arange(len(rows))
    ]
    return bootstrap_mean(-np.log(np.maximum(given, np.finfo(float).tiny)))


Drawn = dict[str, tuple[np.ndarray, np.ndarray]]
"""(verdicts, rewards) of a problem's first responses, in the order they were drawn."""


def _by_n(
    drawn: Drawn, labels: dict[str, int], has_rewards: bool, tau_l: float, tau_h: float
) -> dict[str, list[Interval]]:
    """Over the problems that have every verdict and, in a run with rewards, every reward."""
    whole = {
        id: column
        for id, column in drawn.items()
        if not (has_rewards and np.isnan(column[1]).any())
    }
    if not whole:
        return {}
    verdicts, rewards = (np.array([column[part] for column in whole.values()]) for part in (0, 1))
    reference = np.array([labels[id] for id in whole])
    return accuracy_by_n(
        verdicts, rewards if has_rewards else None, reference, tau_l=tau_l, tau_h=tau_h
    )


def _first_recorded(recorded: dict[str, Judged], labels: dict[str, int]) -> Drawn:
    """As many as half of the problems have beside their labels, 8 at most; the other half is left
    out.
    """
    depth = min(DEEPEST, int(np.median([len(recorded[id].correct) for id in labels])) - N_LABEL)
    known = {id: recorded[id] for id in labels if len(recorded[id].correct) >= depth + N_LABEL}
    return {id: (one.correct[:depth], one.reward[:depth]) for id, one in known.items()}


def _presampled(it: Iteration, labels: dict[str, int]) -> Drawn:
    groups = groupby(store.samples.presamples(it), key=lambda r: r.problem_id)
    rows = {id: list(group) for id, group in groups if id in labels}
    return {
        id: (
            np.array([r.correct for r in own], dtype=np.float64),
            np.array([r.reward for r in own], dtype=np.float64),
        )
        for id, own in rows.items()
    }
