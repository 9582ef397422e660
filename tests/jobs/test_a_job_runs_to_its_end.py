"""Jobs that nobody stops: states and counts, what follows by itself, the queue, the status for the
world outside.
"""

import json
import threading

from engine import store
from engine.paths import status_path
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.study.runs import fork
from tests.jobs.small_jobs import N_PRESAMPLES, commit_all, state


def test_a_job_goes_from_queued_over_running_to_done_and_counts(db, run_id, runner, world):
    world.gate.set()
    seen = []
    runner.on_progress = lambda row: seen.append((row.state, row.n_done, row.n_total))
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    assert state(db, job_id) == "queued"
    assert runner.run_next() and not runner.run_next()
    job = store.jobs.get(db, job_id)
    assert (job.state, job.n_done, job.n_total, job.attempt, job.error) == (
        "done",
        36,
        36,
        1,
        None,
    )
    assert seen[0][0] == "running" and seen[-1] == ("done", 36, 36)
    assert [n for _, n, _ in seen] == sorted(n for _, n, _ in seen)
    assert progress(Iteration(db, run_id, 0)).presampled


def test_the_whole_line_runs_by_submitting_and_follow_ups_come_by_themselves(
    db, run_id, runner, world
):
    world.gate.set()
    runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.run_next()
    commit_all(db, run_id)
    runner.submit(Iteration(runner.db, run_id, 0), "resample")
    while runner.run_next():
        pass
    runner.submit(Iteration(runner.db, run_id, 0), "train")
    while runner.run_next():
        pass
    done = [
        (job.kind, job.params.get("policy"), job.state) for job in store.jobs.of_run(db, run_id)
    ]
    assert done == [
        ("presample", None, "done"),
        ("resample", None, "done"),
        ("evaluate", "before", "done"),
        ("train", None, "done"),
        ("evaluate", "after", "done"),
    ]
    assert store.runs.next_policy(Iteration(db, run_id, 0)) == "m1"


def test_a_refused_prompt_leaves_its_problem_pending_also_for_another_reward_model(
    db, run_id, runner, world
):
    world.gate.set()
    world.refused = {next(iter(store.problems.of_run(db, run_id, "train", 0)))}
    other = fork(Iteration(db, run_id, 0)).run_id
    with db.transaction() as cursor:
        cursor.execute("UPDATE runs SET prm_id = 'other-' || prm_id WHERE id = ?", [other])
    for id in (run_id, other):
        runner.submit(Iteration(runner.db, id, 0), "presample")
        runner.run_next()
        assert progress(Iteration(db, id, 0)).presampled
        assert set(store.samples.estimates(Iteration(db, id, 0)).pending_ids) == world.refused


def test_the_owner_publishes_its_pid_and_its_job(db, run_id, runner, world):
    world.gate.set()
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.run_next()
    told = json.loads(status_path(db.path).read_text())
    assert (
        told["id"] == job_id
        and (told["state"], told["n_done"], told["n_total"]) == ("done", 36, 36)
        and told["pid"] > 0
    )
    assert [path.name for path in db.path.parent.iterdir() if "status" in path.name] == [
        status_path(db.path).name
    ]


def test_jobs_run_one_at_a_time_in_the_order_they_came(db, run_id, runner, world):
    world.gate.set()
    other = fork(Iteration(db, run_id, 0)).run_id
    order = [
        runner.submit(Iteration(runner.db, run_id, 0), "presample"),
        runner.submit(Iteration(runner.db, other, 0), "presample"),
        runner.submit(Iteration(runner.db, run_id, 0), "evaluate", {"policy": "before"}),
    ]
    started, running_together = [], []
    runner.on_progress = lambda row: (
        started.append(row.id),
        running_together.append(sum(job.state == "running" for job in store.jobs.unfinished(db))),
    )
    while runner.run_next():
        pass
    assert list(dict.fromkeys(started)) == order and max(running_together) == 1
    assert store.jobs.get(db, order[1]).n_before == N_PRESAMPLES, (
        "the fork finds the shared pre-samples done"
    )


def test_two_tabs_that_submit_the_same_at_once_get_one_job(db, run_id, runner):
    barrier, ids = threading.Barrier(4), set()

    def press():
        barrier.wait()
        ids.add(runner.submit(Iteration(runner.db, run_id, 0), "presample"))

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == len(store.jobs.of_run(db, run_id)) == 1


def test_a_status_that_cannot_be_written_does_not_stop_the_job(db, run_id, runner, world):
    world.gate.set()
    status_path(db.path).unlink(missing_ok=True)
    status_path(db.path).mkdir()
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.run_next()
    assert state(db, job_id) == "done"
