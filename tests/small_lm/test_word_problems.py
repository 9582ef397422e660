"""The word problems: the same for the same seed, no question twice, every answer recomputed from
the problem's numbers.
"""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ProblemSetError
from engine.grading.extraction import extract_answer
from engine.problems import read_problems, require_disjoint
from engine.small_lm.kinds import KINDS
from engine.small_lm.problems import (
    LEVELS,
    N_LARGEST,
    WordProblem,
    as_lines,
    make_problems,
    train_and_held_out,
)

ANSWERS = {
    "gains": lambda a, b: a + b,
    "loses": lambda a, b: a - b,
    "boxes": lambda a, b: a * b,
    "shares": lambda a, b: a / b,
    "more than": lambda a, b: a + b,
    "fewer than": lambda a, b: a - b,
    "difference": lambda a, b: a - b,
    "times as many": lambda a, b: a * b,
    "price": lambda a, b: a * b,
    "saving": lambda a, b: b - a,
    "change": lambda a, b, c: c - a * b,
    "boxes and some": lambda a, b, c: a * b + c,
    "gains and loses": lambda a, b, c: a + b - c,
    "together": lambda a, b: a + a + b,
    "bought and shared": lambda a, b, c: (a + b) / c,
    "times together and gives": lambda a, b, c: a + a * b - c,
    "two prices and change": lambda a, b, c, d: d - (a * b + c),
    "days and friends": lambda a, b, c, d: (a * b - c) / d,
}
"""What every kind asks for, written a second time."""

EQUATION = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)")
seeds = st.integers(0, 2**63 - 1)
few = settings(max_examples=30, deadline=None)


def test_every_kind_is_checked_here_and_has_a_name_of_its_own():
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names) and set(names) == set(ANSWERS)


@few
@given(seeds)
def test_the_same_seed_gives_the_same_problems(seed):
    assert make_problems(60, seed) == make_problems(60, seed)
    assert make_problems(60, seed)[:20] == make_problems(20, seed)


@few
@given(seeds)
def test_another_seed_gives_other_problems(seed):
    assert make_problems(60, seed) != make_problems(60, seed + 1)


@few
@given(seeds)
def test_every_answer_is_a_whole_number_that_follows_from_the_numbers(seed):
    for problem in make_problems(80, seed):
        assert problem.answer == ANSWERS[problem.kind.name](**dict(problem.numbers))
        assert problem.answer >= 1


@few
@given(seeds)
def test_every_drawn_number_and_every_word_stands_in_the_question(seed):
    for problem in make_problems(80, seed):
        written = re.findall(r"\d+", problem.question)
        assert sorted(map(int, written)) == sorted(dict(problem.numbers).values())
        assert problem.name in problem.question and problem.items in problem.question
        assert "{" not in problem.question


@few
@given(seeds)
def test_a_worked_solution_calculates_rightly_and_ends_in_the_answer(seed):
    apply = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__, "/": int.__truediv__}
    for problem in make_problems(80, seed):
        *steps, closing = problem.solution.split("\n\n")
        assert len(steps) == len(problem.kind.steps)
        for step in steps:
            ((left, sign, right, result),) = EQUATION.findall(step)
            assert apply[sign](int(left), int(right)) == int(result), step
        assert extract_answer(closing) == str(problem.answer)


def test_a_kind_s_steps_are_as_many_as_its_level_says():
    expected = {1: 1, 2: 1, 3: 2, 4: 3}
    assert all(len(kind.steps) == expected[kind.level] for kind in KINDS)


@few
@given(seeds, st.integers(0, 200), st.integers(0, 100))
def test_no_question_occurs_twice_in_train_and_held_out_together(seed, n_train, n_held_out):
    train, held_out = train_and_held_out(n_train, n_held_out, seed)
    assert (len(train), len(held_out)) == (n_train, n_held_out)
    assert len({problem.question for problem in train + held_out}) == n_train + n_held_out


def test_every_part_of_the_problems_holds_the_same_shares_of_levels():
    levels = [problem.kind.level for problem in make_problems(40, 3)]
    assert levels == list(LEVELS) * 5 and set(LEVELS) == {kind.level for kind in KINDS}


def test_as_many_as_are_allowed_can_be_made():
    assert len({p.question for p in make_problems(N_LARGEST, 1)}) == N_LARGEST


@pytest.mark.parametrize("n", [-1, N_LARGEST + 1])
def test_a_number_that_is_not_allowed_is_answered_with_what_is(n):
    with pytest.raises(ProblemSetError, match=r"between 0 and 20,000 word problems"):
        make_problems(n, 0)


def test_numbers_that_leave_the_whole_numbers_are_not_used():
    by_name = {kind.name: kind for kind in KINDS}
    assert by_name["loses"].worked({"a": 3, "b": 3}) is None
    assert by_name["shares"].worked({"a": 7, "b": 2}) is None
    assert by_name["shares"].worked({"a": 8, "b": 2}) == {"a": 8, "b": 2, "share": 4}


def test_the_lines_are_a_problem_file_that_is_read_without_a_complaint(tmp_path):
    files = []
    for name, problems in zip(("train", "held_out"), train_and_held_out(50, 30, seed=5)):
        path = tmp_path / f"{name}.jsonl"
        path.write_text(as_lines(problems), encoding="utf-8")
        read = read_problems(path)
        assert read.rejected == [] and read.duplicates == 0
        assert [p.question for p in read.problems] == [p.question for p in problems]
        assert [p.solution for p in read.problems] == [p.solution for p in problems]
        assert json.loads(path.read_text().splitlines()[0])["level"] == "1"
        files.append(read.problems)
    require_disjoint(*files)


def test_a_problem_can_be_made_by_hand():
    (kind,) = [kind for kind in KINDS if kind.name == "change"]
    problem = WordProblem(kind, "Anna", "Ben", "pears", (("a", 3), ("b", 4), ("c", 20)))
    assert problem.question == (
        "Anna buys 3 pears at 4 dollars each and pays with 20 dollars. How many dollars does Anna"
        " get back?"
    )
    assert problem.solution == (
        "The pears cost 3 * 4 = 12 dollars.\n\nAnna gets 20 - 12 = 8 dollars back.\n\n"
        "The answer is \\boxed{8}."
    )
