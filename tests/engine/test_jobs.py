"""Jobs: states, cancelling, resuming, the queue. Most with backends of ten lines, the failures with real ones."""

import json
import shutil
import threading
from collections.abc import Iterator

import pytest

from engine import pairing, placement, plans, runs, tasks
from engine.errors import ConfigError, SamplerError
from engine.events import CheckpointSaved, OptimiserStep, PolicySaved
from engine.jobs import JobRunner, status_path
from engine.runs import create_run
from engine.store import Database, job_rows, reads, record
from engine.types import Response, StepScores
from tests.engine.small_runs import judge, small, until

N_PRESAMPLES = 36


class FakeSampler:
    """Right answers at even indices. Before each batch but the first it waits at the gate."""

    def __init__(self, world):
        self.world = world

    def sample(self, requests, settings):
        for start in range(0, len(requests), 6):
            if start:
                assert self.world.gate.wait(timeout=30)
            if self.world.fault:
                raise self.world.fault
            yield [self._response(r) for r in requests[start : start + 6]]

    def _response(self, request):
        if request.problem_id in self.world.refused:
            return Response(request.problem_id, request.index, request.seed, "", "refused", 0)
        return Response(request.problem_id, request.index, request.seed, self._text(request), "stop", 2)

    def _text(self, request):
        return "\\boxed{%s}" % (self.world.answers[request.problem_id] if request.index % 2 == 0 else "none")

    def close(self):
        self.world.n_closed += 1


class FakeReward:
    def score(self, items):
        assert all(text for _, text in items), "a refused response was given to the reward model"
        return [StepScores((0.5,)) for _ in items]

    def close(self):
        pass


class FakeTrainer:
    """Four steps, each behind the gate; stops when it is told to."""

    def __init__(self, world):
        self.world = world

    def train(self, task, should_stop):
        for step in range(1, 5):
            yield OptimiserStep(step, 4, {"loss": 0.7, "rewards/margins": 0.0})
            assert self.world.gate.wait(timeout=30)
            if should_stop():
                yield CheckpointSaved(step, task.work_dir)
                return
        yield PolicySaved("m1", "/nowhere")

    def close(self):
        pass


class World:
    def __init__(self):
        self.gate, self.fault, self.answers, self.n_closed = threading.Event(), None, {}, 0
        self.refused: set[str] = set()


@pytest.fixture
def world(monkeypatch) -> World:
    world = World()
    fakes = {"hf_local": lambda b: FakeSampler(world), "token_classification": lambda b: FakeReward(), "dpo": lambda b: FakeTrainer(world)}
    monkeypatch.setattr(placement, "BACKENDS", fakes)
    return world


@pytest.fixture
def run_id(db, world) -> str:
    run_id = create_run(db, small(placement="inline", sampling={"sampler": "hf_local"}))
    world.answers.update((row["id"], row["answer"]) for row in db.rows("SELECT id, answer FROM problems"))
    return run_id


@pytest.fixture
def runner(db, run_id) -> Iterator[JobRunner]:
    runner = JobRunner(db)
    yield runner
    runner.close()


def state(db: Database, job_id: str) -> str:
    return job_rows.get(db, job_id)["state"]


def busy(db: Database, job_id: str, n_done: int = 1) -> None:
    until(lambda: job_rows.get(db, job_id)["n_done"] >= n_done, f"job {job_id} to have done {n_done}", deadline_s=30)


def ended(db: Database, job_id: str) -> dict:
    until(lambda: state(db, job_id) not in job_rows.UNFINISHED, f"job {job_id} to end", deadline_s=60)
    return job_rows.get(db, job_id)


def commit_all(db: Database, run_id: str) -> None:
    plans.commit(db, run_id, 0, tau_l=0.1, tau_h=0.9, mode="both", strategy="uniform", made_by="a test")


