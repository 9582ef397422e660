"""A judge is asked where the rules say no; its word stands beside the verdict and replaces none."""

import json

import pytest

from engine import store
from engine.config import JudgeConfig
from engine.errors import ConfigError, JudgeError
from engine.judging import Judge, agreement, ask_judge, sample_to_label
from engine.judging.server import opinion_of
from engine.store import Database
from engine.store.opinions import Judged
from engine.study.handle import Iteration
from engine.study.overrides import override
from engine.study.runs import create_run
from tests.samplers.scripted_servers import scripted
from tests.small_runs import cli, judge, small


def saying(word, asked=None):
    """A server that answers every question with a word."""

    def answer(path, body, headers):
        if asked is not None:
            asked.append((path, body))
        return 200, {"choices": [{"message": {"content": f"I looked at it.\n{word}"}}]}

    return answer


def half_wrong(db, **judging) -> Iteration:
    """A run whose pre-samples with an odd index are wrong: 12 of 36."""
    run_id = create_run(db, small(judge=judging) if judging else small())
    judge(db, run_id, correct=lambda problem, index: index != 1)
    return Iteration(db, run_id, 0)


def counted(it) -> int:
    return int(store.samples.estimates(it).n_correct.sum())


def test_it_is_asked_about_wrong_verdicts_alone_and_changes_none(db):
    it, asked = half_wrong(db), []
    before = counted(it)
    with scripted(saying("SAME", asked)) as url:
        judge_ = Judge.asked_for(JudgeConfig(base_url=url, model="some-model"))
        said = ask_judge(it, judge_)
        again = ask_judge(it, judge_)
    assert (said.n_owed, said.n_same, said.n_counted, again.n_owed) == (12, 12, 0, 0)
    assert {path for path, _ in asked} == {"/v1/chat/completions"} and len(asked) == 12
    (message,) = asked[0][1]["messages"]
    assert asked[0][1]["model"] == "some-model" and "Given answer: 1" in message["content"]
    assert counted(it) == before and store.samples.n_overrides(db) == 0
    rows = store.opinions.judged(it, judge_.id)
    assert {(row.says, row.status, row.label) for row in rows} == {("same", "wrong", None)}


def test_problems_of_another_run_that_shares_the_sample_set_are_not_asked_about(db):
    it = half_wrong(db)
    other = Iteration(db, create_run(db, small(problems={"n_train": 4})), 0)
    assert other.row.presample_set == it.row.presample_set
    assert len(store.opinions.owed(it, "j")) == 12 and len(store.opinions.owed(other, "j")) == 4
    assert store.presamples.unanswered(other) == (0, 12)
    assert sum(store.opinions.statuses(other).values()) == 12


def test_where_the_study_says_so_what_it_calls_the_same_counts_with_an_undo(db):
    it = half_wrong(db, base_url="http://127.0.0.1:1/v1", model="some-model", counts="same")
    before = counted(it)
    with scripted(saying("SAME")) as url:
        said = ask_judge(it, Judge(url, "some-model", it.config.judge.prompt))
    assert said.n_counted == 12 and counted(it) == before + 12
    row = store.opinions.judged(it, Judge("", "some-model", it.config.judge.prompt).id)[0]
    assert row.label is None, "its own word is no person's"
    override(db, row.set_id, row.problem_id, row.idx, correct=None, made_by="tab 1")
    assert counted(it) == before + 11


def test_what_was_said_before_a_server_fails_is_stored(db):
    it = half_wrong(db)
    judge_ = Judge("", "some-model", JudgeConfig().prompt)

    first = store.opinions.owed(it, judge_.id)[:4]
    with scripted(saying("DIFFERENT")) as url:
        said = Judge(url, "some-model", judge_.prompt).ask(first)
    store.opinions.add(it, judge_.id, list(zip(first, said, strict=True)))
    with (
        scripted(lambda *about: (400, {"error": "no such model"})) as url,
        pytest.raises(JudgeError, match='it answered 400, "no such model"'),
    ):
        ask_judge(it, Judge(url, "some-model", judge_.prompt))
    assert len(store.opinions.judged(it, judge_.id)) == 4
    assert len(store.opinions.owed(it, judge_.id)) == 8


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ("SAME", "same"),
        ("They could be the same, but one is negative: different.", "different"),
        ("<think>SAME? No.</think>\n\nUNCLEAR", "unclear"),
        ("Yes, they agree.", "unclear"),
        ("", "unclear"),
    ],
)
def test_the_last_of_the_three_words_is_the_opinion(reply, says):
    assert opinion_of(reply).says == says


def one(idx, says, label) -> Judged:
    return Judged("s", "p", idx, "q", "1", "2", "text", "wrong", None, says, "", None, label)


def test_agreement_is_measured_over_what_a_person_decided():
    rows = [one(0, "same", True), one(1, "same", False), one(2, "different", False)]
    rows += [one(3, "unclear", True), one(4, "same", None)]
    seen = agreement(rows)
    assert (seen.n, seen.n_disagree, seen.n_labelled) == (5, 3, 4)
    assert (seen.judge.value, seen.rules.value) == (0.5, 0.5)
    assert seen.judge.low < 0.5 < seen.judge.high
    assert agreement(rows[4:]).judge is None
    assert [row.idx for row in sample_to_label(rows, 3, seed=0)] == [4]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"base_url": "http://localhost:8000"}, "judge.model"),
        ({"base_url": "localhost"}, "judge.base_url holds 'localhost'"),
        ({"prompt": "Is it {answer}?"}, "judge.prompt"),
        ({"prompt": "{reference} {answer} {other}"}, "judge.prompt"),
    ],
)
def test_a_judge_that_cannot_be_asked_is_refused_by_its_setting(db, settings, words):
    with pytest.raises(ConfigError, match=words):
        create_run(db, small(judge=settings))


def test_the_command_line_asks_it_and_says_where_nobody_is_named(tmp_path):
    path = tmp_path / "studio.duckdb"
    db = Database(path)
    half_wrong(db)
    db.close()
    nobody = cli("judge", "--db", path)
    assert nobody.returncode == 1 and "there is nobody to ask" in nobody.stderr
    with scripted(saying("UNCLEAR")) as url:
        told = json.loads(
            cli("judge", "--db", path, "--base-url", url, "--model", "m", "--json").stdout
        )
    assert (told["n_asked"], told["n_unclear"], told["n_counted"]) == (12, 12, 0)
