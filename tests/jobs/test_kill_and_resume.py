"""Whatever is killed, the end is the same: responses, verdicts, scores, plan, pairs and weights
equal those of an unbroken run.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from engine import store
from engine.jobs import writer
from engine.jobs.runner import JobRunner
from engine.store import Database
from engine.store.jobs import Job
from engine.study.handle import Iteration
from engine.study.runs import create_run
from tests.jobs.halting_cli import HALTED
from tests.same_study import SAME, differences, facts
from tests.small_runs import ROOT, cli, small, toml, until

KILLS = (
    ("presample", 16, signal.SIGKILL),
    ("resample", 16, signal.SIGKILL),
    ("evaluate", 6, signal.SIGINT),
    ("train", 3, signal.SIGKILL),
)
"""(kind of job, how much of it is done, the signal): in the order in which a run comes by."""


def assert_same(broken: Path, unbroken: Path) -> None:
    assert differences(broken, unbroken) == []


def gone(process: psutil.Process) -> bool:
    """Ended; a zombie that nobody has waited for yet counts."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@dataclass
class Broken:
    """A run that was stopped again and again, and what was seen on the way."""

    db: Path
    jobs: dict[str, Job] = field(default_factory=dict)
    """The job's row right after it was stopped, by kind."""
    left: dict[str, list] = field(default_factory=dict)
    """Children that outlived their parent, by kind."""
    n_children: dict[str, int] = field(default_factory=dict)
    exits: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Exit status and last words, by kind."""


def listen_to_ctrl_c() -> None:
    """A shell starts background commands with SIGINT ignored, and children inherit that: pytest may
    be one of them.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run_until(
    command: list[str], broken: Broken, kind: str, n_done: int, how: signal.Signals
) -> None:
    """Start the command line and stop it where a job has done so much."""
    halting = [sys.executable, "-m", "tests.jobs.halting_cli", kind, str(n_done)]
    process = subprocess.Popen(
        [*halting, *command, "--db", str(broken.db)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen_to_ctrl_c,
    )
    watchdog = threading.Timer(240, process.kill)
    watchdog.start()
    seen = []
    for line in process.stderr:
        seen.append(line)
        if line.strip() == HALTED:
            break
    else:
        pytest.fail(f"the run ended before {kind} had done {n_done}:\n{''.join(seen[-20:])}")
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(how)
    last_words = process.stderr.read()
    broken.exits[kind] = (process.wait(timeout=120), last_words)
    watchdog.cancel()
    until(
        lambda: all(map(gone, children)),
        f"the children of the killed process to end ({kind})",
        deadline_s=60,
    )
    broken.n_children[kind] = len(children)
    broken.left[kind] = [child for child in children if not gone(child)]
    db = Database(broken.db)
    broken.jobs[kind] = store.jobs.latest(Iteration(db, store.runs.listed(db)[0].id, 0), kind)
    db.close()


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> Broken:
    folder = tmp_path_factory.mktemp("broken")
    (folder / "small.toml").write_text(toml())
    broken = Broken(folder / "studio.duckdb")
    for number, (kind, n_done, how) in enumerate(KILLS):
        run_until(
            ["resume"] if number else ["run", str(folder / "small.toml")], broken, kind, n_done, how
        )
    done = cli("resume", "--db", broken.db)
    assert done.returncode == 0, done.stderr
    return broken


@pytest.mark.parametrize(("kind", "how"), [(kind, how) for kind, _, how in KILLS])
def test_the_run_was_really_stopped_in_the_middle(broken, kind, how):
    job = broken.jobs[kind]
    assert job.state == ("running" if how == signal.SIGKILL else "interrupted"), (
        "after SIGKILL nobody is left to write it"
    )
    assert 0 < job.n_done < job.n_total


@pytest.mark.parametrize("kind", [kind for kind, _, _ in KILLS])
def test_no_child_outlives_a_killed_app(broken, kind):
    assert broken.n_children[kind] > 0 and broken.left[kind] == []


def test_ctrl_c_is_a_sentence(broken):
    status, last_words = broken.exits["evaluate"]
    assert status == 130 and "Stopped. What was finished is stored; `resume` goes on." in last_words
    assert "Traceback" not in last_words


def test_after_every_kill_the_end_is_that_of_the_unbroken_run(broken, finished):
    assert_same(broken.db, finished.db)


def test_a_resumed_training_goes_on_from_its_checkpoint(broken):
    db = Database(broken.db)
    job = store.jobs.latest(Iteration(db, store.runs.listed(db)[0].id, 0), "train")
    steps = {
        row["attempt"]: row["first"]
        for row in db.rows(
            "SELECT attempt, min(step) AS first FROM metrics WHERE job_id = ? GROUP BY attempt",
            [job.id],
        )
    }
    db.close()
    assert job.state == "done" and steps.keys() == {1, 2} and steps[1] == 1 and steps[2] >= 3


def test_every_stopped_job_was_interrupted_and_is_done_in_its_second_attempt(broken):
    db = Database(broken.db)
    jobs = store.jobs.of_run(db, store.runs.listed(db)[0].id)
    db.close()
    assert [(job.kind, job.state, job.attempt) for job in jobs] == [
        ("presample", "done", 2),
        ("resample", "done", 2),
        ("evaluate", "done", 2),
        ("train", "done", 2),
        ("evaluate", "done", 1),
    ]


def test_everything_in_one_process_gives_the_same_run(finished, tmp_path):
    (tmp_path / "inline.toml").write_text(toml(placement="inline"))
    done = cli("run", tmp_path / "inline.toml", "--db", tmp_path / "studio.duckdb", "--json")
    assert done.returncode == 0, done.stderr
    assert not list(Path(f"{tmp_path / 'studio.duckdb'}.files", "logs").glob("*")), (
        "a child was started"
    )
    assert_same(tmp_path / "studio.duckdb", finished.db)


@pytest.fixture
def runner(db) -> Iterator[JobRunner]:
    runner = JobRunner(db)
    yield runner
    runner.close()


def workers() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if not gone(child) and "engine.placement.worker" in child.cmdline()
    ]


