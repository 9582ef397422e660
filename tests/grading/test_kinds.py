"""Every kind of answer, with values and dresses drawn anew: none that differs is called correct."""

import pytest

from engine.grading import Grader
from tests.grading.kinds import KINDS, pairs

N_OF_EACH = 60


@pytest.fixture(scope="module")
def judged():
    """(pair, verdict) of the drawn pairs."""
    drawn = list(pairs(N_OF_EACH))
    with Grader(timeout_s=60) as grader:
        verdicts = grader.grade_many([(pair.gold, rf"\boxed{{{pair.answer}}}") for pair in drawn])
    return list(zip(drawn, verdicts, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_a_neighbour_is_not_taken_for_the_answer(judged, kind):
    of_kind = [(pair, verdict) for pair, verdict in judged if pair.kind == kind]
    assert len(of_kind) >= N_OF_EACH
    assert [
        (pair, verdict.reason) for pair, verdict in of_kind if verdict.correct and not pair.equal
    ] == []


@pytest.mark.parametrize("kind", KINDS)
def test_another_dress_of_the_answer_is_not_missed(judged, kind):
    assert [
        (pair, verdict.reason)
        for pair, verdict in judged
        if pair.kind == kind and pair.equal and not verdict.correct
    ] == []


@pytest.mark.slow
def test_twenty_thousand_drawn_pairs_have_the_right_verdict():
    drawn = list(pairs(840, seed=7))
    assert len(drawn) > 20_000
    with Grader(timeout_s=60) as grader:
        verdicts = grader.grade_many([(pair.gold, rf"\boxed{{{pair.answer}}}") for pair in drawn])
    assert [
        (pair, verdict.reason)
        for pair, verdict in zip(drawn, verdicts, strict=True)
        if pair.equal != verdict.correct
    ] == []
