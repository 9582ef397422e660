"""A whole run without a person at the gates: the same commands and jobs, with the thresholds of the
configuration.
"""

from engine.config import require_thresholds
from engine.errors import EngineError
from engine.jobs.kinds import BEFORE, after
from engine.jobs.runner import JobRunner
from engine.store import job_rows, reads
from engine.study import calibration, plans, runs, tuning
from engine.types import Purpose
from engine.walk import Phase, next_phase


def run_to_end(runner: JobRunner, run_id: str, *, made_by: str = "cli") -> None:
    """Walk a run from wherever it stands to the end of its last iteration, one on recorded
    responses to its pairs. Blocks; drives the runner's queue itself.

    Raises: ConfigError for missing thresholds, EngineError with the job's sentence if a job fails.
    """
    config = runs.config_of(runner.db, run_id)
    require_thresholds(config)
    while True:
        number = reads.iterations(runner.db, run_id)[-1]["iteration"]
        _walk_iteration(runner, run_id, number, made_by)
        if number + 1 >= config.n_iterations:
            return
        runs.begin_next_iteration(runner.db, run_id)


def presample(runner: JobRunner, run_id: str) -> None:
    """Only the pre-samples of the first iteration. Blocks. Raises: EngineError with the job's
    sentence if it fails.
    """
    _run(runner, run_id, 0, "presample", {})


def evaluate_policy(runner: JobRunner, run_id: str, *, only: Purpose | None = None) -> None:
    """Only the evaluation of M_0: any policy on any problem set, as the run's configuration names
    them. Blocks.

    Args:
        only: GREEDY or EVALUATE, to draw that sample set alone; None for both.
    """
    _run(runner, run_id, 0, "evaluate", {"policy": BEFORE, **({"only": str(only)} if only else {})})


def _walk_iteration(runner: JobRunner, run_id: str, number: int, made_by: str) -> None:
    config = runs.config_of(runner.db, run_id)
    d = config.difficulty
    while (phase := next_phase(runs.progress(runner.db, run_id, number))) is not Phase.NEXT:
        if config.is_recorded and phase is Phase.TRAIN:
            return
        if phase is Phase.COMMIT:
            if calibration.is_wanted(runner.db, run_id, number):
                _run(runner, run_id, number, "calibrate", {"n_problems": d.n_calibration})
            plans.commit(
                runner.db,
                run_id,
                number,
                tau_l=d.tau_l,
                tau_h=d.tau_h,
                mode=d.mode,
                strategy=d.strategy,
                made_by=made_by,
            )
        elif phase is Phase.TUNE:
            _run(runner, run_id, number, "tune", {})
            tuning.adopt(
                runner.db,
                run_id,
                number,
                *tuning.grid(runner.db, run_id, number).best,
                made_by=made_by,
            )
        else:
            _run(runner, run_id, number, str(phase), {})
    if config.is_recorded:
        return
    _run(runner, run_id, number, "evaluate", {"policy": BEFORE})
    policy_id = reads.next_policy(runner.db, run_id, number)
    if policy_id:
        _run(runner, run_id, number, "evaluate", after(policy_id))


def _run(runner: JobRunner, run_id: str, number: int, kind: str, params: dict) -> None:
    job_id = runner.submit(run_id, number, kind, params)
    while runner.run_next(run_id):
        pass
    job = job_rows.get(runner.db, job_id)
    if job["state"] != "done":
        raise EngineError(
            f"The {kind} job of iteration {number} is {job['state']}:"
            f" {job['error'] or 'it was stopped'}"
        )
