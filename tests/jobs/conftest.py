"""A run whose backends wait at a gate, its runner, and a runner with real backends."""

from collections.abc import Iterator

import pytest

from engine import store
from engine.jobs.runner import JobRunner
from engine.store import Database
from engine.study.runs import create_run
from tests.jobs.gated_backends import FakeReward, FakeSampler, FakeTrainer, World
from tests.own_backends import open_with
from tests.small_runs import small


@pytest.fixture
def world(monkeypatch) -> World:
    world = World()
    open_with(monkeypatch, "hf_local", lambda path, **options: FakeSampler(world))
    open_with(monkeypatch, "token_classification", lambda path, **options: FakeReward())
    open_with(monkeypatch, "dpo", lambda: FakeTrainer(world))
    return world


@pytest.fixture
def run_id(db, world) -> str:
    run_id = create_run(db, small(placement="inline", sampling={"sampler": "hf_local"}))
    world.answers.update(
        (row["id"], row["answer"]) for row in db.rows("SELECT id, answer FROM problems")
    )
    return run_id


@pytest.fixture
def runner(db, run_id) -> Iterator[JobRunner]:
    runner = JobRunner(db)
    yield runner
    runner.close()


@pytest.fixture
def real(finished, tmp_path) -> Iterator[tuple[Database, str, JobRunner]]:
    """The database of a whole iteration, and a runner with real backends in child processes."""
    db = Database(finished.copy(tmp_path))
    runner = JobRunner(db)
    yield db, store.runs.listed(db)[0].id, runner
    runner.close()
    db.close()
