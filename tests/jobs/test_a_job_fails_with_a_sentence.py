"""Jobs that fail, by a fault of the backend, the program, the disk or the configuration; some with
the real backends.
"""

import shutil

import pytest

from engine import store
from engine.errors import ConfigError, SamplerError, StoreError
from engine.jobs import kinds
from engine.jobs.log import tail
from engine.store import record
from engine.store.jobs import Job
from engine.study import pairing
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.types import Preference
from tests.jobs.small_jobs import commit_all, state
from tests.small_runs import judge, until


def test_a_failed_job_keeps_its_sentence_and_the_next_attempt_clears_it(db, run_id, runner, world):
    world.gate.set()
    world.fault = SamplerError("The policy could not sample. Do something.")
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.run_next()
    assert (state(db, job_id), store.jobs.get(db, job_id).error) == (
        "failed",
        "The policy could not sample. Do something.",
    )
    world.fault = None
    runner.resume(job_id)
    runner.run_next()
    assert (state(db, job_id), store.jobs.get(db, job_id).error) == ("done", None)


def test_a_fault_of_the_program_fails_the_job_and_leaves_the_traceback_in_its_log(
    db, run_id, runner, world
):
    world.fault = ZeroDivisionError("by zero")
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.run_next()
    job = store.jobs.get(db, job_id)
    assert job.state == "failed" and job.error.startswith(
        "ZeroDivisionError: by zero. This is a fault of the program"
    )
    assert "Traceback" in store.jobs.notes(db, job_id)[0].text


def test_what_follows_a_job_can_fail_without_taking_the_queue_along(
    db, run_id, runner, world, monkeypatch
):
    world.gate.set()
    judge(db, run_id)
    commit_all(db, run_id)
    monkeypatch.setattr(kinds, "make_pairs", lambda *_: 1 / 0)
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "resample")
    assert runner.run_next()
    assert state(db, job_id) == "failed" and "ZeroDivisionError" in store.jobs.get(db, job_id).error


def test_a_thread_that_cannot_even_record_says_so_and_waits(db, run_id, runner, world, monkeypatch):
    def broken(*_):
        raise OSError("the disk is gone")

    for room in ("runner", "writer"):
        monkeypatch.setattr(f"engine.jobs.{room}.record", broken)
    runner.start()
    runner.submit(Iteration(runner.db, run_id, 0), "presample")
    until(lambda: runner.trouble, "the trouble to be told", deadline_s=30)
    assert "disk is gone" in runner.trouble and runner.paused and runner._thread.is_alive()


def test_the_store_is_whole_after_a_record_that_raises(db, run_id, runner, world, monkeypatch):
    """A failing disk while the job works: the job fails with the store's sentence, and the next
    attempt finishes.
    """
    calls = []

    def fail_once(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise StoreError("The file could not be written. Check the disk.")
        record(*arguments)

    world.gate.set()
    monkeypatch.setattr("engine.jobs.writer.record", fail_once)
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.run_next()
    assert (state(db, job_id), store.jobs.get(db, job_id).error) == (
        "failed",
        "The file could not be written. Check the disk.",
    )
    runner.resume(job_id)
    runner.run_next()
    assert state(db, job_id) == "done" and progress(Iteration(db, run_id, 0)).presampled


def test_a_training_without_a_pair_fails_with_what_to_do(db, run_id, runner, world):
    judge(db, run_id, correct=lambda p, i: True)
    commit_all(db, run_id)
    pairing.make_pairs(Iteration(db, run_id, 0))
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "train")
    runner.run_next()
    job = store.jobs.get(db, job_id)
    assert (
        job.state == "failed"
        and "no preference pairs" in job.error
        and "begin the next iteration" in job.error
    )


def presampled_again(db, run_id, runner, *, policy) -> Job:
    """The job that draws the pre-samples once more from a policy in this folder."""
    with db.transaction() as cursor:
        cursor.execute("UPDATE policies SET path = ?", [str(policy)])
        cursor.execute(
            "DELETE FROM responses WHERE set_id = ?",
            [Iteration(db, run_id, 0).row.presample_set],
        )
    job_id = store.jobs.add(Iteration(db, run_id, 0), "presample", {"again": True})
    runner.run_next()
    return store.jobs.get(db, job_id)


