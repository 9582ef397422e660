"""What a run without a person does next: commits, adoptions and new iterations are done here and
now, work for a model comes back as an order. The command line and the dashboard both walk by it.
"""

from dataclasses import dataclass
from typing import Any

from engine import store
from engine.jobs.kinds import BEFORE, after
from engine.store import Database
from engine.study import calibration, plans, tuning
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.study.runs import begin_next_iteration, latest
from engine.study.thresholds import mode_at, thresholds
from engine.types import Choice, JobKind, JobState
from engine.walk import Phase, job_of, next_phase


@dataclass(frozen=True, slots=True)
class Order:
    """A job that a run needs next."""

    it: Iteration
    kind: JobKind
    params: dict[str, Any] | None = None


def next_order(db: Database, run_id: str, n_iterations: int, *, made_by: str) -> Order | None:
    """Walk a run as far as it gets without a model. Blocks for seconds at most.

    Args:
        n_iterations: where it ends: behind this many iterations.
        made_by: who is noted for commits.

    Returns: the job that is needed to go on; None at the end.
    Raises: ConfigError, ProblemSetError where it cannot go on.
    """
    while True:
        it = latest(db, run_id)
        phase = next_phase(progress(it))
        if phase is Phase.NEXT or (it.config.is_recorded and phase is Phase.TRAIN):
            if order := _evaluation(it):
                return order
            if it.config.is_recorded or it.number + 1 >= n_iterations:
                return None
            begin_next_iteration(db, run_id)
        elif order := _order(it, phase, made_by):
            return order


def _order(it: Iteration, phase: Phase, made_by: str) -> Order | None:
    """The job that a phase waits for; None where the phase was done here."""
    if phase is Phase.COMMIT:
        if calibration.is_wanted(it):
            return Order(it, JobKind.CALIBRATE, {"n_problems": it.config.difficulty.n_calibration})
        strategy = it.config.difficulty.strategy
        plans.commit(it, Choice(*thresholds(it), mode_at(it), strategy), made_by=made_by)
        return None
    if phase is Phase.TUNE and (grid := tuning.grid(it)):
        tuning.adopt(it, *grid.best, made_by=made_by)
        return None
    kind = job_of(phase)
    assert kind is not None, f"{phase} is done by a job"
    return Order(it, kind)


def _evaluation(it: Iteration) -> Order | None:
    """The evaluation of M_t or of M_{t+1} that is still owed."""
    if it.config.is_recorded:
        return None
    policy_id = store.runs.next_policy(it)
    for params in [{"policy": BEFORE}, *([after(policy_id)] if policy_id else [])]:
        job = store.jobs.find_same(it, JobKind.EVALUATE, params)
        if job is None or job.state is not JobState.DONE:
            return Order(it, JobKind.EVALUATE, params)
    return None
