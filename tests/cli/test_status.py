"""status, and what a process is told that does not own the database."""

import json
import os

from engine import store
from engine.jobs.runner import JobRunner
from engine.store import Database
from engine.study.handle import Iteration
from tests.small_runs import cli


def test_status_lists_runs_and_jobs(exported):
    done = cli("status", "--db", exported, "--json")
    (run,) = json.loads(done.stdout)["runs"]
    assert [(job["kind"], job["state"]) for job in run["jobs"]] == [
        (kind, "done") for kind in ("presample", "resample", "evaluate", "train", "evaluate")
    ]
    plain = cli("status", "--db", exported)
    assert (
        run["id"] in plain.stdout
        and "presample  done         36/36" in plain.stdout
        and plain.stderr == ""
    )


def test_status_calls_a_job_interrupted_that_a_dead_process_left_running(finished, tmp_path):
    path = finished.copy(tmp_path)
    db = Database(path)
    store.jobs.set_state(db, reads_first_job(db), "running")
    db.close()
    (run,) = json.loads(cli("status", "--db", path, "--json").stdout)["runs"]
    assert run["jobs"][0]["state"] == "interrupted"


def reads_first_job(db: Database) -> str:
    return store.jobs.of_run(db, store.runs.listed(db)[0].id)[0].id


def test_a_process_that_does_not_own_the_database_is_told_what_the_owner_does(finished, tmp_path):
    db = Database(finished.copy(tmp_path))
    runner = JobRunner(db)
    runner.submit(
        Iteration(runner.db, store.runs.listed(db)[0].id, 0),
        "evaluate",
        {"policy": "before", "again": True},
    )
    runner.run_next()
    plain, as_json, other = (
        cli("status", "--db", db.path),
        cli("status", "--db", db.path, "--json"),
        cli("resume", "--db", db.path),
    )
    runner.close()
    db.close()
    assert (plain.returncode, as_json.returncode, other.returncode) == (0, 0, 1)
    owner = json.loads(as_json.stdout)
    assert (owner["pid"], owner["kind"], owner["state"], owner["n_total"]) == (
        os.getpid(),
        "evaluate",
        "done",
        18,
    )
    assert (
        f"PID {os.getpid()}" in plain.stdout
        and f"PID {os.getpid()}" in other.stderr
        and "Traceback" not in other.stderr
    )


def test_a_status_that_cannot_be_read_is_said_in_a_sentence(finished, tmp_path):
    path = finished.copy(tmp_path)
    db = Database(path)
    try:
        for content in (b"{", b"", bytes(100), b"[1]"):
            path.with_name(f"{path.name}.status.json").write_bytes(content)
            done = cli("status", "--db", path)
            assert done.returncode == 1 and "cannot be read from" in done.stderr
            assert "Traceback" not in done.stderr
    finally:
        db.close()
