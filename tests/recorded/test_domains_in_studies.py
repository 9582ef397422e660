"""A study that mixes domains: checked each in its way, graded again, replayed; and what is refused
before anything is stored.
"""

import json
from pathlib import Path

import pytest

from engine import store
from engine.config import load_config
from engine.doctor.configuration import examine
from engine.errors import EngineError, ProblemSetError
from engine.export.regrade import stored_verdicts
from engine.grading import Grader, sandbox
from engine.grading.again import regrade
from engine.headless.replay import replay
from engine.headless.run import run_to_end
from engine.jobs.runner import JobRunner
from engine.recorded import SHIPPED, import_responses
from engine.study.handle import Iteration
from engine.study.runs import create_run
from tests.small_runs import small

needs_bubblewrap = pytest.mark.skipif(
    sandbox.unavailable() is not None, reason=str(sandbox.unavailable())
)
CHOICE = {
    "question": "Which of these is a metal?",
    "choices": {"text": ["wood", "iron"], "label": ["A", "B"]},
    "answerKey": "B",
    "responses": [r"\boxed{B}", "Answer: wood", "The answer is iron.", "A", r"\boxed{(b)}"],
}
CODE = {
    "text": "Write a function to double a number.",
    "code": "def double(x):\n    return 2 * x",
    "test_list": ["assert double(2) == 4", "assert double(3) == 6"],
    "responses": [
        "```python\ndef double(x): return x + 2\n```",
        "```python\ndef double(x): return 2 * x\n```",
        "no",
        "```python\ndef double(x): return x + x\n```",
        "```python\ndef double(x): return x ** 2\n```",
    ],
}
MATHS = {
    "question": "What is 1 + 1?",
    "answer": "2",
    "responses": [r"\boxed{2}", r"\boxed{3}", r"\boxed{2}", r"\boxed{1}", r"\boxed{2}"],
}
WANTED = {
    "choice": [True, False, True, False, True],
    "code": [False, True, False, True, False],
    "maths": [True, False, True, False, True],
}


@pytest.fixture
def imported(db, tmp_path):
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (CHOICE, CODE, MATHS)))
    return import_responses(path, db.artifacts)


def without_bubblewrap(monkeypatch):
    monkeypatch.setattr(sandbox.box.shutil, "which", lambda name: None)
    monkeypatch.setattr(sandbox, "_works", type(sandbox._works)())


@needs_bubblewrap
def test_a_mixed_study_is_checked_by_domain_graded_again_and_replayed(db, imported):
    run_id = create_run(db, load_config(Path(imported.folder) / "study.toml"))
    runner = JobRunner(db)
    try:
        run_to_end(runner, run_id)
    finally:
        runner.close()
    rows = db.rows(
        "SELECT domain, idx, correct FROM verdicts v JOIN problems p ON p.id = v.problem_id"
    )
    assert {row["domain"] for row in rows} == set(WANTED)
    assert all(row["correct"] == WANTED[row["domain"]][row["idx"]] for row in rows)
    with Grader() as grader:
        again = regrade(stored_verdicts(db, run_id), grader)
    assert again.n_graded == len(rows) and again.disagreements == []
    asked = store.opinions.owed(Iteration(db, run_id, 0), "a judge")
    assert asked and {one.question for one in asked} == {MATHS["question"]}
    assert replay(db, run_id, tau_l=0.25, tau_h=0.65, mode="accuracy")
    problems = store.problems.of_run(db, run_id, "train")
    assert sorted(problem.domain for problem in problems.values()) == sorted(WANTED)
    assert store.pairs.texts(Iteration(db, run_id, 0))


def test_code_is_refused_before_anything_is_stored_where_there_is_no_sandbox(
    db, imported, monkeypatch
):
    without_bubblewrap(monkeypatch)
    config = load_config(Path(imported.folder) / "study.toml")
    with pytest.raises(ProblemSetError, match="apt-get install bubblewrap"):
        create_run(db, config)
    assert store.runs.listed(db) == []
    finding = next(f for f in examine(config) if f.about == "domains")
    assert finding.status == "change" and "apt-get install bubblewrap" in finding.text


@needs_bubblewrap
def test_a_job_fails_with_the_sentence_where_the_sandbox_is_gone(db, imported, monkeypatch):
    run_id = create_run(db, load_config(Path(imported.folder) / "study.toml"))
    without_bubblewrap(monkeypatch)
    runner = JobRunner(db)
    try:
        with pytest.raises(EngineError, match="apt-get install bubblewrap"):
            run_to_end(runner, run_id)
    finally:
        runner.close()
    assert (
        db.row(
            "SELECT count(*) AS n FROM verdicts v JOIN problems p ON p.id = v.problem_id"
            " WHERE domain = 'code'"
        )["n"]
        == 0
    )


@needs_bubblewrap
def test_doctor_counts_the_domains_of_a_study(imported):
    findings = examine(load_config(Path(imported.folder) / "study.toml"))
    finding = next(f for f in findings if f.about == "domains")
    assert finding.status == "ok"
    assert finding.text == "problems that are here: 1 of choice, 1 of code, 1 of maths"


@needs_bubblewrap
def test_the_starter_policy_is_not_offered_for_code(db):
    config = small(problems={"train": str(SHIPPED["starter:code"]), "n_train": 6})
    with pytest.raises(ProblemSetError, match="replay the recording starter:code"):
        create_run(db, config)


def test_a_question_that_is_stored_with_another_domain_is_refused(db, tmp_path):
    question = "Which is larger?\n\nA. 3\nB. 2"
    for name, row in (
        ("one", {"question": question, "answer": "A"}),
        ("two", {"question": question, "answer": "A", "domain": "choice", "options": ["3", "2"]}),
    ):
        rows = [row, *({"question": f"What is {n} + 1?", "answer": str(n + 1)} for n in range(11))]
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    create_run(db, small(problems={"train": str(tmp_path / "one.jsonl")}, n_iterations=1))
    with pytest.raises(ProblemSetError, match=r"has 'A' there and 'A' \(choice\) here"):
        create_run(db, small(problems={"train": str(tmp_path / "two.jsonl")}, n_iterations=1))
