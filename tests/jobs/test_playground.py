"""The playground: real samplers' protocol, refused while a job computes, nothing stored."""

import threading
from dataclasses import replace

import pytest

from engine import store
from engine.config.backends import BACKENDS, Role, backend_names
from engine.errors import ConfigError, DeviceBusy
from engine.jobs import playground
from engine.jobs.owed import policy_backend
from engine.jobs.runner import JobRunner
from engine.paths import STARTER
from engine.placement import Backend
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Response, SamplingSettings, StepScores
from tests.own_backends import open_with
from tests.small_runs import small, until

SETTINGS = SamplingSettings(1.0, 1.0, 80, "{question}\n")
POLICIES = [playground.Asked(name, Backend("hf_local", name)) for name in ("before", "after")]


class FakeSampler:
    """Answers 4 at even indices. Waits at the gate."""

    gate = threading.Event()
    close = lambda self: None

    def sample(self, requests, settings):
        assert self.gate.wait(timeout=30)
        yield [
            Response(r.problem_id, r.index, r.seed, f"\\boxed{{{4 + r.index % 2}}}", "stop", 1)
            for r in requests
        ]


@pytest.fixture
def runner(db, run_id, monkeypatch):
    open_with(monkeypatch, "hf_local", lambda path, **options: FakeSampler())
    FakeSampler.gate.clear()
    made = JobRunner(db)
    yield made
    FakeSampler.gate.set()
    made.close()


def question(**changes):
    return playground.Question(
        **{
            "text": "2 + 2?",
            "answer": "4",
            "n": 4,
            "settings": SETTINGS,
            "placement": "inline",
            **changes,
        }
    )


def stored(db):
    return db.row(
        "SELECT (SELECT count(*) FROM responses) + (SELECT count(*) FROM jobs) + (SELECT count(*)"
        " FROM verdicts) AS n"
    )["n"]


def test_both_policies_answer_and_are_graded_and_nothing_is_stored(db, runner):
    before = stored(db)
    FakeSampler.gate.set()
    exchange = playground.ask(runner, question(), POLICIES)
    until(lambda: exchange.is_done, "the answers")
    assert exchange.error is None and list(exchange.answers) == ["before", "after"]
    for answers in exchange.answers.values():
        assert [(a.response.index, a.verdict.correct) for a in answers] == [
            (0, True),
            (1, False),
            (2, True),
            (3, False),
        ]
    assert {a.response.seed for a in exchange.answers["before"]} & {
        a.response.seed for a in exchange.answers["after"]
    } == set()
    assert stored(db) == before


def test_without_a_reference_answer_nothing_is_graded(runner):
    FakeSampler.gate.set()
    exchange = playground.ask(runner, question(answer=" "), POLICIES[:1])
    until(lambda: exchange.is_done, "the answers")
    assert {a.verdict for a in exchange.answers["before"]} == {None}


class FakeReward:
    """A point for every letter, over a hundred."""

    close = lambda self: None

    def score(self, items):
        assert {prompt for prompt, _ in items} == {"2 + 2?\n"}
        return [StepScores((len(text) / 100,)) for _, text in items]


def test_answers_get_step_scores_when_all_are_drawn(db, run_id, runner, monkeypatch):
    open_with(monkeypatch, "token_classification", lambda path, **options: FakeReward())
    FakeSampler.gate.set()
    by = playground.scorer(Iteration(db, run_id, 0))
    exchange = playground.ask(runner, question(scorer=by), POLICIES)
    until(lambda: exchange.is_done, "the scores")
    assert exchange.error is None
    answers = [a for own in exchange.answers.values() for a in own]
    assert len(answers) == 8
    assert all(a.scores.reward == len(a.response.text) / 100 for a in answers)


def test_any_model_folder_is_asked_as_the_run_samples_and_a_missing_one_is_refused(db, run_id):
    it = Iteration(db, run_id, 0)
    by_folder = playground.asked_folder(it, str(STARTER / "policy"))
    assert by_folder == playground.asked(it, it.row.policy_id)
    with pytest.raises(ConfigError, match="nowhere"):
        playground.asked_folder(it, str(STARTER / "nowhere"))


def test_a_job_waits_while_a_question_is_asked_and_a_question_is_refused_while_a_job_runs(
    db, run_id, runner
):
    exchange = playground.ask(runner, question(), POLICIES)
    until(lambda: exchange._placement, "the loan")
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    assert not runner.run_next() and store.jobs.get(db, job_id).state == "queued"
    exchange.stop()
    FakeSampler.gate.set()
    until(lambda: exchange.is_done, "the end")
    assert exchange.error == "Stopped."
    with runner.lend("inline"):
        refused = playground.ask(runner, question(), POLICIES)
        until(lambda: refused.is_done, "the refusal")
        with pytest.raises(DeviceBusy):
            runner.lend("inline").__enter__()
    assert "Wait until it ends" in refused.error and not refused.answers


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": " "}, "empty"),
        ({"n": 17}, "1 to 16"),
        ({"text": "x" * 9000}, "8,000"),
        ({"settings": SamplingSettings(-1.0)}, "temperature"),
        ({"settings": SamplingSettings(min_p=1.5)}, "min_p from 0 to 1"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(runner, changes, said):
    with pytest.raises(ConfigError, match=said):
        playground.ask(runner, question(**changes), POLICIES)


@pytest.mark.parametrize("sampler", backend_names(Role.SAMPLER))
def test_a_policy_is_opened_with_all_that_its_sampler_takes_and_nothing_else(db, sampler):
    config = small()
    run_id = create_run(db, config)
    it = Iteration(db, run_id, 0)
    it.__dict__["config"] = replace(config, sampling=replace(config.sampling, sampler=sampler))
    policy = playground.asked(it, it.row.policy_id)
    assert policy.backend.options.keys() == BACKENDS[sampler].options.keys()
    assert policy.backend == policy_backend(it, sampler, it.row.policy_id)


def test_the_starter_policy_answers_the_same_twice(db):
    runner = JobRunner(db)
    policy = playground.Asked(
        "starter", Backend("hf_local", str(STARTER / "policy"), {"batch_size": 4})
    )
    asked = question(
        text=(
            "On Monday Ben has 4 coins. On Tuesday Ben buys 3 more. How many coins are there on"
            " Tuesday?"
        ),
        answer="7",
        placement="worker",
    )
    both = []
    for _ in range(2):
        exchange = playground.ask(runner, asked, [policy])
        until(lambda: exchange.is_done, "the answers")  # noqa: B023
        assert exchange.error is None
        both.append([a.response.text for a in exchange.answers["starter"]])
    assert both[0] == both[1] and all(both[0])
    runner.close()
