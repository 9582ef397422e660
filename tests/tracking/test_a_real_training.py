"""A real training on the starter policy, watched in TensorBoard and trackio while it works."""

import pytest

from engine.jobs.runner import JobRunner
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Choice, JobState
from tests.small_runs import judge, small, until
from tests.tracking.test_tracking import read_back

BOTH = ("tensorboard", "trackio")


def test_both_readers_show_the_first_steps_before_the_training_is_over(db, monkeypatch):
    for name in BOTH:
        pytest.importorskip(name, reason=f"{name} is not installed")
    monkeypatch.setattr("engine.tracking.following.LOOK_S", 0.05)
    tracking = {"trackers": list(BOTH), "project": "a real training"}
    changes = {"method": "sft", "n_epochs": 1}
    config = small(placement="inline", training=changes, tracking=tracking)
    it = Iteration(db, create_run(db, config), 0)
    judge(db, it.run_id)
    plans.commit(it, Choice(0.02, 0.99), made_by="a test")
    pairing.make_pairs(it)
    runner, seen = JobRunner(db), {}
    curve = lambda name: read_back(name, it)[0].get("train/loss", {})

    def wait_for_both(job):
        """In the training's own thread: it cannot end before the readers have seen a point."""
        if job.state is JobState.RUNNING and job.n_done and not seen:
            for name in BOTH:
                seen[name] = until(lambda name=name: curve(name), f"a point in {name}")

    runner.on_progress = wait_for_both
    job_id = runner.submit(it, "train")
    runner.run_next()
    (steps,) = [{r["step"]: r["value"] for r in _losses(db, job_id)}]
    assert len(steps) > 2 and all(0 < len(seen[name]) < len(steps) for name in BOTH)
    for name in BOTH:
        assert curve(name) == pytest.approx(steps, rel=1e-6), name
    runner.close()


def _losses(db, job_id):
    return db.rows("SELECT step, value FROM metrics WHERE job_id = ? AND name = 'loss'", [job_id])
