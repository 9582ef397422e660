"""A training that draws its own responses, killed in the middle through the command line: what it
drew, and the policy, are those of a training that nobody killed.
"""

import signal
from pathlib import Path

import pytest

from engine import store
from engine.jobs.runner import JobRunner
from engine.store import Database
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Choice
from tests.jobs.test_kill_and_resume import Broken, run_until
from tests.small_runs import cli, judge, small

METHOD = {
    "method": "grpo",
    "group_size": 4,
    "batch_size": 8,
    "micro_batch_size": 4,
    "n_epochs": 1,
    "process_weight": 0.5,
    "max_redraws": 1,
}


def waiting(folder: Path) -> Path:
    """A database whose run waits for its training."""
    folder.mkdir()
    db = Database(folder / "studio.duckdb")
    run_id = create_run(db, small(training=METHOD, problems={"n_held_out": 2}, evaluation={"n": 1}))
    judge(db, run_id)
    it = Iteration(db, run_id, 0)
    plans.commit(it, Choice(0.02, 0.99, "both", "boundary"), made_by="a test")
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


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> tuple[list, str, int]:
    path = waiting(tmp_path_factory.mktemp("unbroken") / "own")
    db = Database(path)
    runner = JobRunner(db)
    runner.continue_queue()
    runner.run_next()
    runner.close()
    db.close()
    return ended(path)


def test_a_killed_training_draws_and_learns_what_an_unbroken_one_does(unbroken, tmp_path):
    broken = Broken(waiting(tmp_path / "own"))
    run_until(["resume"], broken, "train", 3, signal.SIGKILL)
    assert 3 <= broken.jobs["train"].n_done < broken.jobs["train"].n_total
    assert cli("resume", "--db", broken.db).returncode == 0
    drawn, policy_id, attempt = ended(broken.db)
    assert attempt > unbroken[2]
    assert drawn == unbroken[0], "the same keys, rewards, discards and texts, each once"
    assert policy_id == unbroken[1]
