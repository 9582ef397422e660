"""Replay: what every strategy would have yielded on recorded responses, next to each other and
before anything is trained.

Pre-samples are the n_p lowest indices, as a run takes them. The rest of the recording is what a
strategy may draw from, without replacement; what it would give beyond that is unspent. Strategies
in rounds are replayed in one go.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from engine import store
from engine.config import RunConfig, require_in_range
from engine.errors import ConfigError
from engine.figures.offers import offered
from engine.grading import Grader
from engine.headless import run
from engine.jobs.runner import JobRunner
from engine.method.difficulty import classify
from engine.method.intervals import Interval, bootstrap_mean, bootstrap_ratio
from engine.method.replay import replay_yield
from engine.method.strategies import Presampled, strategies
from engine.recorded.judged import judged
from engine.recorded.replay import open_set
from engine.store import Database
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import create_run, pick_run
from engine.types import Mode


@dataclass(frozen=True, slots=True)
class Replayed:
    """One strategy on a recording. Every interval is from resampling problems, the plan of each as
    it is.
    """

    strategy: str
    mode: Mode
    label: str
    n_unspent: int
    """Responses of the plan that are not recorded, or that the strategy had nobody to give to."""
    responses: Interval
    """Pre-samples and what is drawn after them."""
    pairs: Interval
    """Expected over which of the recorded responses are drawn."""
    covered: Interval
    """Problems with at least one pair, likewise."""
    pairs_per_1000: Interval
    """Pairs per 1,000 of the responses."""


def replay(db: Database, run_id: str, *, tau_l: float, tau_h: float, mode: Mode) -> list[Replayed]:
    """Every strategy over a run's pre-samples at these thresholds, then the Boundary by each single
    signal.

    Blocks while it grades recorded responses without a flag: seconds for thousands. Problems that
    are pending are left out. What a person decided on problems is not looked at.

    Raises: ConfigError for a run that samples, one without complete pre-samples, or thresholds that
    cannot be used.
    """
    it = Iteration(db, run_id, 0)
    config, e = it.config, store.samples.estimates(it)
    if not config.is_recorded:
        raise ConfigError(
            f"Run {run_id} samples its responses; a replay needs recorded ones. Import some, and"
            " run their study.toml."
        )
    if not len(e.n):
        raise ConfigError(
            f"Run {run_id} has no problem with complete pre-samples yet. Pre-sample it first: `run`"
            " or `resume` does."
        )
    recorded = open_set(store.runs.policy_path(db, it.row.policy_id))
    problems = store.problems.of_run(db, run_id, "train", 0)
    n_first = dict(zip(e.problem_ids.tolist(), e.n.tolist()))
    with Grader() as grader:
        wanted = {id: problems[id] for id in n_first}
        rest = judged(recorded, wanted, grader, config.extraction(), n_first=n_first)
    n_right = np.array([part.sum() for part in rest.values()])
    n_rest = np.array([len(part) for part in rest.values()])
    replays = []
    for name, own_mode, label in offered(config, mode):
        classes = classify(e.n_correct, e.n, e.phi_r, tau_l=tau_l, tau_h=tau_h, mode=own_mode)
        seen = plans.view(it, e, classes, strategy=name)
        replays.append(
            _replayed(
                replace(seen, budget=seen.budget_left), name, own_mode, label, n_right, n_rest
            )
        )
    return replays


def replay_config(
    config: RunConfig,
    *,
    tau_l: float | None = None,
    tau_h: float | None = None,
    mode: Mode | None = None,
) -> list[Replayed]:
    """As replay, for a configuration on recorded responses, such as an imported set's study.toml;
    nothing is kept of it.

    Args:
        tau_l, tau_h, mode: None for the configuration's.

    Raises: ConfigError where a threshold is given nowhere, or as replay does.
    """
    if not config.is_recorded:
        raise ConfigError(
            'sampling.sampler must be "recorded": a replay needs recorded responses. Import some,'
            " and use their study.toml."
        )
    with TemporaryDirectory() as folder:
        db = Database(Path(folder) / "replay.duckdb")
        runner = JobRunner(db)
        try:
            run_id = create_run(db, config)
            run.presample(runner, Iteration(db, run_id, 0))
            return replay(db, run_id, **_thresholds(config, tau_l, tau_h, mode))
        finally:
            runner.close()
            db.close()


def replay_run(file: Path, run_id: str | None, **chosen) -> list[Replayed]:
    """As replay, for a run of a database file; None for its newest run, thresholds as for
    replay_config.

    Raises: ConfigError for an unknown run; StoreLocked.
    """
    db = Database(file)
    try:
        run_id = pick_run(db, run_id)
        return replay(db, run_id, **_thresholds(Iteration(db, run_id, 0).config, **chosen))
    finally:
        db.close()


def _thresholds(
    config: RunConfig, tau_l: float | None, tau_h: float | None, mode: Mode | None
) -> dict:
    """What is given, else the configuration's. Raises: ConfigError where a threshold is in
    neither.
    """
    d = config.difficulty
    taus = {
        "tau_l": d.tau_l if tau_l is None else tau_l,
        "tau_h": d.tau_h if tau_h is None else tau_h,
    }
    for name, value in taus.items():
        if value is None:
            raise ConfigError(
                f"difficulty.{name} is not set: give it in the configuration or as"
                f" --{name.replace('_', '-')}."
            )
    require_in_range(config, *taus.values())
    return {**taus, "mode": mode or d.mode}


def as_rows(replays: list[Replayed]) -> list[dict[str, str]]:
    """One row per strategy, every interval as value [low, high]."""

    def with_interval(interval: Interval) -> str:
        return f"{interval.value:,.1f} [{interval.low:,.1f}, {interval.high:,.1f}]"

    return [
        {
            "strategy": r.label,
            "mode": r.mode,
            "responses": f"{r.responses.value:,.0f}",
            "unspent": f"{r.n_unspent:,}",
            "pairs": with_interval(r.pairs),
            "problems with pairs": with_interval(r.covered),
            "pairs / 1,000": with_interval(r.pairs_per_1000),
        }
        for r in replays
    ]


def _replayed(
    seen: Presampled, name: str, mode: Mode, label: str, n_right: np.ndarray, n_rest: np.ndarray
) -> Replayed:
    out = strategies()[name].spread(seen)
    n_more = np.minimum(out.n_more, n_rest)
    given = replay_yield(seen.n_correct, seen.n, n_right, n_rest, n_more)
    pairs, spent = given.pairs * out.in_pool, seen.n + n_more
    return Replayed(
        strategy=name,
        mode=mode,
        label=label,
        n_unspent=seen.budget_left - int(n_more.sum()),
        responses=_total(spent),
        pairs=_total(pairs),
        covered=_total(given.covered * out.in_pool),
        pairs_per_1000=bootstrap_ratio(pairs, spent).scaled(1000),
    )


def _total(values: np.ndarray) -> Interval:
    return bootstrap_mean(values).scaled(len(values))
