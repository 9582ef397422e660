"""Problems of other domains: ARC's and MBPP's shapes, domains that rows name, and the way back."""

import json

import pytest

from engine.errors import ProblemSetError
from engine.problems import examine_problems, read_problems
from engine.problems.domains import NUMBER_AS_VALUE, parts_of
from engine.problems.stored import store_problems

ARC = {
    "id": "made_up_1",
    "question": "Which of these is a metal?",
    "choices": {"text": ["wood", "iron", "glass"], "label": ["A", "B", "C"]},
    "answerKey": "B",
}
MBPP = {
    "task_id": 9001,
    "text": "Write a function to add two numbers.",
    "code": "def add(a, b):\n    return a + b",
    "test_list": ["assert add(1, 2) == 3", "assert math.isclose(add(0.5, 1), 1.5)"],
    "test_setup_code": "",
    "challenge_test_list": [],
}


def rows(tmp_path, *given, name="set.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in given))
    return path


def test_arc_is_read_with_its_options_in_the_question_and_its_letter(tmp_path):
    (problem,) = read_problems(rows(tmp_path, ARC)).problems
    assert problem.question == "Which of these is a metal?\n\nA. wood\nB. iron\nC. glass"
    assert (problem.domain, problem.answer) == ("choice", "B")
    assert json.loads(problem.details) == {"options": {"A": "wood", "B": "iron", "C": "glass"}}


def test_numbered_options_become_letters(tmp_path):
    numbered = {**ARC, "choices": {**ARC["choices"], "label": ["1", "2", "3"]}, "answerKey": "2"}
    assert read_problems(rows(tmp_path, numbered)).problems == (
        read_problems(rows(tmp_path, ARC, name="other.jsonl")).problems
    )


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({"A": "wood", "B": "iron", "C": "glass"}, "B"),
        (["wood", "iron", "glass"], "iron"),
        ('["wood", "iron", "glass"]', "(b)"),
    ],
)
def test_options_in_other_shapes_are_read_where_the_set_is_one_of_choices(
    tmp_path, options, answer
):
    path = rows(tmp_path, {"question": ARC["question"], "options": options, "answer": answer})
    assert read_problems(path, domain="choice").problems[0].answer == "B"
    assert read_problems(path).problems[0].domain == "maths"


def test_mbpp_is_read_with_its_asserts_in_the_question(tmp_path):
    (problem,) = read_problems(rows(tmp_path, MBPP)).problems
    assert problem.question == (
        "Write a function to add two numbers.\n\nYour code should pass these tests:\n\n"
        "assert add(1, 2) == 3\nassert math.isclose(add(0.5, 1), 1.5)"
    )
    assert (problem.domain, problem.answer) == ("code", "passes 2 tests")
    assert problem.solution == "```python\ndef add(a, b):\n    return a + b\n```"
    assert json.loads(problem.details) == {
        "tests": MBPP["test_list"],
        "setup": "import math",
        "names": ["add"],
    }


def test_a_program_may_be_asked_for_a_name_that_python_has_itself():
    row = {**MBPP, "code": "def sum(a, b):\n    return a", "test_list": ["assert sum(1, 2) == 1"]}
    assert json.loads(parts_of(row).details)["names"] == ["sum"]
    row = {**row, "test_list": ["x = f(2)", "assert sum(x) == 1"], "code": "def f(n): ..."}
    assert json.loads(parts_of(row).details)["names"] == ["f"]


def test_pairs_of_input_and_output_are_tests_and_stay_out_of_the_question(tmp_path):
    pair = {"input": "1 2\n", "output": "3\n"}
    row = {"question": "Read two numbers, print their sum.", "domain": "code", "tests": [pair]}
    (problem,) = read_problems(rows(tmp_path, row)).problems
    assert problem.question == row["question"]
    assert json.loads(problem.details) == {"tests": [pair]}


def test_a_subject_in_the_field_domain_names_no_domain(tmp_path):
    row = {"question": "What is 1 + 1?", "answer": "2", "domain": "Mathematics -> Algebra"}
    assert read_problems(rows(tmp_path, row)).problems[0].domain == "maths"


def test_a_mixed_set_is_stored_and_read_back_as_it_was(tmp_path):
    maths = {"question": "What is 1 + 1?", "answer": "2"}
    problems = read_problems(rows(tmp_path, ARC, MBPP, maths)).problems
    assert [p.domain for p in problems] == ["choice", "code", "maths"]
    stored = store_problems(tmp_path, problems, name="mixed")
    assert read_problems(stored.path).problems == problems


def test_a_mapping_with_options_or_tests_says_what_the_set_is(tmp_path):
    path = rows(tmp_path, {"Q": "Which?", "opts": ["wood", "iron"], "right": "A"})
    read = read_problems(path, mapping={"question": "Q", "answer": "right", "options": "opts"})
    assert (read.problems[0].domain, read.problems[0].answer) == ("choice", "A")
    path = rows(tmp_path, {"Q": "Add.", "t": ["assert f(1) == 2"]})
    read = read_problems(path, mapping={"question": "Q", "tests": "t"})
    assert read.problems[0].domain == "code"
    with pytest.raises(ProblemSetError, match="the role prompts"):
        read_problems(path, mapping={"question": "Q", "prompts": "t"})


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        ({**ARC, "answerKey": "D"}, "answerKey", "must name an option, A, B, C"),
        ({**ARC, "choices": {"text": ["one"], "label": ["A"]}}, "choices", "has 1 options"),
        ({**ARC, "choices": {"text": ["x", ""], "label": ["A", "B"]}}, "choices", "empty option"),
        ({**MBPP, "test_list": ["assert add(1"]}, "test_list", "is not Python"),
        ({**MBPP, "test_list": [3]}, "test_list[0]", "neither an assert nor"),
        ({"question": "Which?", "answer": "A", "domain": "choice"}, "options", "No options"),
        ({"question": "Add.", "domain": "code"}, "tests", "No tests"),
    ],
)
def test_a_row_that_cannot_be_checked_is_rejected_by_its_field(tmp_path, row, field, says):
    (rejected,) = examine_problems(rows(tmp_path, row)).rejected
    assert rejected.field == field and says in rejected.reason


@pytest.mark.parametrize(
    ("options", "answer", "letter"),
    [
        (["1", "2", "3", "4"], "2", "B"),
        (["1", "2", "3", "4"], "C", "C"),
        (["0", "1", "2"], 1, "B"),
        (["4", "5", "6"], 5, "B"),
        ({"1": "one", "2": "two", "3": "three"}, 2, "B"),
        ([1, 2, 3, 4], 2, "B"),
    ],
)
def test_a_number_that_can_be_read_in_one_way_is_read_so(tmp_path, options, answer, letter):
    path = rows(tmp_path, {"question": "Which?", "options": options, "answer": answer})
    read = examine_problems(path, domain="choice")
    assert [p.answer for p in read.problems] == [letter]
    assert read.notes == [f"{NUMBER_AS_VALUE}: 1 rows."] * (options == [1, 2, 3, 4])


def test_a_number_that_is_a_place_and_a_text_is_not_guessed(tmp_path):
    row = {"question": "Which?", "options": ["1", "2", "3", "4"], "answer": 2}
    read = examine_problems(rows(tmp_path, row), domain="choice")
    assert not read.problems
    [rejected] = read.rejected
    assert rejected.field == "answer" and "the text of option B" in rejected.reason
    assert "the place of option C" in rejected.reason and 'as a text ("2")' in rejected.reason
