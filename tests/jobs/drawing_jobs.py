"""Trainings on the starter that draw their own responses, and what they came to."""

from pathlib import Path

from engine import store
from engine.jobs.runner import JobRunner
from engine.store import Database
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Choice
from tests.small_runs import judge, small

METHOD = {
    "method": "grpo",
    "group_size": 4,
    "batch_size": 8,
    "micro_batch_size": 4,
    "n_epochs": 1,
    "process_weight": 0.5,
    "max_redraws": 1,
}


def waiting(folder: Path, *, is_queued: bool = True) -> Path:
    """A database whose run waits for its training, which is queued or not."""
    folder.mkdir()
    db = Database(folder / "studio.duckdb")
    run_id = create_run(db, small(training=METHOD, problems={"n_held_out": 2}, evaluation={"n": 1}))
    judge(db, run_id)
    it = Iteration(db, run_id, 0)
    plans.commit(it, Choice(0.02, 0.99, "both", "boundary"), made_by="a test")
    if is_queued:
        store.jobs.add(it, "train", {})
    db.close()
    return folder / "studio.duckdb"


def ended(path: Path) -> tuple[list, str, int]:
    """Every draw, the policy's content, the attempts of the training."""
    db = Database(path)
    job = store.jobs.latest(Iteration(db, store.runs.listed(db)[0].id, 0), "train")
    drawn = store.draws.of_job(db, job.id)
    db.close()
    assert job.policy_id is not None, job.error
    return drawn, job.policy_id, job.attempt


def unbroken(folder: Path) -> tuple[list, str, int]:
    """What a training comes to that nobody kills."""
    path = waiting(folder)
    db = Database(path)
    runner = JobRunner(db)
    runner.continue_queue()
    runner.run_next()
    runner.close()
    db.close()
    return ended(path)
