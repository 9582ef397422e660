"""What the tests of jobs ask and do: a job's state, waiting for it, what must be stored before one
can be submitted.
"""

from engine import store
from engine.store import Database
from engine.store.jobs import Job
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.types import Choice
from tests.small_runs import judge, until

N_PRESAMPLES = 36


def state(db: Database, job_id: str) -> str:
    return store.jobs.get(db, job_id).state


def busy(db: Database, job_id: str, n_done: int = 1) -> None:
    until(
        lambda: store.jobs.get(db, job_id).n_done >= n_done,
        f"job {job_id} to have done {n_done}",
        deadline_s=30,
    )


def ended(db: Database, job_id: str) -> Job:
    until(
        lambda: state(db, job_id) not in store.jobs.UNFINISHED,
        f"job {job_id} to end",
        deadline_s=60,
    )
    return store.jobs.get(db, job_id)


def commit_all(db: Database, run_id: str) -> None:
    plans.commit(
        Iteration(db, run_id, 0),
        Choice(0.1, 0.9, strategy="uniform"),
        made_by="a test",
    )


def trained(db, run_id, runner, world) -> str:
    """A train job, submitted behind a whole pool."""
    judge(db, run_id)
    commit_all(db, run_id)
    judge(
        db,
        run_id,
        which="resample_set",
        owed={
            row.problem_id: range(3, 8)
            for row in store.commits.allocation(Iteration(db, run_id, 0))
        },
    )
    assert pairing.make_pairs(Iteration(db, run_id, 0)) > 0
    return runner.submit(Iteration(runner.db, run_id, 0), "train")
