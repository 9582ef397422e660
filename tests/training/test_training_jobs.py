"""A train job follows its run's method: which rows, from which weights, with which optimiser. No
model is loaded.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine import store
from engine.errors import ConfigError
from engine.events import OptimiserStep, PolicySaved
from engine.figures.summary import summarise
from engine.jobs.runner import JobRunner
from engine.models.weights import content_id
from engine.placement import trainer_backend
from engine.store import Database, now
from engine.store.jobs import Job
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.interim import interim as interim_of_training
from engine.study.progress import progress
from engine.study.runs import begin_next_iteration, create_run, fork
from engine.training import TrainingTask
from engine.training.saving import OPTIMISER
from engine.types import Choice, Preference, Worked
from tests.own_backends import open_with
from tests.small_runs import judge, small


@pytest.fixture
def db(tmp_path):
    database = Database(tmp_path / "studio.duckdb")
    yield database
    database.close()


class Noting:
    """A trainer that notes its task and saves policy m1, m2, and so on."""

    def __init__(self, tasks: list[TrainingTask]):
        self.tasks = tasks

    def train(self, task, should_stop):
        self.tasks.append(task)
        Path(task.work_dir).mkdir(parents=True, exist_ok=True)
        if task.config.inherit_optimizer:
            (Path(task.work_dir) / OPTIMISER).touch()
        yield OptimiserStep(1, 1, {"loss": 0.5})
        yield PolicySaved(f"m{len(self.tasks)}", f"/m{len(self.tasks)}")

    def close(self):
        pass


@pytest.fixture
def told(monkeypatch) -> list[TrainingTask]:
    """Every task that a trainer was given."""
    told: list[TrainingTask] = []
    for name in ("dpo", "sft"):
        open_with(monkeypatch, name, lambda: Noting(told))
    return told


def new_run(db: Database, **training) -> str:
    pairs = training.pop("pairs", {})
    return create_run(db, small(placement="inline", training=training, pairs=pairs))


def pool(db: Database, run_id: str, number: int = 0, **judged: Callable) -> None:
    """A whole pool: every problem's pre-samples and resamples; by default the even indices are
    correct.
    """
    judge(db, run_id, number, **judged)
    plans.commit(
        Iteration(db, run_id, number),
        Choice(0.02, 0.99, "both", "boundary"),
        made_by="a test",
    )
    more = {
        row.problem_id: range(3, 3 + row.n_more)
        for row in store.commits.allocation(Iteration(db, run_id, number))
        if row.n_more
    }
    judge(db, run_id, number, which="resample_set", owed=more, **judged)
    pairing.make_pairs(Iteration(db, run_id, number))


def train(db: Database, run_id: str, number: int = 0, params: dict | None = None) -> Job:
    runner = JobRunner(db)
    job_id = runner.submit(Iteration(runner.db, run_id, number), "train", params or {})
    runner.run_next()
    for job in store.jobs.unfinished(db):  # the evaluation that follows is another test's
        store.jobs.set_state(db, job.id, "cancelled")
    runner.close()
    return store.jobs.get(db, job_id)


def keys(rows: list[Worked]) -> list[tuple[str, int]]:
    return [(row.problem_id, int(row.response.rsplit(" ", 1)[1])) for row in rows]


def test_sft_trains_on_every_correct_response_of_the_pool_by_problem_and_index(db, told):
    run_id = new_run(db, method="sft")
    pool(db, run_id)
    assert train(db, run_id).state == "done"
    assert keys(told[0].rows) == [
        (id, i)
        for id in sorted(store.problems.of_run(db, run_id, "train", 0))
        for i in (0, 2, 4, 6)
    ]
    questions = store.problems.of_run(db, run_id, "train", 0)
    assert all(row.prompt == f"{questions[row.problem_id].question}\n" for row in told[0].rows)


def test_dpo_trains_on_the_pairs(db, told):
    run_id = new_run(db)
    pool(db, run_id)
    train(db, run_id)
    assert len(told[0].rows) == store.pairs.find_set(
        Iteration(db, run_id, 0)
    ).n_pairs and isinstance(told[0].rows[0], Preference)


def test_the_options_of_pairs_hold_for_responses(db, told):
    run_id = new_run(db, method="sft", pairs={"cap": 2})
    pool(db, run_id, reward=lambda problem, index: index / 10)
    train(db, run_id)
    assert {i for _, i in keys(told[0].rows)} == {4, 6} and len(told[0].rows) == 24


def test_tau_keeps_by_bstars_reward(db, told):
    run_id = new_run(db, method="sft", keep_above=0.5)
    pool(db, run_id, reward=lambda problem, index: index / 10)
    train(db, run_id)
    assert {i for _, i in keys(told[0].rows)} == {
        4,
        6,
    }, "1 + 2 * 0.2 - 1 = 0.4 is not above 0.5, 0.8 is; wrong ones reach at most 0.4"


def test_a_training_may_use_another_method_than_its_run(db, told):
    run_id = new_run(db)
    pool(db, run_id)
    train(db, run_id, params={"method": "sft"})
    assert isinstance(told[0].rows[0], Worked)


def test_an_sft_run_without_a_pair_still_trains_and_without_a_correct_response_goes_on(db, told):
    all_right = new_run(db, method="sft")
    judge(db, all_right, correct=lambda p, i: True)
    plans.commit(
        Iteration(db, all_right, 0),
        Choice(0.02, 0.99, "both", "boundary"),
        made_by="a test",
    )
    owed = {
        row.problem_id: range(3, 8) for row in store.commits.allocation(Iteration(db, all_right, 0))
    }
    judge(db, all_right, which="resample_set", owed=owed, correct=lambda p, i: True)
    assert (
        pairing.make_pairs(Iteration(db, all_right, 0)) == 0
        and progress(Iteration(db, all_right, 0)).n_rows == 96
    )
    train(db, all_right)
    assert len(told[0].rows) == 96 and begin_next_iteration(db, all_right).number == 1


def test_no_correct_response_fails_with_what_to_do_and_the_next_iteration_begins_as_this_one(
    db, told
):
    run_id = new_run(db, method="sft")
    pool(db, run_id, correct=lambda p, i: False)
    job = train(db, run_id)
    assert job.state == "failed" and "none in the pool is correct" in job.error and not told
    assert (
        progress(Iteration(db, run_id, 0)).n_rows == 0
        and begin_next_iteration(db, run_id).number == 1
    )
    first, second = (store.runs.get_iteration(Iteration(db, run_id, t)).policy_id for t in (0, 1))
    assert first == second


def test_a_verdict_overridden_after_a_training_began_does_not_change_its_rows(db, told, tmp_path):
    run_id = new_run(db, method="sft")
    pool(db, run_id)
    job = train(db, run_id)
    set_id, problem_id = (
        store.runs.get_iteration(Iteration(db, run_id, 0)).presample_set,
        told[0].rows[0].problem_id,
    )
    db.cursor().execute(
        "INSERT INTO overrides (set_id, problem_id, idx, correct, note, made_by, made_at) VALUES"
        " (?, ?, 0, false, '', 'me', ?)",
        [set_id, problem_id, now()],
    )
    store.jobs.set_state(db, job.id, "interrupted")
    train(db, run_id)
    train(db, run_id, params={"learning_rate": 1e-3})
    assert told[1].rows == told[0].rows and keys(told[2].rows) == keys(told[0].rows)[1:]


@pytest.mark.parametrize(
    ("start", "paths"), [("latest", ["policy", "m1"]), ("base", ["policy", "policy"])]
)
def test_an_iteration_starts_from_the_latest_policy_or_from_the_base(start, paths, db, told):
    run_id = new_run(db, method="sft", start=start)
    for number in range(2):
        pool(db, run_id, number)
        train(db, run_id, number)
        begin_next_iteration(db, run_id)
    assert [Path(task.policy_path).name for task in told] == paths
    assert [row.policy_id for row in store.runs.iterations(db, run_id)][1:] == [
        "m1",
        "m2",
    ], "sampling takes the latest in both"


def test_the_optimiser_goes_on_from_the_training_that_made_the_policy_in_a_fork_too(db, told):
    run_id = new_run(db, method="sft", inherit_optimizer=True)
    for number in range(2):
        pool(db, run_id, number)
        job = train(db, run_id, number)
        assert job.state == "done", job.error
        if number == 0:
            begin_next_iteration(db, run_id)
    forked = fork(Iteration(db, run_id, 1))
    pool_of_fork(forked)
    train(db, forked.run_id, 1)
    assert [task.inherit_from for task in told] == [None, told[0].work_dir, told[0].work_dir]


def pool_of_fork(forked: Iteration) -> None:
    plans.commit(
        forked,
        Choice(0.02, 0.99, "both", "uniform"),
        made_by="a test",
    )
    more = {
        row.problem_id: range(3, 3 + row.n_more)
        for row in store.commits.allocation(forked)
        if row.n_more
    }
    judge(forked.db, forked.run_id, 1, which="resample_set", owed=more)
    pairing.make_pairs(forked)


def test_a_training_whose_predecessor_kept_no_optimiser_state_is_refused(db, told):
    run_id = new_run(db, method="sft")
    pool(db, run_id)
    train(db, run_id)
    begin_next_iteration(db, run_id)
    pool(db, run_id, 1)
    job = train(db, run_id, 1, params={"inherit_optimizer": True})
    assert job.state == "failed" and "kept no optimiser state" in job.error and len(told) == 1


def test_the_summary_of_an_sft_run_has_no_margins(db, told):
    run_id = new_run(db, method="sft")
    pool(db, run_id)
    train(db, run_id)
    found = summarise(db, run_id)["iterations"][0]["dpo"]
    assert found == {
        "n_steps": 1,
        "first_loss": 0.5,
        "last_loss": 0.5,
        "first_margin": None,
        "last_margin": None,
    }
    json.dumps(found)


def test_several_processes_are_told_to_the_placement():
    config = small(training={"n_processes": 2, "batch_size": 4}).training
    backend = trainer_backend(config)
    assert (backend.name, backend.options) == ("dpo", {"n_processes": 2, "accelerate_config": None})


class Saving:
    """A trainer that saves a policy of one file."""

    n_trained = 0

    def train(self, task, should_stop):
        type(self).n_trained += 1
        draft = Path(task.policies_dir) / "draft"
        draft.mkdir(parents=True)
        (draft / "config.json").write_text("{}")
        policy_id = content_id(draft)
        shutil.rmtree(draft.with_name(policy_id), ignore_errors=True)
        yield OptimiserStep(1, 1, {"loss": 0.5})
        yield PolicySaved(policy_id, str(draft.replace(draft.with_name(policy_id))))

    def close(self):
        pass


def test_an_evaluation_that_finds_its_policy_damaged_has_it_trained_again(db, monkeypatch):
    open_with(monkeypatch, "sft", Saving)
    run_id = new_run(db, method="sft")
    pool(db, run_id)
    trained = train(db, run_id)
    folder = db.artifacts / "policies" / str(trained.policy_id)
    (folder / "config.json").write_text("")
    runner = JobRunner(db)
    it = Iteration(db, run_id, 0)
    evaluation = runner.submit(it, "evaluate", {"policy": "after", "policy_id": trained.policy_id})
    runner.run_next()
    failed = store.jobs.get(db, evaluation)
    assert failed.state == "failed" and "is damaged" in failed.error
    assert "trained again" in failed.error
    runner.run_next()
    runner.close()
    assert Saving.n_trained == 2 and content_id(folder) == trained.policy_id
    assert store.jobs.get(db, trained.id).state == "done"
    assert store.jobs.get(db, evaluation).state == "queued", "the evaluation follows by itself"


def test_a_training_is_told_the_held_out_problems_that_it_is_evaluated_on(db, told):
    changed = {"evaluate_every_steps": 3, "evaluate_problems": 4}
    run_id = new_run(db, **changed)
    pool(db, run_id)
    train(db, run_id)
    train(db, run_id, params={"evaluate_every_steps": 0})
    train(db, run_id, params={"evaluate_problems": 100})
    held_out = store.problems.of_run(db, run_id, "held_out")
    interim = told[0].interim
    ids = [r.problem_id for r in interim.requests]
    assert interim.every == 3 and len(ids) == 4 and set(ids) <= held_out.keys()
    assert interim.settings.temperature == 0 and interim.settings.max_new_tokens == 80
    assert all(interim.references[id] == held_out[id].reference for id in ids)
    assert told[1].interim is None
    assert [r.problem_id for r in told[2].interim.requests][:4] == ids
    assert len(told[2].interim.requests) == len(held_out) == 6


def test_a_training_cannot_close_thinking_while_it_is_evaluated(db, told):
    sampling = {"thinking_tokens": 5, "sampler": "openai_api", "base_urls": ["http://127.0.0.1:1"]}
    config = small(placement="inline", sampling={**sampling, "model": "m"})
    it = Iteration(db, create_run(db, small()), 0)
    vars(it)["config"] = config
    with pytest.raises(ConfigError, match=r"sampling.thinking_tokens is 5"):
        interim_of_training(it, replace(config.training, evaluate_every_steps=1))
