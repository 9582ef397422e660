"""Grading as a whole: verdicts, hostile answers, recorded flags."""

import json
import random
import subprocess
import sys
from concurrent.futures import wait
from pathlib import Path
from typing import get_args

import pytest

from engine.grading import Grader, grade
from engine.types import VerdictStatus
from tests.grading.hostile import CASES, TOUCHED

ROOT = Path(__file__).parents[2]
HANGS = r"\boxed{9^{9^{9^9}}}"


@pytest.fixture(scope="module")
def grader():
    with Grader(timeout_s=60) as shared:
        yield shared


CORRECT = [
    ("18", "She earns 9 * 2 = 18.\n#### 18"),
    ("18", "The answer is 18 dollars per day."),
    ("1,250", r"\boxed{1250}"),
    ("$18", "#### 18.00"),
    (r"\frac{1}{2}", r"\boxed{0.5}"),
    ("1/2", r"\boxed{\dfrac12}"),
    (r"2\sqrt{3}", r"\boxed{\sqrt{12}}"),
    ("x^2+2x+1", r"\boxed{(x+1)^2}"),
    ("x=5", r"\boxed{5}"),
    ("5", r"\boxed{x = 5}"),
    (r"\left( 3, \frac{\pi}{2} \right)", r"\boxed{(3,\pi/2)}"),
    ("[1,2)", r"\boxed{[1, 2)}"),
    (r"(-\infty,3]", r"\boxed{x \leq 3}"),
    (r"x \le 3", r"\boxed{(-\infty,3]}"),
    (r"\{1,2\}", r"\boxed{2,1}"),
    ("1,2", r"\boxed{2 \text{ and } 1}"),
    (r"\text{Evelyn}", r"\boxed{Evelyn}"),
    ("no solution", r"\boxed{\text{No solution.}}"),
    (r"10\%", r"\boxed{10}"),
    (r"10\%", r"\boxed{0.1}"),
    ("12.5", r"\boxed{12.5\%}"),
    ("3", r"\boxed{3\text{ cm}^2}"),
    ("90", r"\boxed{90^\circ}"),
    ("C", r"\boxed{\textbf{(C)}\ 27}"),
    ("4.5e33", r"\boxed{4.5 \times 10^{33}}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\boxed{\begin{bmatrix} 1 \\ 2 \end{bmatrix}}"),
    ("3+2i", r"\boxed{2i+3}"),
    (r"The area is $8 \sqrt{3}$.", r"\boxed{8\sqrt 3}"),
    ("1,500,000", r"\boxed{1.5 \text{ million}}"),
    ("4.5", r"\boxed{4\frac{1}{2}}"),
    (r"4 \frac{1}{2}", r"\boxed{9/2}"),
    ("98358999", r"\boxed{98\,358\,999}"),
    (r"2.88 \times 10^{-19}", r"\boxed{2.9 \times 10^{-19}}"),
    (r"6 \times 10^{3}", r"\boxed{6000}"),
    ("y=2x", r"\boxed{2y=4x}"),
    ("C", r"\boxed{C)}"),
]
WRONG = [
    ("18", "The answer is 180."),
    ("18", r"The answer is 18, so \boxed{19}"),
    ("0.333", r"\boxed{1/3}"),
    ("[1,2)", r"\boxed{(1,2)}"),
    ("1,2", r"\boxed{1,2,3}"),
    ("(1,2)", r"\boxed{(2,1)}"),
    ("C", r"\boxed{D}"),
    ("silent", r"\boxed{listen}"),
    ("5", r"\boxed{5 \text{ million}}"),
    ("14", r"\boxed{14 \text{ or } 15}"),
    ("x+1", r"\boxed{x-1}"),
    ("y=2x", r"\boxed{y=3x}"),
    (r"y=x^{1/2}\cos x", r"\boxed{(y-x)^{3}(y+x)=k}"),
    ("Q(t)=30-20e^{-t/10}", r"\boxed{I=-e^{-40t}(2\cos 30t-86\sin 30t)}"),
    ("1=2", r"\boxed{3=4}"),
    (r"2.88 \times 10^{-19}", r"\boxed{1.3 \times 10^{-27}}"),
    ("0.0000002", r"\boxed{0.0000003}"),
]


