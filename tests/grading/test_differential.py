"""The cheap rules against Math-Verify: on generated spellings and on the recorded answers they must
say the same.
"""

import json
import random
import signal
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import pytest

from engine.grading import Grader
from engine.grading.exact import decide, written_alike
from engine.grading.extraction import extract_answer, reference_answer
from engine.problems import read_problems
from tests.grading.forms import forms

Pair = tuple[str, str]


def decided(pairs: list[Pair]) -> list[Pair]:
    """The pairs of a reference and a response that the cheap rules settle."""
    return [
        (gold, response)
        for gold, response in pairs
        if (answer := extract_answer(response)) is not None
        and decide(written_alike(reference_answer(gold)), written_alike(answer)) is not None
    ]


def disagreements(pairs: list[Pair]) -> list[tuple[str, str, str, str]]:
    """(reference, answer, what the shortcuts say, what Math-Verify says) where the two are not the
    same; both commonly spelled.
    """
    answers = [
        (written_alike(reference_answer(gold)), extract_answer(response))
        for gold, response in pairs
    ]
    different = list(
        dict.fromkeys(
            (gold, written_alike(answer)) for gold, answer in answers if answer is not None
        )
    )
    assert different, "there is no pair to compare"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=_share_parses) as pool:
        verdicts = pool.map(_both_ways, *zip(*different, strict=True), chunksize=50)
        return [
            (*pair, *said)
            for pair, said in zip(different, verdicts, strict=True)
            if said[0] != said[1]
        ]


def _share_parses() -> None:
    """The same parses for both ways, which halves the time."""
    from engine.grading import check

    check._parse = lru_cache(maxsize=1_000)(check._parse)


def _both_ways(gold: str, predicted: str) -> tuple[str, str]:
    """What the shortcuts say of a pair and what Math-Verify alone says; a pair that hangs ends the
    process and fails the test.
    """
    from engine.grading.check import check

    signal.alarm(120)
    quick = decide(gold, predicted) or check(gold, predicted)
    slow = check(gold, predicted, shortcuts=False)
    signal.alarm(0)
    return quick[0], slow[0]


def drawn(n: int, seed: int) -> list[Pair]:
    return [(form.gold, rf"\boxed{{{form.predicted}}}") for form in forms(n, seed)]


def test_shortcuts_and_math_verify_agree_on_generated_answers():
    pairs = decided(drawn(1_000, seed=0))
    assert len(pairs) > 300
    assert disagreements(pairs) == []


def test_what_the_shortcuts_decide_is_true_where_the_drawing_knows_it():
    settled = 0
    for form in forms(20_000, seed=0):
        if form.equal is not None and (
            decision := decide(written_alike(form.gold), written_alike(form.predicted))
        ):
            settled += 1
            assert (decision.status == "correct") == form.equal, form
    assert settled > 5_000


def _is_known(gold: str, predicted: str) -> bool:
    """Where our rules differ from Math-Verify's for a reason (docs/verdicts.md): a percent sign on
    one side, decimals that differ behind the sixth place, a time, a list that begins with a zero.
    """
    if gold.endswith("%") != predicted.endswith("%"):
        return float(gold.rstrip("%")) == float(predicted.rstrip("%"))
    if ":" in gold + predicted or ("0,0" in gold and "0,0" in predicted):
        return True
    try:
        return 0 < abs(float(gold) - float(predicted)) < 1e-5
    except ValueError:
        return False


@pytest.mark.slow
def test_shortcuts_and_math_verify_agree_on_twenty_thousand_generated_answers():
    others = disagreements(drawn(20_000, seed=0))
    assert [(gold, other) for gold, other, *_ in others if not _is_known(gold, other)] == []


@pytest.mark.slow
def test_whole_verdicts_are_true_where_the_drawing_knows_it():
    known = [form for form in forms(20_000, seed=1) if form.equal is not None]
    with Grader(timeout_s=60) as grader:
        verdicts = grader.grade_many(
            [(form.gold, rf"\boxed{{{form.predicted}}}") for form in known]
        )
    assert [
        (form, v.reason) for form, v in zip(known, verdicts, strict=True) if v.correct != form.equal
    ] == []


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]


def recorded(folder: Path) -> list[Pair]:
    """Every recorded response with its reference answer, both sets."""
    panel = [
        (row["ground_truth"], solver["solution"])
        for row in _rows(folder / "gsm8k_recorded_solutions.jsonl")
        for solver in row.values()
        if isinstance(solver, dict)
    ]
    rows = _rows(folder / "math_recorded_responses_100x8.jsonl")
    return panel + [(row["gt"], response) for row in rows for response in row["code"]]


def test_shortcuts_and_math_verify_agree_on_a_part_of_the_recorded_answers(datasets):
    pairs = random.Random(0).sample(recorded(datasets), 500)
    assert disagreements(pairs) == []


@pytest.mark.slow
def test_shortcuts_and_math_verify_agree_on_all_recorded_answers(datasets):
    assert disagreements(recorded(datasets)) == []


@pytest.mark.slow
def test_shortcuts_and_math_verify_agree_on_reference_answers_and_their_neighbours(datasets):
    pairs = []
    for path in sorted(datasets.glob("*_t*.jsonl")):
        golds = [problem.answer for problem in read_problems(path).problems]
        pairs += [
            (gold, rf"\boxed{{{other}}}")
            for gold, other in zip(golds, golds[1:] + golds[:1], strict=True)
        ]
        pairs += [(gold, rf"\boxed{{{gold}}}") for gold in golds]
    assert disagreements(decided(pairs)) == []
