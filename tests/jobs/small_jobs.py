"""What the tests of jobs ask and do: a job's state, waiting for it, what must be stored before one
can be submitted.
"""

from engine.store import Database, commit_reads, job_rows
from engine.study import pairing, plans
from tests.small_runs import judge, until

N_PRESAMPLES = 36


def state(db: Database, job_id: str) -> str:
    return job_rows.get(db, job_id)["state"]


def busy(db: Database, job_id: str, n_done: int = 1) -> None:
    until(
        lambda: job_rows.get(db, job_id)["n_done"] >= n_done,
        f"job {job_id} to have done {n_done}",
        deadline_s=30,
    )


def ended(db: Database, job_id: str) -> dict:
    until(
        lambda: state(db, job_id) not in job_rows.UNFINISHED, f"job {job_id} to end", deadline_s=60
    )
    return job_rows.get(db, job_id)


def commit_all(db: Database, run_id: str) -> None:
    plans.commit(
        db, run_id, 0, tau_l=0.1, tau_h=0.9, mode="both", strategy="uniform", made_by="a test"
    )


def trained(db, run_id, runner, world) -> str:
    """A train job, submitted behind a whole pool."""
    judge(db, run_id)
    commit_all(db, run_id)
    judge(
        db,
        run_id,
        which="resample_set",
        owed={row["problem_id"]: range(3, 8) for row in commit_reads.allocation(db, run_id, 0)},
    )
    assert pairing.make_pairs(db, run_id, 0) > 0
    return runner.submit(run_id, 0, "train")
