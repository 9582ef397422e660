"""Jobs that a person, a closing program or a restart stops: what is kept, and how they go on."""

import threading

import pytest

from engine import store
from engine.errors import ConfigError
from engine.jobs import policies
from engine.jobs.runner import JobRunner
from engine.study.handle import Iteration
from engine.study.progress import progress
from tests.jobs.small_jobs import N_PRESAMPLES, busy, ended, state, trained
from tests.small_runs import until


def test_a_cancelled_queued_job_never_runs(db, run_id, runner):
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.cancel(job_id)
    assert state(db, job_id) == "cancelled" and not runner.run_next()
    assert db.rows("SELECT * FROM responses") == []


def test_a_cancelled_running_job_stops_keeps_its_rows_and_resumes_with_what_is_owed(
    db, run_id, runner, world
):
    runner.start()
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    busy(db, job_id)
    runner.cancel(job_id)
    assert state(db, job_id) in ("cancelling", "cancelled")
    world.gate.set()
    assert ended(db, job_id).state == "cancelled"
    n_kept = db.row("SELECT count(*) AS n FROM responses")["n"]
    assert 6 <= n_kept < N_PRESAMPLES
    runner.resume(job_id)
    job = ended(db, job_id)
    assert (job.state, job.attempt, job.n_before, job.n_done) == (
        "done",
        2,
        n_kept,
        N_PRESAMPLES,
    )
    assert progress(Iteration(db, run_id, 0)).presampled


def test_cancelling_a_job_that_has_ended_changes_nothing(db, run_id, runner, world):
    world.gate.set()
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.run_next()
    runner.cancel(job_id)
    assert state(db, job_id) == "done"
    with pytest.raises(ConfigError, match="no job abc"):
        runner.cancel("abc")


def test_a_job_asked_to_stop_just_as_it_starts_stops(db, run_id, runner, world):
    world.gate.set()
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.on_progress = lambda row: runner.cancel(job_id) if row.state == "running" else None
    runner.run_next()
    assert state(db, job_id) == "cancelled"


def test_a_training_that_is_stopped_keeps_a_checkpoint_and_makes_no_policy(
    db, run_id, runner, world
):
    job_id = trained(db, run_id, runner, world)
    runner.start()
    busy(db, job_id)
    runner.cancel(job_id)
    world.gate.set()
    assert ended(db, job_id).state == "cancelled"
    assert db.row("SELECT step FROM checkpoints WHERE job_id = ?", [job_id])["step"] == 1
    assert store.runs.next_policy(Iteration(db, run_id, 0)) is None
    assert [job.kind for job in store.jobs.of_run(db, run_id)] == ["train"], (
        "no evaluation follows a stopped training"
    )


def test_a_training_that_finished_before_it_heard_of_the_stop_is_done(db, run_id, runner, world):
    job_id = trained(db, run_id, runner, world)
    world.gate.set()
    runner.on_progress = lambda row: (
        runner.cancel(job_id) if row.policy_id and row.state == "running" else None
    )
    runner.run_next()
    assert state(db, job_id) == "done" and store.runs.next_policy(Iteration(db, run_id, 0)) == "m1"


@pytest.fixture
def made(db, run_id, runner, world) -> str:
    """A training that made the policy m1, and nothing queued behind it."""
    job_id = trained(db, run_id, runner, world)
    world.gate.set()
    runner.run_next()
    for job in store.jobs.unfinished(db):
        store.jobs.set_state(db, job.id, "cancelled")
    assert store.jobs.get(db, job_id).policy_id == "m1" and state(db, job_id) == "done"
    return job_id


def test_a_repair_that_is_stopped_is_not_done_because_it_was_done_before(db, runner, made):
    assert policies.make_again(db, "m1")
    runner.on_progress = lambda row: runner.cancel(made) if row.state == "running" else None
    runner.run_next()
    assert state(db, made) == "cancelled"
    assert store.jobs.unfinished(db) == [], "nothing follows a policy that is not there"


def test_a_repair_that_is_stopped_lets_no_unattended_run_go_on(db, run_id, runner, made):
    store.unattended.put(db, run_id, 2, ordered_by="cli")
    policies.make_again(db, "m1")
    runner.on_progress = lambda row: runner.cancel(made) if row.state == "running" else None
    runner.run_next()
    assert store.jobs.unfinished(db) == []


