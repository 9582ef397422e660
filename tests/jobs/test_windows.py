"""What a job owes is asked for in windows: the same rows, and no more of them in memory."""

import pytest

from engine.jobs import owed
from engine.jobs.runner import JobRunner
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.runs import create_run
from tests.jobs.gated_backends import FakeSampler
from tests.jobs.small_jobs import state
from tests.own_backends import open_with
from tests.small_runs import small

TABLES = ("responses", "verdicts", "step_scores")


class Noting(FakeSampler):
    """Notes how much it is asked for at once."""

    def sample(self, requests, settings):
        self.world.asked.append(len(requests))
        return super().sample(requests, settings)


@pytest.fixture
def world(world, monkeypatch):
    world.gate.set()
    world.asked = []
    open_with(monkeypatch, "hf_local", lambda path, **options: Noting(world))
    return world


def presampled(db: Database, run_id: str) -> dict[str, list]:
    runner = JobRunner(db)
    try:
        job_id = runner.submit(Iteration(db, run_id, 0), "presample")
        runner.run_next()
        assert state(db, job_id) == "done"
    finally:
        runner.close()
    return {table: db.tuples(f"SELECT * FROM {table} ORDER BY ALL") for table in TABLES}


def test_windows_give_the_rows_of_one_request_for_all(db, run_id, world, tmp_path, monkeypatch):
    whole = presampled(db, run_id)
    monkeypatch.setattr(owed, "WINDOW", 10)
    other = Database(tmp_path / "other.duckdb")
    assert presampled(other, create_run(other, small(placement="inline"))) == whole
    other.close()
    assert world.asked == [36, 10, 10, 10, 6]


def test_what_a_crash_left_without_verdicts_and_scores_is_finished_in_windows(
    db, run_id, world, monkeypatch
):
    world.refused = set(sorted(world.answers)[:2])
    whole = presampled(db, run_id)
    monkeypatch.setattr(owed, "WINDOW", 4)
    monkeypatch.setattr(owed, "LEFTOVERS", 3)
    with db.transaction() as cursor:
        cursor.execute("DELETE FROM verdicts WHERE idx > 0")
        cursor.execute("DELETE FROM step_scores")
        cursor.execute("DELETE FROM responses WHERE idx = 2 AND problem_id > '8'")
        cursor.execute("UPDATE jobs SET state = 'interrupted'")
    assert presampled(db, run_id) == whole