def test_a_job_goes_from_queued_over_running_to_done_and_counts(db, run_id, runner, world):
    world.gate.set()
    seen = []
    runner.on_progress = lambda row: seen.append((row["state"], row["n_done"], row["n_total"]))
    job_id = runner.submit(run_id, 0, "presample")
    assert state(db, job_id) == "queued"
    assert runner.run_next() and not runner.run_next()
    job = job_rows.get(db, job_id)
    assert (job["state"], job["n_done"], job["n_total"], job["attempt"], job["error"]) == ("done", 36, 36, 1, None)
    assert seen[0][0] == "running" and seen[-1] == ("done", 36, 36)
    assert [n for _, n, _ in seen] == sorted(n for _, n, _ in seen)
    assert runs.progress(db, run_id, 0)["presampled"]


def test_the_whole_line_runs_by_submitting_and_follow_ups_come_by_themselves(db, run_id, runner, world):
    world.gate.set()
    runner.submit(run_id, 0, "presample")
    runner.run_next()
    commit_all(db, run_id)
    runner.submit(run_id, 0, "resample")
    while runner.run_next():
        pass
    runner.submit(run_id, 0, "train")
    while runner.run_next():
        pass
    done = [(job["kind"], job["params"].get("policy"), job["state"]) for job in job_rows.of_run(db, run_id)]
    assert done == [
        ("presample", None, "done"), ("resample", None, "done"), ("evaluate", "before", "done"), ("train", None, "done"),
        ("evaluate", "after", "done"),
    ]  # fmt: skip
    assert reads.next_policy(db, run_id, 0) == "m1"


def test_a_refused_prompt_leaves_its_problem_pending_also_for_another_reward_model(db, run_id, runner, world):
    world.gate.set()
    world.refused = {next(iter(reads.problems(db, run_id, "train", 0)))}
    other = runs.fork(db, run_id, 0)
    with db.transaction() as cursor:
        cursor.execute("UPDATE runs SET prm_id = 'another' WHERE id = ?", [other])
    for id in (run_id, other):
        runner.submit(id, 0, "presample")
        runner.run_next()
        assert runs.progress(db, id, 0)["presampled"]
        assert set(reads.estimates(db, id, 0).pending_ids) == world.refused


def test_the_owner_publishes_its_pid_and_its_job(db, run_id, runner, world):
    world.gate.set()
    job_id = runner.submit(run_id, 0, "presample")
    runner.run_next()
    told = json.loads(status_path(db.path).read_text())
    assert told["id"] == job_id and (told["state"], told["n_done"], told["n_total"]) == ("done", 36, 36) and told["pid"] > 0
    assert [path.name for path in db.path.parent.iterdir() if "status" in path.name] == [status_path(db.path).name]


def test_a_cancelled_queued_job_never_runs(db, run_id, runner):
    job_id = runner.submit(run_id, 0, "presample")
    runner.cancel(job_id)
    assert state(db, job_id) == "cancelled" and not runner.run_next()
    assert db.rows("SELECT * FROM responses") == []


def test_a_cancelled_running_job_stops_keeps_its_rows_and_resumes_with_what_is_owed(db, run_id, runner, world):
    runner.start()
    job_id = runner.submit(run_id, 0, "presample")
    busy(db, job_id)
    runner.cancel(job_id)
    assert state(db, job_id) in ("cancelling", "cancelled")
    world.gate.set()
    assert ended(db, job_id)["state"] == "cancelled"
    n_kept = db.row("SELECT count(*) AS n FROM responses")["n"]
    assert 6 <= n_kept < N_PRESAMPLES
    runner.resume(job_id)
    job = ended(db, job_id)
    assert (job["state"], job["attempt"], job["n_before"], job["n_done"]) == ("done", 2, n_kept, N_PRESAMPLES)
    assert runs.progress(db, run_id, 0)["presampled"]