@pytest.mark.parametrize("ended", store.jobs.RESUMABLE)
def test_a_repair_that_ended_early_is_queued_again_by_whoever_meets_the_damage(db, made, ended):
    policies.make_again(db, "m1")
    store.jobs.set_state(db, made, ended)
    assert policies.make_again(db, "m1")
    assert state(db, made) == "queued"


@pytest.mark.parametrize("going", store.jobs.UNFINISHED)
def test_a_repair_that_is_queued_or_runs_goes_on_when_another_job_meets_the_damage(db, made, going):
    policies.make_again(db, "m1")
    store.jobs.set_state(db, made, going)
    attempt = store.jobs.get(db, made).attempt
    assert policies.make_again(db, "m1")
    assert (state(db, made), store.jobs.get(db, made).attempt) == (going, attempt)


@pytest.mark.parametrize("going", ["queued", "running"])
def test_what_another_tab_has_resumed_already_goes_on(db, run_id, runner, world, going):
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    store.jobs.set_state(db, job_id, going)
    runner.resume(job_id)
    assert store.jobs.get(db, job_id).state == going


def test_only_what_stopped_early_can_be_resumed(db, run_id, runner, world):
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    store.jobs.set_state(db, job_id, "done")
    with pytest.raises(
        ConfigError, match=f"Job {job_id} is done: only failed, cancelled and interrupted"
    ):
        runner.resume(job_id)
    with pytest.raises(ConfigError, match="There is no job abc"):
        runner.resume("abc")


@pytest.mark.parametrize("ending", store.jobs.RESUMABLE)
def test_what_stopped_early_is_queued_again_by_resume_and_by_submitting_the_same(
    db, run_id, runner, ending
):
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    for again in (
        lambda: runner.resume(job_id),
        lambda: runner.submit(Iteration(runner.db, run_id, 0), "presample"),
    ):
        store.jobs.set_state(db, job_id, ending, error="A reason.")
        again()
        assert (state(db, job_id), store.jobs.get(db, job_id).error) == ("queued", None)
    assert len(store.jobs.of_run(db, run_id)) == 1


def test_after_a_restart_a_running_job_is_interrupted_and_the_queue_waits(
    db, run_id, runner, world
):
    world.gate.set()
    lost, waiting = (
        runner.submit(Iteration(runner.db, run_id, 0), "presample"),
        runner.submit(Iteration(runner.db, run_id, 0), "evaluate", {"policy": "before"}),
    )
    store.jobs.set_state(db, lost, "running")
    after = JobRunner(db)
    assert (
        state(db, lost) == "interrupted"
        and "The program ended while this job ran" in store.jobs.get(db, lost).error
    )
    assert state(db, waiting) == "queued" and after.paused and not after.run_next()
    after.continue_queue()
    assert after.run_next() and state(db, waiting) == "done"
    after.close()


def test_closing_interrupts_the_job_soon_and_keeps_what_is_stored(db, run_id, runner, world):
    runner.start()
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    busy(db, job_id)
    closing = threading.Thread(target=runner.close)
    closing.start()
    until(lambda: runner._closing, "the runner to be closing", deadline_s=30)
    world.gate.set()
    closing.join(timeout=30)
    assert not closing.is_alive()
    job = store.jobs.get(db, job_id)
    assert job.state == "interrupted" and "closed while this job ran" in job.error
    assert 6 <= db.row("SELECT count(*) AS n FROM responses")["n"] < N_PRESAMPLES


def test_resume_pressed_in_five_tabs_at_once_begins_one_attempt(db, run_id, runner, world):
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    store.jobs.set_state(db, job_id, "running")
    store.jobs.set_state(db, job_id, "interrupted")
    at_once, wrong = threading.Barrier(5), []

    def press() -> None:
        at_once.wait()
        try:
            runner.resume(job_id)
        except Exception as error:
            wrong.append(error)

    tabs = [threading.Thread(target=press) for _ in range(5)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    world.gate.set()
    runner.run_next()
    job = store.jobs.get(db, job_id)
    assert wrong == [] and (job.state, job.attempt) == ("done", 2) and not runner.run_next()
