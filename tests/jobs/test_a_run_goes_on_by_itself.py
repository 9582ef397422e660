"""A run that goes on by itself: in the dashboard's queue as on the command line, to the digit."""

import pytest

from engine import store
from engine.config.checks import check_config, require_thresholds
from engine.errors import ConfigError, EngineError, SamplerError
from engine.headless.run import run_to_end
from engine.jobs.runner import JobRunner
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.resolved import resolved_config
from engine.study.runs import create_run
from tests.small_runs import small, texts_of


def worked(runner):
    while runner.run_next():
        pass


@pytest.fixture
def world(world):
    world.gate.set()
    return world


def begun(db, world, **changes):
    """A second run of the gated world."""
    changes = {"sampling": {"sampler": "hf_local"}, **changes}
    run_id = create_run(db, small(placement="inline", **changes))
    world.answers.update(
        (row["id"], row["answer"]) for row in db.rows("SELECT id, answer FROM problems")
    )
    return run_id


def test_the_queue_walks_a_run_to_the_same_responses_and_pairs_as_the_command_line(tmp_path):
    quick = {"placement": "inline", "training": {"n_epochs": 1}}
    config = small(**quick, difficulty={"thresholds": "quantile"})
    found = []
    for how in ("queue", "cli"):
        db = Database(tmp_path / f"{how}.duckdb")
        runner = JobRunner(db)
        run_id = create_run(db, config)
        if how == "cli":
            run_to_end(runner, run_id)
        else:
            runner.go_on(run_id, 1, ordered_by="tab 1")
            worked(runner)
        assert store.runs.next_policy(Iteration(db, run_id, 0))
        found.append(texts_of(db, run_id))
        assert resolved_config(db, run_id)[0].difficulty.thresholds == "quantile"
        runner.close()
        db.close()
    assert found[0] == found[1] and found[0]["pairs"]


def test_a_run_that_goes_by_itself_is_whole_before_the_next_begins(db, world, runner, run_id):
    second = begun(db, world, name="second", seed=8)
    for id in (run_id, second):
        runner.go_on(id, 1, ordered_by="tab 1")
    worked(runner)
    runs = [
        id
        for (id,) in db.tuples("SELECT run_id FROM jobs WHERE state = 'done' ORDER BY finished_at")
    ]
    assert runs == sorted(runs, key=[run_id, second].index) and len(set(runs)) == 2
    assert store.commits.get(Iteration(db, run_id, 0)).made_by == "tab 1, unattended"


def test_a_run_goes_on_over_as_many_iterations_as_were_ordered(db, world, runner):
    problems = {"per_iteration": "fixed"}
    run_id = begun(db, world, name="long", n_iterations=3, problems=problems)
    runner.go_on(run_id, 2, ordered_by="tab 1")
    worked(runner)
    assert [row.number for row in store.runs.iterations(db, run_id)] == [0, 1]
    assert store.runs.next_policy(Iteration(db, run_id, 1))


def test_a_run_that_was_stopped_waits_and_goes_on_by_itself_once_it_is_resumed(db, runner, run_id):
    runner.go_on(run_id, 1, ordered_by="tab 1")
    (job,) = store.jobs.unfinished(db)
    runner.cancel(job.id)
    worked(runner)
    assert store.commits.find(Iteration(db, run_id, 0)) is None
    runner.resume(job.id)
    worked(runner)
    assert store.commits.find(Iteration(db, run_id, 0))


def test_what_keeps_a_run_from_going_on_is_noted_and_the_queue_goes_on(db, world, runner):
    run_id = begun(db, world, name="open", difficulty={"tau_l": None, "tau_h": None})
    runner.go_on(run_id, 1, ordered_by="tab 1")
    worked(runner)
    assert "choose them by eye" in store.unattended.find(db, run_id).trouble
    assert not runner.paused and runner.trouble is None


def test_calibrated_thresholds_are_those_that_meet_most_labels(db, world, runner):
    difficulty = {"thresholds": "calibrated", "n_calibration": 2, "tau_l": None, "tau_h": None}
    run_id = begun(
        db,
        world,
        name="calibrated",
        difficulty=difficulty,
        sampling={"sampler": "hf_local", "n": 9},
    )
    runner.go_on(run_id, 1, ordered_by="tab 1")
    worked(runner)
    bound = store.commits.get(Iteration(db, run_id, 0))
    assert 0 <= bound.tau_l <= bound.tau_h <= 1
    assert store.side_samples.counts(Iteration(db, run_id, 0))["calibrate"] == 24


def test_thresholds_by_a_rule_need_what_the_rule_reads():
    require_thresholds(small(difficulty={"thresholds": "quantile", "tau_l": None, "tau_h": None}))
    with pytest.raises(ConfigError, match="difficulty.n_calibration is 0: it must be 1 or more"):
        small(difficulty={"thresholds": "calibrated"})
    with pytest.raises(ConfigError, match='must be given, because reward.family is "none"'):
        check_config(
            small(
                reward={"family": "none"},
                difficulty={"thresholds": "quantile", "mode": "accuracy"},
            )
        )


def test_a_queued_job_is_put_at_the_front(db, world, runner, run_id):
    second = begun(db, world, name="second", seed=8)
    first, last = (runner.submit(Iteration(db, id, 0), "presample") for id in (run_id, second))
    runner.to_front(last)
    assert [job.id for job in store.jobs.unfinished(db)] == [last, first]
    runner.to_front(first)
    assert [job.id for job in store.jobs.unfinished(db)] == [first, last]


def test_a_queued_job_changes_places_with_its_neighbours_and_stays_at_the_ends(
    db, world, runner, run_id
):
    ids = [
        begun(db, world, name="second", seed=8),
        begun(db, world, name="third", seed=9),
        run_id,
    ]
    a, b, c = (runner.submit(Iteration(db, id, 0), "presample") for id in ids)
    for job, by, order in (
        (c, -1, [a, c, b]),
        (c, -1, [c, a, b]),
        (c, -1, [c, a, b]),
        (a, 1, [c, b, a]),
        (a, 1, [c, b, a]),
        ("none", 1, [c, b, a]),
    ):
        runner.move(job, by)
        assert [queued.id for queued in store.jobs.unfinished(db)] == order


def test_a_failed_job_stops_a_run_on_the_command_line_with_its_sentence(db, runner, run_id, world):
    world.fault = SamplerError("No luck.")
    with pytest.raises(EngineError, match="No luck"):
        run_to_end(runner, run_id)
