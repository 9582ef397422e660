"""A second run that asks what a first one was answered draws nothing again, and counts everything
in its own budget.
"""

import pytest

from engine import store
from engine.figures.measure import measure
from engine.figures.summary import summarise
from engine.jobs.log import tail
from engine.store import Database
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import create_run, fork
from engine.types import Choice
from tests.jobs.gated_backends import FakeSampler
from tests.jobs.small_jobs import commit_all
from tests.small_runs import small

N_PRESAMPLE = 3
BOUNDARY = Choice(0.6, 0.9, strategy="boundary")
"""Without the problems that were never solved."""
WHOLE = "SELECT problem_id, idx, seed, text, n_tokens FROM responses WHERE set_id = ?"


@pytest.fixture
def drawn(world, monkeypatch) -> list[str]:
    """The id of the problem of every resample that the sampler was asked for."""
    world.gate.set()
    asked, original = [], FakeSampler.sample

    def sample(self, requests, settings):
        asked.extend(r.problem_id for r in requests if r.index >= N_PRESAMPLE)
        return original(self, requests, settings)

    monkeypatch.setattr(FakeSampler, "sample", sample)
    return asked


def another(db: Database, **changes) -> str:
    """A run equal to the fixture's but for its name."""
    hf = {"sampler": "hf_local", **changes.pop("sampling", {})}
    return create_run(db, small(name="again", placement="inline", sampling=hf, **changes))


def presampled(db, run_id, runner) -> None:
    runner.submit(Iteration(db, run_id, 0), "presample")
    runner.run_next()


def resampled(db, run_id, runner) -> str:
    """The job's id, when it and the evaluation that follows are done."""
    job_id = runner.submit(Iteration(db, run_id, 0), "resample")
    while runner.run_next():
        pass
    assert store.jobs.get(db, job_id).error is None
    return job_id


def budget(db, run_id) -> dict:
    return summarise(db, run_id)["iterations"][0]["budget"]


def rows(db, run_id, sql: str = WHOLE) -> list[tuple]:
    return sorted(db.tuples(sql, [Iteration(db, run_id, 0).row.resample_set]))


@pytest.fixture
def first(db, run_id, runner, world, drawn) -> str:
    """A run with all its resamples, five for every problem; four problems are never solved."""
    for problem_id in list(store.problems.of_run(db, run_id, "train", 0))[:4]:
        world.answers[problem_id] = "none"
    presampled(db, run_id, runner)
    commit_all(db, run_id)
    resampled(db, run_id, runner)
    drawn.clear()
    return run_id


def test_the_same_run_again_draws_nothing_and_counts_its_whole_budget(db, first, runner, drawn):
    second = another(db)
    commit_all(db, second)
    job_id = resampled(db, second, runner)
    assert drawn == [] and rows(db, second) == rows(db, first) != []
    assert budget(db, second) == {**budget(db, first), "reused": 60}
    assert budget(db, first)["reused"] == 0 and budget(db, first)["resampled"] == 60
    judged = "SELECT problem_id, idx, correct, status FROM verdicts WHERE set_id = ?"
    scored = "SELECT problem_id, idx, scores, reward FROM step_scores WHERE set_id = ?"
    for sql in (judged, scored):
        assert rows(db, second, sql) == rows(db, first, sql) != []
    pairs = [store.pairs.texts(Iteration(db, id, 0)) for id in (first, second)]
    assert pairs[0] == pairs[1] != []
    assert "60 resamples were drawn by another run" in tail(db, store.jobs.get(db, job_id))
    job = store.jobs.get(db, job_id)
    assert (job.n_done, job.n_total, job.n_before) == (60, 60, 60)


def test_a_fork_with_another_plan_draws_only_what_is_not_there(db, first, runner, drawn):
    other = fork(Iteration(db, first, 0)).run_id
    plans.commit(Iteration(db, other, 0), BOUNDARY, made_by="a test")
    given = [row.n_more for row in store.commits.allocation(Iteration(db, other, 0))]
    n_there = sum(min(n, 5) for n in given)
    resampled(db, other, runner)
    assert 0 < n_there < sum(given), "the plans share some of their requests"
    assert len(drawn) == sum(given) - n_there
    assert budget(db, other)["reused"] == n_there
    assert budget(db, other)["resampled"] == sum(given)


def test_what_was_reused_is_taken_from_where_it_was_drawn(db, first, runner, drawn):
    second, third = another(db), another(db)
    for run_id in (second, third):
        commit_all(db, run_id)
        resampled(db, run_id, runner)
    origin = Iteration(db, first, 0).row.resample_set
    kept = "SELECT DISTINCT drawn_in FROM responses WHERE set_id = ?"
    assert rows(db, third, kept) == rows(db, second, kept) == [(origin,)]
    assert rows(db, first, kept) == [(None,)] and drawn == []


@pytest.mark.parametrize("changed", [{"seed": 8}, {"sampling": {"temperature": 0.5}}], ids=str)
def test_other_requests_are_drawn(db, first, runner, drawn, changed):
    other = another(db, **changed)
    presampled(db, other, runner)
    commit_all(db, other)
    drawn.clear()
    resampled(db, other, runner)
    assert len(drawn) == budget(db, other)["resampled"] > 0 == budget(db, other)["reused"]


def test_a_prompt_with_worked_examples_is_its_own_runs(db, run_id, runner, drawn):
    """The examples are chosen among a run's own problems, which equal settings do not tell."""
    ids = [another(db, sampling={"n_examples": 1}) for _ in range(2)]
    presampled(db, ids[0], runner)
    for id in ids:
        commit_all(db, id)
        drawn.clear()
        resampled(db, id, runner)
    assert len(drawn) == 60 and budget(db, ids[1])["reused"] == 0


def test_a_reused_response_without_a_verdict_is_judged(db, first, runner, drawn):
    with db.transaction() as cursor:
        cursor.execute(
            "DELETE FROM verdicts WHERE set_id = ? AND idx = 5",
            [Iteration(db, first, 0).row.resample_set],
        )
    second = another(db)
    commit_all(db, second)
    resampled(db, second, runner)
    assert drawn == [] and budget(db, second)["resampled"] == 60


def test_the_time_of_what_was_reused_is_counted_by_its_share(db, first, runner, drawn):
    other = fork(Iteration(db, first, 0)).run_id
    plans.commit(Iteration(db, other, 0), BOUNDARY, made_by="a test")
    resampled(db, other, runner)
    with db.transaction() as cursor:
        cursor.execute("UPDATE jobs SET busy_s = CASE kind WHEN 'resample' THEN 60 ELSE 0 END")
    (spent,) = measure(db, other).compared.spent
    assert spent.seconds == pytest.approx(60 + spent.reused)
