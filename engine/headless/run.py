"""A whole run without a person at the gates: the same commands and jobs, with the thresholds of the
configuration.
"""

from typing import Any

from engine import store
from engine.config import require_thresholds
from engine.errors import EngineError
from engine.jobs.kinds import BEFORE, after
from engine.jobs.runner import JobRunner
from engine.study import calibration, plans, tuning
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.study.runs import begin_next_iteration, latest
from engine.types import Choice, JobKind, JobState, Purpose
from engine.walk import Phase, job_of, next_phase


def run_to_end(runner: JobRunner, run_id: str, *, made_by: str = "cli") -> None:
    """Walk a run from wherever it stands to the end of its last iteration, one on recorded
    responses to its pairs. Blocks; drives the runner's queue itself.

    Raises: ConfigError for missing thresholds, EngineError with the job's sentence if a job fails.
    """
    it = latest(runner.db, run_id)
    require_thresholds(it.config)
    while True:
        _walk(runner, it, made_by)
        if it.number + 1 >= it.config.n_iterations:
            return
        it = begin_next_iteration(runner.db, run_id)


def presample(runner: JobRunner, it: Iteration) -> None:
    """Only an iteration's pre-samples. Blocks. Raises: EngineError with the job's sentence if it
    fails.
    """
    _run(runner, it, JobKind.PRESAMPLE)


def evaluate_policy(runner: JobRunner, run_id: str, *, only: Purpose | None = None) -> None:
    """Only the evaluation of M_0: any policy on any problem set, as the run's configuration names
    them. Blocks.

    Args:
        only: GREEDY or EVALUATE, to draw that sample set alone; None for both.
    """
    params = {"policy": BEFORE, **({"only": str(only)} if only else {})}
    _run(runner, Iteration(runner.db, run_id, 0), JobKind.EVALUATE, params)


def _walk(runner: JobRunner, it: Iteration, made_by: str) -> None:
    """From wherever the iteration stands to its end: the loop of a study."""
    while (phase := next_phase(progress(it))) is not Phase.NEXT:
        if it.config.is_recorded and phase is Phase.TRAIN:
            return
        if phase is Phase.COMMIT:
            _commit(runner, it, made_by)
        elif phase is Phase.TUNE:
            _tune(runner, it, made_by)
            it = it.again()
        elif kind := job_of(phase):
            _run(runner, it, kind)
    if it.config.is_recorded:
        return
    _run(runner, it, JobKind.EVALUATE, {"policy": BEFORE})
    if policy_id := store.runs.next_policy(it):
        _run(runner, it, JobKind.EVALUATE, after(policy_id))


def _commit(runner: JobRunner, it: Iteration, made_by: str) -> None:
    d = it.config.difficulty
    if calibration.is_wanted(it):
        _run(runner, it, JobKind.CALIBRATE, {"n_problems": d.n_calibration})
    tau_l, tau_h = require_thresholds(it.config)
    plans.commit(it, Choice(tau_l, tau_h, d.mode, d.strategy), made_by=made_by)


def _tune(runner: JobRunner, it: Iteration, made_by: str) -> None:
    _run(runner, it, JobKind.TUNE)
    grid = tuning.grid(it)
    assert grid is not None, "a tuning that is done has drawn and judged all of its grid"
    tuning.adopt(it, *grid.best, made_by=made_by)


def _run(
    runner: JobRunner, it: Iteration, kind: JobKind, params: dict[str, Any] | None = None
) -> None:
    job_id = runner.submit(it, kind, params)
    while runner.run_next(it.run_id):
        pass
    job = store.jobs.get(runner.db, job_id)
    if job.state is not JobState.DONE:
        raise EngineError(
            f"The {kind} job of iteration {it.number} is {job.state}:"
            f" {job.error or 'it was stopped'}"
        )