def test_cancelling_a_job_that_has_ended_changes_nothing(db, run_id, runner, world):
    world.gate.set()
    job_id = runner.submit(run_id, 0, "presample")
    runner.run_next()
    runner.cancel(job_id)
    assert state(db, job_id) == "done"
    with pytest.raises(ConfigError, match="no job abc"):
        runner.cancel("abc")


def test_a_job_asked_to_stop_just_as_it_starts_stops(db, run_id, runner, world):
    world.gate.set()
    job_id = runner.submit(run_id, 0, "presample")
    runner.on_progress = lambda row: runner.cancel(job_id) if row["state"] == "running" else None
    runner.run_next()
    assert state(db, job_id) == "cancelled"


def trained(db, run_id, runner, world) -> str:
    """A train job, submitted behind a whole pool."""
    judge(db, run_id)
    commit_all(db, run_id)
    judge(db, run_id, which="resample_set", owed={row["problem_id"]: range(3, 8) for row in reads.allocation(db, run_id, 0)})
    assert pairing.make_pairs(db, run_id, 0) > 0
    return runner.submit(run_id, 0, "train")


def test_a_training_that_is_stopped_keeps_a_checkpoint_and_makes_no_policy(db, run_id, runner, world):
    job_id = trained(db, run_id, runner, world)
    runner.start()
    busy(db, job_id)
    runner.cancel(job_id)
    world.gate.set()
    assert ended(db, job_id)["state"] == "cancelled"
    assert db.row("SELECT step FROM checkpoints WHERE job_id = ?", [job_id])["step"] == 1
    assert reads.next_policy(db, run_id, 0) is None
    assert [job["kind"] for job in job_rows.of_run(db, run_id)] == ["train"], "no evaluation follows a stopped training"


def test_a_training_that_finished_before_it_heard_of_the_stop_is_done(db, run_id, runner, world):
    job_id = trained(db, run_id, runner, world)
    world.gate.set()
    runner.on_progress = lambda row: runner.cancel(job_id) if row["policy_id"] and row["state"] == "running" else None
    runner.run_next()
    assert state(db, job_id) == "done" and reads.next_policy(db, run_id, 0) == "m1"


@pytest.mark.parametrize("ending", ["queued", "running", "done"])
def test_only_what_stopped_early_can_be_resumed(db, run_id, runner, world, ending):
    job_id = runner.submit(run_id, 0, "presample")
    job_rows.set_state(db, job_id, ending)
    with pytest.raises(ConfigError, match=f"Job {job_id} is {ending}: only failed, cancelled and interrupted"):
        runner.resume(job_id)
    with pytest.raises(ConfigError, match="Job abc is unknown"):
        runner.resume("abc")


@pytest.mark.parametrize("ending", job_rows.RESUMABLE)
def test_what_stopped_early_is_queued_again_by_resume_and_by_submitting_the_same(db, run_id, runner, ending):
    job_id = runner.submit(run_id, 0, "presample")
    for again in (lambda: runner.resume(job_id), lambda: runner.submit(run_id, 0, "presample")):
        job_rows.set_state(db, job_id, ending, error="A reason.")
        again()
        assert (state(db, job_id), job_rows.get(db, job_id)["error"]) == ("queued", None)
    assert len(job_rows.of_run(db, run_id)) == 1


def test_a_failed_job_keeps_its_sentence_and_the_next_attempt_clears_it(db, run_id, runner, world):
    world.gate.set()
    world.fault = SamplerError("The policy could not sample. Do something.")
    job_id = runner.submit(run_id, 0, "presample")
    runner.run_next()
    assert (state(db, job_id), job_rows.get(db, job_id)["error"]) == ("failed", "The policy could not sample. Do something.")
    world.fault = None
    runner.resume(job_id)
    runner.run_next()
    assert (state(db, job_id), job_rows.get(db, job_id)["error"]) == ("done", None)