@pytest.mark.parametrize(("gold", "response"), CORRECT)
def test_equal_answers_are_correct(grader, gold, response):
    (verdict,) = grader.grade_many([(gold, response)])
    assert (verdict.status, verdict.correct) == ("correct", True), verdict.reason


@pytest.mark.parametrize(("gold", "response"), WRONG)
def test_other_answers_are_wrong(grader, gold, response):
    (verdict,) = grader.grade_many([(gold, response)])
    assert (verdict.status, verdict.correct) == ("wrong", False), verdict.reason


@pytest.mark.parametrize(("corner", "status"), [("9", "correct"), ("8", "wrong")])
def test_a_fraction_times_a_matrix_which_sympy_cannot_evaluate_ends_no_process(corner, status):
    from engine.grading.check import check

    gold, predicted = (
        r"\frac{1}{10}[\begin{array}{ll}1&3 \\ 3&" + last + r" \end{array}]"
        for last in ("9", corner)
    )
    assert check(gold, predicted, shortcuts=False)[0] == check(gold, predicted)[0] == status


def test_a_verdict_says_in_a_sentence_why():
    equal, other, none = grade("7", [r"\boxed{7.0}", r"\boxed{12}", "Seven, I would say"])
    assert equal.reason == "Equal as numbers: 7 and 7.0. Taken from the last box."
    assert other.predicted == "12"
    assert other.reason == "The extracted answer 12 is not 7. Taken from the last box."
    assert (none.status, none.predicted) == ("no_answer", None)
    assert none.reason == r"No \boxed answer and no stated final answer."


def test_a_missing_reference_answer_is_an_error_not_a_wrong_answer():
    (verdict,) = grade("  ", [r"\boxed{7}"])
    assert verdict.status == "error"
    assert verdict.reason.startswith("The reference answer is empty.")


def test_plain_answers_start_no_process():
    with Grader() as fresh:
        verdicts = fresh.grade_many(
            [(str(n % 9), rf"5 + 2 = 7. The answer is \boxed{{{n % 7}}}.") for n in range(300)]
        )
        assert {verdict.status for verdict in verdicts} == {"correct", "wrong"}
        assert fresh.child_pids == []