def test_a_policy_whose_folder_is_gone_fails_the_job_with_its_path(real, tmp_path):
    db, run_id, runner = real
    gone = tmp_path / "moved away"
    job = presampled_again(db, run_id, runner, policy=gone)
    assert job.state == "failed" and str(gone) in job.error and "could not be loaded" in job.error
    assert "Traceback" not in job.error


def test_a_damaged_policy_fails_the_job_with_a_sentence(real, tmp_path):
    db, run_id, runner = real
    policy = store.runs.policy_path(db, Iteration(db, run_id, 0).row.policy_id)
    damaged = tmp_path / "damaged"
    shutil.copytree(policy, damaged)
    (damaged / "model.safetensors").write_bytes(b"\x00" * 100)
    job = presampled_again(db, run_id, runner, policy=damaged)
    assert job.state == "failed" and str(damaged) in job.error, job.error


def test_what_a_worker_cannot_read_is_one_sentence_and_the_rest_is_in_its_log(real, monkeypatch):
    """A training is told rows without a text: the child refuses the first of them."""
    db, run_id, runner = real
    rows = [Preference(f"p{i}", "?", None, None, 0, 1, 0.9, 0.1) for i in range(30)]
    monkeypatch.setattr("engine.jobs.train.training_rows", lambda *_: rows)
    job_id = runner.submit(Iteration(db, run_id, 0), "train", {"beta": 0.2})
    runner.run_next()
    job = store.jobs.get(db, job_id)
    assert job.state == "failed" and job.error.endswith("The worker's log has the rest.")
    assert "\n" not in job.error and len(job.error) < 300
    assert job.error.startswith("ValidationError: tuple[TrainingTask] does not take ")
    assert ".0.chosen: Input should be" in job.error and "(the first of 90 such" in job.error
    log = tail(db, job, n_lines=1000)
    assert "Traceback" in log and "90 validation errors" in log


def test_of_an_error_of_many_lines_the_first_is_shown_and_all_are_in_the_log(
    db, run_id, runner, world
):
    world.fault = SamplerError("The policy could not sample:\nand\na page of other lines")
    job_id = runner.submit(Iteration(db, run_id, 0), "presample")
    runner.run_next()
    job = store.jobs.get(db, job_id)
    assert job.error == "The policy could not sample: … The job's log has the rest."
    assert "a page of other lines" in tail(db, job)


def test_a_training_whose_loss_is_no_number_fails_and_names_the_learning_rate(real):
    db, run_id, runner = real
    job_id = runner.submit(
        Iteration(runner.db, run_id, 0), "train", {"learning_rate": 0.9, "beta": 1e38}
    )  # gradients are clipped: a rate alone does not
    runner.run_next()
    job = store.jobs.get(db, job_id)
    assert job.state == "failed" and "training.learning_rate (now 0.9)" in job.error, job.error
    assert store.runs.next_policy(Iteration(db, run_id, 0)) != job.policy_id


@pytest.mark.parametrize("kind", ["commit", "next", ""])
def test_only_real_kinds_of_jobs_can_be_queued(db, run_id, runner, kind):
    with pytest.raises(
        ConfigError,
        match="it must be one of tune, presample, calibrate, resample, train, pick, evaluate",
    ):
        runner.submit(Iteration(runner.db, run_id, 0), kind)
    assert store.jobs.of_run(db, run_id) == []


def test_a_job_of_a_kind_that_another_version_stored_fails_with_a_sentence(db, run_id, runner):
    job_id = store.jobs.add(Iteration(db, run_id, 0), "commit", {})
    runner.continue_queue()
    runner.run_next()
    assert store.jobs.get(db, job_id).error.startswith(
        "A job's kind is 'commit': it must be one of"
    )
