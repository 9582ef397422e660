"""A whole run without a person at the gates: the same commands and jobs, with the thresholds that
the configuration or the data give.
"""

from typing import Any

from engine import store
from engine.config import require_thresholds
from engine.errors import EngineError
from engine.jobs.kinds import BEFORE
from engine.jobs.runner import JobRunner
from engine.jobs.unattended import next_order
from engine.store.jobs import Job
from engine.study.checkpoints import pick
from engine.study.handle import Iteration
from engine.study.runs import latest
from engine.types import JobKind, JobState, Purpose


def run_to_end(runner: JobRunner, run_id: str, *, made_by: str = "cli") -> None:
    """Walk a run from wherever it stands to the end of its last iteration, one on recorded
    responses to its pairs. Blocks; drives the runner's queue itself.

    Raises: ConfigError for missing thresholds, EngineError with the job's sentence if a job fails.
    """
    config = latest(runner.db, run_id).config
    require_thresholds(config)
    while order := next_order(runner.db, run_id, config.n_iterations, made_by=made_by):
        _run(runner, order.it, order.kind, order.params)


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


def pick_weights(runner: JobRunner, it: Iteration, job_id: str, step: int) -> str:
    """Make a policy of weights that a training kept, and evaluate it. Blocks.

    Returns: its id. Raises: ConfigError for weights that were not kept; EngineError with the job's
    sentence if it fails.
    """
    params = pick(it, job_id, step, made_by="cli")
    policy_id = _run(runner, it, JobKind.PICK, params).policy_id
    assert policy_id is not None, "a pick that is done made one"
    return policy_id


def _run(
    runner: JobRunner, it: Iteration, kind: JobKind, params: dict[str, Any] | None = None
) -> Job:
    job_id = runner.submit(it, kind, params)
    while runner.run_next(it.run_id):
        pass
    job = store.jobs.get(runner.db, job_id)
    if job.state is not JobState.DONE:
        raise EngineError(
            f"The {kind} job of iteration {it.number} is {job.state}:"
            f" {job.error or 'it was stopped'}"
        )
    return job