def test_importing_and_plain_grading_load_no_computer_algebra():
    code = (
        "import sys; from engine.grading import grade; grade('7', [r'\\boxed{7}']);"
        "sys.exit(any(name in sys.modules for name in ('sympy', 'math_verify', 'torch', 'duckdb')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_several_batches_are_in_flight_at_once_and_keep_their_order(grader):
    batches = [[("x+1", rf"\boxed{{1+x+{n}-{n % 3}}}") for n in range(3)] for _ in range(4)]
    futures = [grader.submit(batch) for batch in batches]
    wait(futures)
    assert [[verdict.correct for verdict in future.result()] for future in futures] == [
        [True, True, True]
    ] * 4


HOSTILE = [
    "9^{9^{9^9}}",
    "10^{10^{10}}",
    "99999!",
    r"\binom{10^9}{5\cdot 10^8}",
    r"\{" * 10_000 + r"\}" * 10_000,
    "{" * 10_000 + "1" + "}" * 10_000,
    r"\frac{" * 2_000 + "1" + "}{2}" * 2_000,
    r"\frac{" * 250 + "1" + "}{2}" * 250,
    "7" * 1_000_000,
    "7\x00",
    "\ud83d 7",
]


def test_hostile_answers_get_a_status_and_the_pool_lives_on():
    with Grader(timeout_s=1.5) as hardened:
        pairs = [("7", rf"\boxed{{{answer}}}") for answer in HOSTILE]
        pairs += [("x^2", pairs[-3][1]), ("9^{9^{9^9}}", r"\boxed{x+7}")]
        verdicts = hardened.grade_many(pairs)
        assert not any(verdict.correct for verdict in verdicts)
        assert verdicts[0].status == verdicts[-1].status == "timeout"
        assert verdicts[0].reason.startswith("Checking took longer than 1.5 s.")
        assert all(len(verdict.predicted or "") <= 1_001 and verdict.reason for verdict in verdicts)
        json.dumps([verdict.predicted for verdict in verdicts], ensure_ascii=False).encode()
    with Grader(timeout_s=60) as after:
        assert [
            v.correct
            for v in after.grade_many([("x+1", HANGS + r"\boxed{1+x}"), ("x+1", r"\boxed{x+2}")])
        ] == [
            True,
            False,
        ]


@pytest.mark.slow
def test_every_hostile_case_gets_a_status_and_none_is_correct_or_executed():
    touched = Path(TOUCHED)
    touched.unlink(missing_ok=True)
    with Grader() as hardened:
        verdicts = hardened.grade_many([(case.gold, case.response) for case in CASES])
    assert len(CASES) >= 60
    assert [
        case.name for case, verdict in zip(CASES, verdicts, strict=True) if verdict.correct
    ] == []
    assert all(
        verdict.status in get_args(VerdictStatus) and len(verdict.reason) < 300
        for verdict in verdicts
    )
    json.dumps(
        [[verdict.predicted, verdict.reason] for verdict in verdicts], ensure_ascii=False
    ).encode()
    assert not touched.exists()


def test_hostile_text_that_needs_no_waiting_gets_a_status(grader):
    plain = [case for case in CASES if case.gold == "7" and len(case.response) > 100_000]
    verdicts = grader.grade_many([(case.gold, case.response) for case in plain])
    assert len(plain) >= 15
    assert [
        case.name for case, verdict in zip(plain, verdicts, strict=True) if verdict.correct
    ] == []


def test_a_lone_surrogate_is_replaced_and_flagged():
    broken, whole = grade("7", ["\\boxed{\ud83d 7}", r"\boxed{8}"])
    assert broken.predicted == "\ufffd 7"
    assert broken.reason.endswith(
        "It holds characters that are not text; each was replaced by U+FFFD."
    )
    assert "U+FFFD" not in whole.reason


def test_nothing_in_a_response_is_executed(tmp_path, grader):
    target = tmp_path / "touched"
    code = f"__import__('os').system('touch {target}')"
    responses = [
        rf"\boxed{{{code}}}",
        f"The answer is {code}",
        rf"\boxed{{x + {code}}}",
        rf"\boxed{{${code}$}}",
    ]
    verdicts = grader.grade_many(
        [pair for answer in responses for pair in (("x+1", answer), (code, r"\boxed{x+1}"))]
    )
    assert {verdict.correct for verdict in verdicts} == {False}
    assert not target.exists()


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]


def test_verdicts_agree_with_recorded_flags_on_gsm8k(datasets):
    rows = random.Random(0).sample(_rows(datasets / "gsm8k_recorded_solutions.jsonl"), 300)
    solved = [
        (row["ground_truth"], solver)
        for row in rows
        for solver in row.values()
        if isinstance(solver, dict)
    ]
    with Grader() as fresh:
        verdicts = fresh.grade_many([(gold, solver["solution"]) for gold, solver in solved])
    assert [verdict.correct for verdict in verdicts] == [
        solver["is_correct"] for _, solver in solved
    ]


def test_verdicts_agree_with_recorded_flags_on_math(grader, datasets):
    rows = random.Random(0).sample(_rows(datasets / "math_recorded_responses_100x8.jsonl"), 60)
    flat = [
        (row["gt"], text, flag)
        for row in rows
        for text, flag in zip(row["code"], row["score"], strict=True)
    ]
    verdicts = grader.grade_many([(gold, text) for gold, text, _ in flat])
    others = [
        (gold, verdict.predicted)
        for verdict, (gold, _, flag) in zip(verdicts, flat, strict=True)
        if verdict.correct != flag
    ]
    assert all(pair == ("10{,}000", "10000") for pair in others), (
        "the one known slip of the recorded flags"
    )
