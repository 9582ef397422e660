"""A committed plan that the policy draws while it is trained: the walk, what is stored and counted,
what is refused. The trainer says what it is told to; no model is loaded.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import store
from engine.errors import ConfigError
from engine.events import Draw, Drawn, OptimiserStep, PolicySaved
from engine.export.run import export_table
from engine.export.tables import read_table
from engine.figures.board import board
from engine.figures.measure import measure
from engine.figures.summary import summarise
from engine.jobs.runner import JobRunner
from engine.store.responses import Filter
from engine.study import plans
from engine.study.deletion import delete
from engine.study.handle import Iteration
from engine.study.plan_groups import n_planned, planned_groups
from engine.study.progress import progress
from engine.study.runs import begin_next_iteration, create_run, fork
from engine.training import TrainingTask
from engine.types import Choice, JobState, Response, StepScores, Verdict
from engine.walk import Phase, next_phase
from tests.own_backends import open_with
from tests.small_runs import judge, small

METHOD = {"method": "grpo", "group_size": 4, "batch_size": 8, "micro_batch_size": 2, "n_epochs": 1}


class Drawing:
    """A trainer that draws two groups a step, every second response correct, and repeats a step."""

    def __init__(self, tasks: list[TrainingTask]):
        self.tasks = tasks

    def train(self, task, should_stop):
        self.tasks.append(task)
        groups = task.draws.groups
        for step in range(1, len(groups) // 2 + 1):
            draws = [
                self._draw(group.problem_id, group.first + i, seed, step)
                for group in groups[2 * step - 2 : 2 * step]
                for i, seed in enumerate(group.seeds)
            ]
            for _ in range(2):
                yield Drawn(task.draws.sample_set_id, task.draws.reward_model.prm_id, step, draws)
            yield OptimiserStep(step, len(groups) // 2, {"loss": 0.0, "reward": 0.5})
        yield PolicySaved("m1", "/m1")

    def _draw(self, id: str, index: int, seed: int, step: int) -> Draw:
        correct = index % 2 == 0
        response = Response(id, index, seed, f"drawn {id} {index}", "stop", 3, (5, 6, 7))
        verdict = Verdict(correct, "1", "correct" if correct else "wrong")
        return Draw(response, verdict, StepScores((0.5,)), float(correct), step == 1)

    def close(self):
        pass


@pytest.fixture
def told(monkeypatch) -> list[TrainingTask]:
    told: list[TrainingTask] = []
    open_with(monkeypatch, "grpo", lambda: Drawing(told))
    return told


@pytest.fixture
def it(db) -> Iteration:
    """Committed: 60 responses to give, 56 of them in whole steps."""
    run_id = create_run(db, small(placement="inline", training=METHOD))
    judge(db, run_id)
    it = Iteration(db, run_id, 0)
    plans.commit(it, Choice(0.02, 0.99, "both", "boundary"), made_by="a test")
    return it.again()


@pytest.fixture
def trained(it, told) -> Iterator[Iteration]:
    runner = JobRunner(it.db)
    job_id = runner.submit(it, "train", {})
    runner.run_next()
    assert store.jobs.get(it.db, job_id).state is JobState.DONE
    yield it.again()
    runner.close()


def test_the_walk_goes_from_the_commit_to_the_training(it):
    now = progress(it)
    assert next_phase(now) is Phase.TRAIN and now.n_rows == 56
    assert board(it.db)[0].waits_for is Phase.TRAIN


def test_the_trainer_is_told_the_whole_plan_in_its_order_with_seeds_of_its_own(it, trained, told):
    [task] = told
    groups = task.draws.groups
    assert [g.problem_id for g in groups] == planned_groups(it, it.config.training)
    keys = [(g.problem_id, g.first + i) for g in groups for i in range(4)]
    assert len(set(keys)) == len(keys) == 56
    assert len({seed for g in groups for seed in g.seeds}) == 56
    assert task.rows == [] and task.settings.temperature == 1.0


def test_what_is_drawn_is_stored_once_with_verdicts_and_scores_and_counts_in_the_budget(trained):
    budget = summarise(trained.db, trained.run_id)["iterations"][0]["budget"]
    assert (budget["drawn"], budget["discarded"], budget["unspent"]) == (56, 8, 4)
    assert budget["presampled"] + budget["drawn"] + budget["unspent"] == budget["total"] == 96
    (spent,) = measure(trained.db, trained.run_id).compared.spent
    assert spent.sampled == 92 and spent.n_tokens == 92 * 3
    assert board(trained.db)[0].n_drawn == 92
    rows = store.responses.page(trained, Filter(phase="train"), limit=100)
    assert len(rows) == 56 and all(row.reward == 0.5 for row in rows)
    assert sum(row.correct is True for row in rows) == 28
    steps = {row[0] for row in store.draws.of_job(trained.db, _job(trained))}
    assert steps == set(range(1, 8))


def test_what_is_drawn_is_exported_with_its_steps_and_overrides(trained, tmp_path):
    first = store.responses.page(trained, Filter(phase="train"), limit=1)[0]
    key = (first.set_id, first.problem_id, first.idx)
    store.samples.add_override(trained.db, *key, correct=True, note="", made_by="tab 1")
    rows = _exported(trained, "drawn_responses", tmp_path)
    assert len(rows) == 56 and {row["step"] for row in rows} == set(range(1, 8))
    assert {row["purpose"] for row in rows} == {"train"} and all(row["text"] for row in rows)
    assert sum(row["is_discarded"] for row in rows) == 8
    assert {row["training_reward"] for row in rows} <= {0.0, 1.0}
    assert len(_exported(trained, "overrides", tmp_path)) == 1
    assert not _exported(trained, "responses", tmp_path, where="purpose == 'train'")


def _exported(it: Iteration, what: str, folder: Path, where: str = "") -> list[dict]:
    path = folder / f"{what}.parquet"
    export_table(it.db, what, path, where=where)
    return read_table(path).to_pylist()


def test_what_fills_no_step_goes_by_the_settings_of_the_training_itself(it, told):
    runner = JobRunner(it.db)
    runner.submit(it, "train", {"batch_size": 16})
    runner.run_next()
    runner.close()
    budget = summarise(it.db, it.run_id)["iterations"][0]["budget"]
    assert (budget["drawn"], budget["unspent"]) == (48, 12)
    assert budget["presampled"] + budget["drawn"] + budget["unspent"] == budget["total"] == 96


def test_both_policies_are_evaluated_when_the_training_is_done(trained):
    queued = [job.params for job in store.jobs.unfinished(trained.db)]
    assert [params["policy"] for params in queued] == ["before", "after"]


def test_the_iteration_after_it_waits_for_nothing_more(trained):
    assert next_phase(progress(trained)) is Phase.NEXT


def test_a_fork_of_the_next_iteration_keeps_what_was_drawn_before_it(trained):
    for job in store.jobs.unfinished(trained.db):  # its evaluations are another test's
        store.jobs.set_state(trained.db, job.id, JobState.CANCELLED)
    following = begin_next_iteration(trained.db, trained.run_id)
    forked = fork(following)
    assert store.draws.counts(forked.at(0)).n == 56
    delete(trained.db, trained.run_id)
    assert len(store.responses.page(forked.at(0), Filter(phase="train"), limit=100)) == 56
    delete(trained.db, forked.run_id)
    for table in ("train_draws", "responses", "sample_sets"):
        assert trained.db.value(f"SELECT count(*) FROM {table}") == 0


def test_nothing_is_resampled(it):
    runner = JobRunner(it.db)
    job_id = runner.submit(it, "resample", {})
    runner.run_next()
    job = store.jobs.get(it.db, job_id)
    runner.close()
    assert job.state is JobState.FAILED and "and not resampled. Start the training." in job.error


def test_a_budget_is_not_spent_twice(it):
    runner = JobRunner(it.db)
    job_id = runner.submit(it, "train", {"method": "dpo"})
    runner.run_next()
    job = store.jobs.get(it.db, job_id)
    runner.close()
    assert job.state is JobState.FAILED and "the budget would be spent twice" in job.error


def test_a_plan_that_fills_no_step_leaves_the_policy_as_it_is(db):
    run_id = create_run(db, small(training=METHOD | {"batch_size": 64, "micro_batch_size": 8}))
    judge(db, run_id)
    it = Iteration(db, run_id, 0)
    plans.commit(it, Choice(0.02, 0.99, "both", "boundary"), made_by="a test")
    assert n_planned(it, it.config.training) == 0
    assert next_phase(progress(it.again())) is Phase.NEXT


def test_rounds_are_refused_because_one_plan_is_drawn(db):
    run_id = create_run(db, small(training=METHOD))
    judge(db, run_id)
    choice = Choice(0.02, 0.99, "both", "posterior", {"n_rounds": 2})
    with pytest.raises(ConfigError, match="n_rounds is 2: it must be 1, because training.method"):
        plans.commit(Iteration(db, run_id, 0), choice, made_by="a test")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training": METHOD | {"batch_size": 6}}, "training.batch_size is 6: it must be a multip"),
        ({"training": METHOD | {"n_epochs": 2}}, "training.n_epochs is 2: it must be 1"),
        ({"training": METHOD | {"stop_on": "rewards/margins"}}, "training.stop_on is"),
        ({"training": METHOD | {"generation": "vllm_server"}}, "training.vllm_url is"),
        ({"training": METHOD, "sampling": {"temperature": 0}}, "sampling.temperature is 0"),
        ({"training": METHOD, "sampling": {"n_examples": 2}}, "sampling.n_examples is 2"),
        ({"init": {"method": "grpo"}}, "init.method"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_by_name(changes, said):
    with pytest.raises(ConfigError, match=said):
        small(**changes)


def _job(it: Iteration) -> str:
    return store.jobs.latest(it, "train").id
