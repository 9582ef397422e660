"""Weights of a training that become the policy: by the configuration, by hand, and back. No model
is loaded.
"""

import json
from pathlib import Path

import pytest

from engine import store
from engine.cli.main import main
from engine.errors import ConfigError
from engine.events import CheckpointKept, OptimiserStep, PolicySaved
from engine.figures.siblings import siblings
from engine.headless.run import pick_weights
from engine.jobs import policies
from engine.jobs.runner import JobRunner
from engine.paths import set_aside
from engine.store import Database
from engine.study import checkpoints
from engine.study.handle import Iteration
from engine.study.resolved import resolved_config
from engine.study.runs import begin_next_iteration
from engine.types import JobKind
from tests.own_backends import open_with
from tests.training.test_training_jobs import new_run, pool, train

LOSSES = {1: 0.5, 2: 0.3, 3: 0.4}


class Keeping:
    """A trainer of three steps that keeps the weights of the first two."""

    def train(self, task, should_stop):
        if task.checkpoint:
            yield PolicySaved(Path(task.checkpoint).name, f"/{Path(task.checkpoint).name}")
            return
        for step, loss in LOSSES.items():
            yield OptimiserStep(step, 3, {"loss": loss})
            if step < 3:
                kept = Path(task.work_dir) / f"step-{step}"
                kept.mkdir(parents=True)
                yield CheckpointKept(step, str(kept), 8 * step)
        by_itself = 2 if task.config.policy_by == "loss" else None
        yield PolicySaved(f"step-{by_itself or 3}", "/m", by_itself)

    def close(self):
        pass


@pytest.fixture
def db(tmp_path, monkeypatch):
    open_with(monkeypatch, "dpo", Keeping)
    database = Database(tmp_path / "studio.duckdb")
    yield database
    database.close()


def trained_run(db, **training):
    run_id = new_run(db, keep_checkpoints=2, **training)
    pool(db, run_id)
    return Iteration(db, run_id, 0), train(db, run_id)


def picked(db, it, job, step):
    """What the pick gives; the evaluation that follows is another test's."""
    runner = JobRunner(db)
    params = checkpoints.pick(it, job.id, step, made_by="tab 1")
    job_id = runner.submit(it, "pick", params)
    runner.run_next()
    follow = [(j.kind, j.params) for j in store.jobs.unfinished(db)]
    for other in store.jobs.unfinished(db):
        store.jobs.set_state(db, other.id, "cancelled")
    runner.close()
    return store.jobs.get(db, job_id), follow


def test_a_step_picked_by_hand_is_a_sibling_with_who_and_when_and_the_run_goes_on_with_it(db):
    it, job = trained_run(db)
    assert store.runs.next_policy(it) == "step-3"
    assert [(c.step, c.n_bytes) for c in checkpoints.checkpoints(db, job)] == [
        *((1, 8), (2, 16), (3, None))
    ]
    again, follow = picked(db, it, job, 2)
    assert again.state == "done" and again.policy_id == "step-2"
    assert follow == [("evaluate", {"policy": "after", "policy_id": "step-2"})]
    first, second = siblings(it)
    assert (first.name, second.name, second.goes_on) == ("M1", "M1b", True)
    assert (second.pick.step, second.pick.made_by) == (2, "tab 1") and second.pick.made_at
    assert first.pick is None and store.runs.next_policy(it) == "step-2"
    assert [row.policy_id for row in store.board.policies(db) if row.number] == ["step-2"]
    (note,) = [n for n in resolved_config(db, it.run_id)[1] if "picked" in n]
    assert "the weights of step 2 of training" in note and "by tab 1" in note


def test_the_last_weights_can_be_picked_again_and_make_no_third_sibling(db):
    it, job = trained_run(db)
    picked(db, it, job, 1)
    back, _ = picked(db, it, job, 3)
    assert back.policy_id == "step-3" == store.runs.next_policy(it)
    assert [(s.name, s.goes_on) for s in siblings(it)] == [("M1", True), ("M1b", False)]
    assert begin_next_iteration(db, it.run_id).row.policy_id == "step-3"


def test_what_the_configuration_picks_is_noted_too(db):
    it, job = trained_run(db, policy_by="loss")
    (only,) = siblings(it)
    assert job.policy_id == "step-2" and only.pick.step == 2 and only.pick.automatic
    assert only.pick.made_by == "training.policy_by"
    assert checkpoints.own_step(db, job) == 2
    assert checkpoints.best(db, job, "loss") == 2


def test_what_was_not_kept_cannot_be_picked(db):
    it, job = trained_run(db)
    with pytest.raises(ConfigError, match="pick one of 1, 2, 3"):
        checkpoints.pick(it, job.id, 7, made_by="cli")
    with pytest.raises(ConfigError, match="no finished training of iteration 0"):
        checkpoints.pick(it, picked(db, it, job, 2)[0].id, 1, made_by="cli")
    with pytest.raises(ConfigError, match="No kept step of this training has held_out/accuracy"):
        checkpoints.best(db, job, "held_out/accuracy")


def test_weights_that_were_set_aside_cannot_be_picked_and_are_named(db):
    it, job = trained_run(db)
    set_aside(Path(store.checkpoints.kept(db, job.id)[0].path))
    assert [c.step for c in checkpoints.checkpoints(db, job)] == [2, 3]
    assert checkpoints.gone(db, job) == [1]
    with pytest.raises(ConfigError, match="step 1 are not there: pick one of 2, 3"):
        checkpoints.pick(it, job.id, 1, made_by="cli")


def test_a_damaged_policy_that_was_picked_is_made_again_of_the_weights_kept(db):
    it, job = trained_run(db)
    again, _ = picked(db, it, job, 2)
    assert policies.make_again(db, "step-2") is JobKind.PICK
    assert [other.id for other in store.jobs.unfinished(db)] == [again.id]
    assert policies.make_again(db, "step-3") is JobKind.TRAIN
    assert policies.make_again(db, "of nobody") is None


def test_the_time_of_the_training_counts_for_what_was_picked_of_it(db):
    it, job = trained_run(db)
    seconds = lambda: store.comparison.seconds(db, it.run_id)[0]
    before = seconds()
    again, _ = picked(db, it, job, 2)
    begin_next_iteration(db, it.run_id)
    assert seconds() == pytest.approx(before + again.busy_s)


def test_the_command_line_lists_and_picks(db, tmp_path, capsys, monkeypatch):
    _, job = trained_run(db)
    asked = []
    monkeypatch.setattr(
        "engine.headless.run.pick_weights",
        lambda _r, _it, id, step: asked.append((id, step)) or "p",
    )
    db.close()
    command = ["pick", "--db", str(tmp_path / "studio.duckdb"), "--json"]
    assert main(command) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [row["step"] for row in listed["steps"]] == [1, 2, 3]
    assert [row["is_the_policy"] for row in listed["steps"]] == [False, False, True]
    assert main([*command, "--best", "loss"]) == 0
    assert json.loads(capsys.readouterr().out)["step"] == 2 and asked == [(job.id, 2)]
    assert main([*command, "--step", "1", "--best", "loss"]) == 1


def test_a_failed_pick_is_said(db, monkeypatch):
    it, job = trained_run(db)
    monkeypatch.setattr(Keeping, "train", lambda *_: 1 / 0)
    runner = JobRunner(db)
    with pytest.raises(Exception, match="The pick job of iteration 0 is failed"):
        pick_weights(runner, it, job.id, 1)
    runner.close()
