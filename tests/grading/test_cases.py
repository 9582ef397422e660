"""References and whole responses, by kind, each with the right verdict, decided by hand."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from engine.grading import Grader

CASES = Path(__file__).parents[1] / "data" / "verdicts.jsonl"


@pytest.fixture(scope="module")
def judged():
    """(case, verdict) of every case."""
    cases = [json.loads(line) for line in CASES.read_text("utf-8").split("\n") if line]
    with Grader(timeout_s=60) as grader:
        verdicts = grader.grade_many([(case["gold"], case["response"]) for case in cases])
    return list(zip(cases, verdicts, strict=True))


def _missed(judged, correct):
    missed = defaultdict(list)
    for case, verdict in judged:
        if case["correct"] == correct and verdict.correct != correct:
            missed[case["kind"]].append((case["gold"], case["response"], verdict.reason))
    return dict(missed)


def test_no_wrong_answer_is_called_correct(judged):
    assert _missed(judged, correct=False) == {}


def test_no_right_answer_is_missed(judged):
    assert _missed(judged, correct=True) == {}


def test_every_verdict_says_where_its_answer_was_found(judged):
    for case, verdict in judged:
        if verdict.status in ("correct", "wrong"):
            assert "Taken from " in verdict.reason, case