def test_a_fault_of_the_program_fails_the_job_and_leaves_the_traceback_in_its_log(db, run_id, runner, world):
    world.fault = ZeroDivisionError("by zero")
    job_id = runner.submit(run_id, 0, "presample")
    runner.run_next()
    job = job_rows.get(db, job_id)
    assert job["state"] == "failed" and job["error"].startswith("ZeroDivisionError: by zero. This is a fault of the program")
    assert "Traceback" in job_rows.notes(db, job_id)[0]["text"]


def test_what_follows_a_job_can_fail_without_taking_the_queue_along(db, run_id, runner, world, monkeypatch):
    world.gate.set()
    judge(db, run_id)
    commit_all(db, run_id)
    monkeypatch.setattr(tasks, "make_pairs", lambda *_: 1 / 0)
    job_id = runner.submit(run_id, 0, "resample")
    assert runner.run_next()
    assert state(db, job_id) == "failed" and "ZeroDivisionError" in job_rows.get(db, job_id)["error"]


def test_jobs_run_one_at_a_time_in_the_order_they_came(db, run_id, runner, world):
    world.gate.set()
    other = runs.fork(db, run_id, 0)
    order = [runner.submit(run_id, 0, "presample"), runner.submit(other, 0, "presample"),
             runner.submit(run_id, 0, "evaluate", {"policy": "before"})]  # fmt: skip
    started, running_together = [], []
    runner.on_progress = lambda row: (
        started.append(row["id"]),
        running_together.append(sum(job["state"] == "running" for job in job_rows.unfinished(db))),
    )
    while runner.run_next():
        pass
    assert list(dict.fromkeys(started)) == order and max(running_together) == 1
    assert job_rows.get(db, order[1])["n_before"] == N_PRESAMPLES, "the fork finds the shared pre-samples done"


def test_two_tabs_that_submit_the_same_at_once_get_one_job(db, run_id, runner):
    barrier, ids = threading.Barrier(4), set()

    def press():
        barrier.wait()
        ids.add(runner.submit(run_id, 0, "presample"))

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == len(job_rows.of_run(db, run_id)) == 1


def test_after_a_restart_a_running_job_is_interrupted_and_the_queue_waits(db, run_id, runner, world):
    world.gate.set()
    lost, waiting = runner.submit(run_id, 0, "presample"), runner.submit(run_id, 0, "evaluate", {"policy": "before"})
    job_rows.set_state(db, lost, "running")
    after = JobRunner(db)
    assert state(db, lost) == "interrupted" and "The program ended while this job ran" in job_rows.get(db, lost)["error"]
    assert state(db, waiting) == "queued" and after.paused and not after.run_next()
    after.continue_queue()
    assert after.run_next() and state(db, waiting) == "done"
    after.close()


def test_closing_interrupts_the_job_soon_and_keeps_what_is_stored(db, run_id, runner, world):
    runner.start()
    job_id = runner.submit(run_id, 0, "presample")
    busy(db, job_id)
    closing = threading.Thread(target=runner.close)
    closing.start()
    until(lambda: runner._closing, "the runner to be closing", deadline_s=30)
    world.gate.set()
    closing.join(timeout=30)
    assert not closing.is_alive()
    job = job_rows.get(db, job_id)
    assert job["state"] == "interrupted" and "closed while this job ran" in job["error"]
    assert 6 <= db.row("SELECT count(*) AS n FROM responses")["n"] < N_PRESAMPLES


def test_a_status_that_cannot_be_written_does_not_stop_the_job(db, run_id, runner, world):
    world.gate.set()
    status_path(db.path).unlink(missing_ok=True)
    status_path(db.path).mkdir()
    job_id = runner.submit(run_id, 0, "presample")
    runner.run_next()
    assert state(db, job_id) == "done"


def test_a_thread_that_cannot_even_record_says_so_and_waits(db, run_id, runner, world, monkeypatch):
    def broken(*_):
        raise OSError("the disk is gone")

    monkeypatch.setattr("engine.jobs.record", broken)
    runner.start()
    runner.submit(run_id, 0, "presample")
    until(lambda: runner.trouble, "the trouble to be told", deadline_s=30)
    assert "disk is gone" in runner.trouble and runner.paused and runner._thread.is_alive()