def test_a_killed_worker_interrupts_the_job_with_a_sentence_and_resuming_completes_it(
    db, runner, finished, monkeypatch
):
    monkeypatch.setattr(writer, "ENOUGH_ROWS", 1)
    run_id = create_run(db, small())
    killed = []

    def kill_once(row):
        if row.n_done >= 8 and not killed:
            killed.extend(workers())
            for child in killed:
                os.kill(child.pid, signal.SIGKILL)

    runner.on_progress = kill_once
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.run_next()
    job = store.jobs.get(db, job_id)
    assert killed and job.state == "interrupted" and 8 <= job.n_done < 36
    assert "ended unexpectedly (exit code -9)" in job.error and "resume the job" in job.error
    runner.resume(job_id)
    runner.run_next()
    assert store.jobs.get(db, job_id).state == "done"
    theirs = [row for row in facts(finished.db)["responses"] if row["purpose"] == "presample"]
    assert db.rows(SAME["responses"]) == theirs


def untrained(finished, folder: Path) -> Path:
    """The unbroken run again, as it was before its training."""
    path = finished.copy(folder)
    shutil.rmtree(f"{path}.files/policies")
    db = Database(path)
    with db.transaction() as cursor:
        for table in ("metrics", "checkpoints"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("DELETE FROM jobs WHERE kind = 'train'")
    db.close()
    return path


def test_a_cancelled_training_keeps_a_checkpoint_and_ends_with_the_same_weights(finished, tmp_path):
    path = untrained(finished, tmp_path)
    db = Database(path)
    runner = JobRunner(db)
    run_id = store.runs.listed(db)[0].id
    runner.on_progress = lambda row: (
        runner.cancel(row.id) if (row.state, row.n_done) == ("running", 2) else None
    )
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "train")
    runner.run_next()
    job = store.jobs.get(db, job_id)
    assert (
        job.state == "cancelled"
        and 2 <= job.n_done < job.n_total
        and store.runs.next_policy(Iteration(db, run_id, 0)) is None
    )
    checkpoints = sorted(Path(f"{path}.files/training/{job_id}").glob("checkpoint-*"))
    assert checkpoints and all((folder / "optimizer.pt").exists() for folder in checkpoints)
    assert int(checkpoints[-1].name.split("-")[1]) < job.n_total
    half = checkpoints[-1].with_name("checkpoint-99")
    shutil.copytree(checkpoints[-1], half)
    (half / "trainer_state.json").unlink()  # as a kill in the middle of saving leaves it
    runner.resume(job_id)
    runner.run_next()
    assert store.jobs.get(db, job_id).state == "done", store.jobs.get(db, job_id).error
    assert not list(Path(f"{path}.files/training/{job_id}").glob("checkpoint-*")), (
        "checkpoints of a finished training stay"
    )
    runner.close()
    db.close()
    assert_same(path, finished.db)


def test_a_training_killed_between_saving_its_policy_and_saying_so_is_not_trained_again(
    finished, tmp_path
):
    db = Database(finished.copy(tmp_path))
    run_id = store.runs.listed(db)[0].id
    job, n_logged = (
        store.jobs.latest(Iteration(db, run_id, 0), "train"),
        len(db.rows("SELECT * FROM metrics")),
    )
    store.jobs.set_state(db, job.id, "running")
    with db.transaction() as cursor:
        cursor.execute("UPDATE jobs SET policy_id = NULL WHERE id = ?", [job.id])
    runner = JobRunner(db)
    runner.resume(job.id)
    runner.run_next()
    after = store.jobs.get(db, job.id)
    assert (after.state, after.policy_id) == ("done", job.policy_id)
    assert len(db.rows("SELECT * FROM metrics")) == n_logged
    runner.close()
    db.close()