def test_a_training_without_a_pair_fails_with_what_to_do(db, run_id, runner, world):
    judge(db, run_id, correct=lambda p, i: True)
    commit_all(db, run_id)
    pairing.make_pairs(db, run_id, 0)
    job_id = runner.submit(run_id, 0, "train")
    runner.run_next()
    job = job_rows.get(db, job_id)
    assert job["state"] == "failed" and "no preference pairs" in job["error"] and "begin the next iteration" in job["error"]


@pytest.fixture
def real(finished, tmp_path) -> Iterator[tuple[Database, str, JobRunner]]:
    """The database of a whole iteration, and a runner with real backends in child processes."""
    db = Database(finished.copy(tmp_path))
    runner = JobRunner(db)
    yield db, reads.runs(db)[0]["id"], runner
    runner.close()
    db.close()


def test_a_policy_whose_folder_is_gone_fails_the_job_with_its_path(real, tmp_path):
    db, run_id, runner = real
    gone = tmp_path / "moved away"
    with db.transaction() as cursor:
        cursor.execute("UPDATE policies SET path = ?", [str(gone)])
        cursor.execute("DELETE FROM responses WHERE set_id = ?", [reads.iteration(db, run_id, 0)["presample_set"]])
    job_id = job_rows.add(db, run_id, 0, "presample", {"again": True})
    runner.run_next()
    job = job_rows.get(db, job_id)
    assert job["state"] == "failed" and str(gone) in job["error"] and "could not be loaded" in job["error"]
    assert "Traceback" not in job["error"]


def test_a_damaged_policy_fails_the_job_with_a_sentence(real, tmp_path):
    db, run_id, runner = real
    (policy,) = (reads.policy_path(db, reads.iteration(db, run_id, 0)["policy_id"]),)
    damaged = tmp_path / "damaged"
    shutil.copytree(policy, damaged)
    (damaged / "model.safetensors").write_bytes(b"\x00" * 100)
    with db.transaction() as cursor:
        cursor.execute("UPDATE policies SET path = ?", [str(damaged)])
        cursor.execute("DELETE FROM responses WHERE set_id = ?", [reads.iteration(db, run_id, 0)["presample_set"]])
    job_id = job_rows.add(db, run_id, 0, "presample", {"again": True})
    runner.run_next()
    job = job_rows.get(db, job_id)
    assert job["state"] == "failed" and str(damaged) in job["error"], job["error"]


def test_a_training_whose_loss_is_no_number_fails_and_names_the_learning_rate(real):
    db, run_id, runner = real
    job_id = runner.submit(run_id, 0, "train", {"learning_rate": 0.9, "beta": 1e38})  # gradients are clipped: a rate alone does not
    runner.run_next()
    job = job_rows.get(db, job_id)
    assert job["state"] == "failed" and "training.learning_rate (now 0.9)" in job["error"], job["error"]
    assert reads.next_policy(db, run_id, 0) != job["policy_id"]


def test_the_store_is_whole_after_a_record_that_raises(db, run_id, runner, world, monkeypatch):
    """A failing disk while the job works: the job fails with the store's sentence, and the next attempt finishes."""
    from engine.errors import StoreError

    calls = []

    def fail_once(*arguments):
        calls.append(arguments)
        if len(calls) == 4:
            raise StoreError("The file could not be written. Check the disk.")
        record(*arguments)

    world.gate.set()
    monkeypatch.setattr("engine.jobs.record", fail_once)
    job_id = runner.submit(run_id, 0, "presample")
    runner.run_next()
    assert (state(db, job_id), job_rows.get(db, job_id)["error"]) == ("failed", "The file could not be written. Check the disk.")
    runner.resume(job_id)
    runner.run_next()
    assert state(db, job_id) == "done" and runs.progress(db, run_id, 0)["presampled"]
