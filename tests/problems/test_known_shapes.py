"""Rows of known data sets, a few of our own writing each, read without a mapping."""

import json

import pyarrow
import pyarrow.parquet
import pytest

from engine.grading.grader import Grader
from engine.problems import examine_problems
from engine.types import Reference

USER = {"role": "user", "content": "What is 3 + 4?"}
DAPO = (
    "Solve the following math problem step by step. The last line of your response should be of the"
    " form Answer: $Answer (without quotes) where $Answer is the answer to the problem.\n\n"
    'What is 3 + 4?\n\nRemember to put your answer on its own line after "Answer:".'
)
HUMAN_EVAL = {
    "task_id": "Made/0",
    "prompt": 'def twice(n: int) -> int:\n    """Twice it.\n    >>> twice(2)\n    4\n    """\n',
    "canonical_solution": "    return 2 * n\n",
    "test": "def check(candidate):\n    for n in range(3):\n        assert candidate(n) == n + n\n",
    "entry_point": "twice",
}
APPS = {
    "problem_id": 7,
    "question": "Read two numbers, print their sum.",
    "solutions": json.dumps(["a, b = map(int, input().split())\nprint(a + b)"]),
    "input_output": json.dumps({"inputs": ["1 2\n", ["3", "4"]], "outputs": ["3\n", "7"]}),
    "difficulty": "introductory",
    "url": "",
    "starter_code": "",
}


def problems(tmp_path, *rows):
    path = tmp_path / "set.json"
    path.write_text(json.dumps(list(rows)))
    return examine_problems(path)


def only(tmp_path, row):
    read = problems(tmp_path, row)
    assert read.rejected == []
    return read.problems[0], read


@pytest.mark.parametrize(
    ("row", "question", "answer"),
    [
        pytest.param(
            {
                "source": "made_up",
                "problem": "What is 3 + 4?",
                "solution": "Add: $\\boxed{7}$.",
                "answer": "7",
                "problem_type": "Algebra",
                "question_type": "math-word-problem",
                "problem_is_valid": "Yes",
                "solution_is_valid": "Yes",
                "synthetic": False,
            },
            "What is 3 + 4?",
            "7",
            id="NuminaMath-1.5",
        ),
        pytest.param(
            {"problem": "Simplify $2/4$.", "answer": "\\frac12", "solution": "Halve both."},
            "Simplify $2/4$.",
            "\\frac12",
            id="DeepScaleR",
        ),
        pytest.param(
            [
                {"from": "human", "value": "What is 3 + 4?"},
                {"from": "assistant", "ground_truth": {"value": "7"}},
            ],
            "What is 3 + 4?",
            "7",
            id="ORZ as a file",
        ),
        pytest.param(
            {
                "0": {"from": "human", "value": "What is 3 + 4?", "ground_truth": None},
                "1": {"from": "assistant", "value": None, "ground_truth": {"value": "7"}},
            },
            "What is 3 + 4?",
            "7",
            id="ORZ on the hub",
        ),
        pytest.param(
            {
                "problem": "What is 3 + 4?",
                "answer": "7",
                "source": "made_up",
                "domain": ["Mathematics -> Algebra"],
                "llama8b_solve_rate": 0.75,
            },
            "What is 3 + 4?",
            "7",
            id="Big-Math",
        ),
        pytest.param(
            {
                "data_source": "math_dapo",
                "prompt": [{"role": "user", "content": DAPO}],
                "ability": "MATH",
                "reward_model": {"ground_truth": "7", "style": "rule-lighteval/MATH_v2"},
                "extra_info": {"index": "9a9b"},
            },
            "What is 3 + 4?",
            "7",
            id="DAPO-Math-17k",
        ),
        pytest.param(
            {
                "problem": "What is 3 + 4?",
                "solution": "Add.",
                "answer": "7",
                "generations": ["<think>3 and 4</think> \\boxed{7}"],
                "correctness_math_verify": [True],
                "finish_reasons": ["stop"],
                "messages": [USER, {"role": "assistant", "content": "It is 7."}],
            },
            "What is 3 + 4?",
            "7",
            id="OpenR1-Math",
        ),
        pytest.param(
            {
                "question": "Evaluate $\\int_0^1 2x\\,dx$.",
                "final_answer": "1",
                "difficulty": 4.0,
                "topic": "Calculus",
                "r1_solution_1": "It is 1.",
            },
            "Evaluate $\\int_0^1 2x\\,dx$.",
            "1",
            id="DeepMath",
        ),
        pytest.param(
            {
                "problem": "What is 3 + 4?",
                "level": "Level 1",
                "type": "Prealgebra",
                "solution": "We add: $3+4=\\boxed{7}$.",
            },
            "What is 3 + 4?",
            "7",
            id="MATH-lighteval",
        ),
        pytest.param(
            {
                "ID": "chal-1",
                "Body": "Ann has 3 plums and finds 4 more",
                "Question": "How many plums does she have?",
                "Equation": "( 3.0 + 4.0 )",
                "Answer": "7.0",
                "Type": "Addition",
            },
            "Ann has 3 plums and finds 4 more. How many plums does she have?",
            "7.0",
            id="SVAMP",
        ),
        pytest.param(
            {
                "data_source": "openai/gsm8k",
                "prompt": [{**USER, "content": USER["content"] + " Let's think step by step."}],
                "ability": "math",
                "reward_model": {"style": "rule", "ground_truth": ["7"]},
                "extra_info": {
                    "split": "train",
                    "index": 0,
                    "question": "What is 3 + 4?",
                    "answer": "Add them.\n#### 7",
                },
            },
            "What is 3 + 4?",
            "7",
            id="verl with the bare question",
        ),
        pytest.param(
            {"prompt": "What is 3 + 4?", "completion": "Add them: \\boxed{7}."},
            "What is 3 + 4?",
            "7",
            id="TRL, texts",
        ),
        pytest.param(
            {"prompt": [USER], "completion": [{"role": "assistant", "content": "Add.\n#### 7"}]},
            "What is 3 + 4?",
            "7",
            id="TRL, chats",
        ),
        pytest.param(
            {
                "conversations": [
                    {"from": "system", "value": "Be brief."},
                    {"from": "human", "value": "What is 3 + 4?"},
                    {"from": "gpt", "value": "So \\boxed{7}."},
                ]
            },
            "What is 3 + 4?",
            "7",
            id="ShareGPT",
        ),
        pytest.param(
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "What is 3 + 4?"}]},
                          {"role": "assistant", "content": "\\boxed{7}"}]},
            "What is 3 + 4?",
            "7",
            id="messages in parts",
        ),
    ],
)  # fmt: skip
def test_a_known_row_gives_its_question_and_answer(tmp_path, row, question, answer):
    problem, _ = only(tmp_path, row)
    assert (problem.question, problem.answer, problem.domain) == (question, answer, "maths")


def test_what_is_left_out_of_a_prompt_is_said_and_counted(tmp_path):
    chat = [{"role": "system", "content": "Think."}, {"role": "user", "content": DAPO}]
    row = {"prompt": chat, "reward_model": {"ground_truth": "7"}, "extra_info": {}}
    read = problems(tmp_path, row, {**row, "extra_info": {"index": 2}})
    assert read.notes == [
        "A system message was left out: 2 rows.",
        "The instruction around the question was left out: 2 rows.",
    ]


def test_rows_that_are_repeated_a_hundred_times_are_one_problem_and_counted(tmp_path):
    rows = [
        {
            "prompt": [{"role": "user", "content": f"What is {n} + 1?"}],
            "reward_model": {"ground_truth": str(n + 1), "style": "rule"},
            "extra_info": {"index": str(n)},
            "ability": "MATH",
        }
        for n in range(3)
    ] * 100
    path = tmp_path / "dapo.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    read = examine_problems(path)
    assert (len(read.problems), read.duplicates, read.rejected) == (3, 297, [])


def test_the_answer_of_a_worked_text_is_taken_from_its_end_and_said(tmp_path):
    orca = {
        "question": "Ann has 3 plums and finds 4. How many has she?",
        "answer": "Ann has three plums at first and then finds four more in the garden, so we add"
        " both numbers and get 3 + 4 = 7. Therefore, the answer is 7.",
    }  # fmt: skip
    problem, read = only(tmp_path, orca)
    assert (problem.answer, problem.solution) == ("7", orca["answer"])
    assert read.notes == ["The answer is the end of a worked text (the last statement): 1 rows."]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(
            {
                "question": "What is 3 + 4?",
                "options": ["A)6", "B)7", "C)8"],
                "rationale": "Add.",
                "correct": "B",
            },
            id="AQuA",
        ),
        pytest.param(
            {
                "question_id": 70,
                "question": "What is 3 + 4?",
                "options": ["6", "7", "8"],
                "answer": "B",
                "answer_index": 1,
                "cot_content": "",
                "category": "math",
                "src": "made_up",
            },
            id="MMLU-Pro",
        ),
        pytest.param(
            {
                "question": "What is 3 + 4?",
                "subject": "maths",
                "choices": ["6", "7", "8"],
                "answer": 1,
            },
            id="MMLU",
        ),
        pytest.param(
            {
                "id": "made_up",
                "question": "What is 3 + 4?",
                "choices": {"text": ["6", "7", "8"], "label": ["1", "2", "3"]},
                "answerKey": "2",
            },
            id="ARC",
        ),
    ],
)  # fmt: skip
def test_a_known_choice_gives_its_options_and_letter(tmp_path, row):
    problem, _ = only(tmp_path, row)
    assert (problem.domain, problem.answer) == ("choice", "B")
    assert problem.question == "What is 3 + 4?\n\nA. 6\nB. 7\nC. 8"


def test_apps_has_pairs_of_input_and_output_and_calls_of_a_function(tmp_path):
    problem, _ = only(tmp_path, APPS)
    assert (problem.domain, problem.level) == ("code", "introductory")
    assert json.loads(problem.details)["tests"] == [
        {"input": "1 2\n", "output": "3\n"},
        {"input": "3\n4", "output": "7"},
    ]
    called = {"fn_name": "add", "inputs": [[1, 2]], "outputs": [3]}
    problem, _ = only(tmp_path, {**APPS, "input_output": json.dumps(called), "solutions": ""})
    details = json.loads(problem.details)
    assert (details["tests"], details["names"]) == (["assert add(1, 2) == 3"], ["add"])
    read = problems(tmp_path, {**APPS, "input_output": ""})
    assert read.rejected[0].reason == "input_output is empty."


def graded(problem, program):
    with Grader(n_workers=1) as grader:
        [verdict] = grader.grade_many([(problem.reference, f"```python\n{program}\n```")])
    return verdict


@pytest.mark.parametrize(
    ("wanted", "returned", "is_right"),
    [
        *(([4], "[4]", True), ([4], "4", True), ([4, 5], "[4, 5]", True), ([4], "5", False)),
        *(([], "[]", True), ([[1, 2]], "[1, 2]", True), (4, "4", True), (4, "[4]", False)),
    ],
)
def test_apps_takes_the_first_element_of_a_wanted_list_as_its_own_checker_does(
    tmp_path, wanted, returned, is_right
):
    called = {"fn_name": "inc", "inputs": [[3]], "outputs": [wanted]}
    problem, _ = only(tmp_path, {**APPS, "input_output": json.dumps(called), "solutions": ""})
    assert graded(problem, f"def inc(n):\n    return {returned}").correct is is_right


def test_tests_of_human_eval_may_call_what_the_prompt_defines(tmp_path):
    prompt = (
        "import math\nfrom typing import List\n\n\ndef poly(xs: List[int], x: float):\n"
        "    return sum(c * math.pow(x, i) for i, c in enumerate(xs))\n\n\n"
        'def find_zero(xs: List[int]):\n    """ A zero of poly. """\n'
    )
    test = "def check(candidate):\n    assert poly([-2, 1], candidate([-2, 1])) == 0\n"
    row = {**HUMAN_EVAL, "prompt": prompt, "test": test, "entry_point": "find_zero"}
    row["canonical_solution"] = "    return -xs[0] / xs[1]\n"
    problem, _ = only(tmp_path, row)
    assert json.loads(problem.details)["names"] == ["find_zero"]
    assert graded(problem, "def find_zero(xs):\n    return -xs[0] / xs[1]").correct
    assert not graded(problem, "def find_zero(xs):\n    return 3").correct
    plain, _ = only(tmp_path, HUMAN_EVAL)
    assert json.loads(plain.details)["setup"] == HUMAN_EVAL["test"].strip()


def test_verls_code_rows_have_their_tests_in_the_ground_truth(tmp_path):
    truth = json.dumps({"inputs": ["1 2"], "outputs": ["3"]})
    row = {
        "prompt": [{"role": "user", "content": "Add two numbers."}],
        "ability": "code",
        "reward_model": {"style": "rule", "ground_truth": truth},
        "extra_info": {"index": 1},
    }
    problem, _ = only(tmp_path, row)
    assert json.loads(problem.details)["tests"] == [{"input": "1 2", "output": "3"}]


def test_human_eval_is_checked_by_its_own_function_which_the_question_does_not_show(tmp_path):
    problem, _ = only(tmp_path, HUMAN_EVAL)
    assert problem.question == HUMAN_EVAL["prompt"].strip()
    right, wrong = (f"```python\ndef twice(n):\n    return {n} * n\n```" for n in (2, 3))
    reference = Reference(problem.answer, problem.domain, problem.details)
    with Grader() as grader:
        verdicts = grader.submit([(reference, right), (reference, wrong)]).result()
    if verdicts[0].status == "error":
        pytest.skip(verdicts[0].reason)
    assert [verdict.correct for verdict in verdicts] == [True, False]


@pytest.mark.parametrize("row", [HUMAN_EVAL, APPS])
def test_a_known_program_problem_is_stored_and_read_back_as_it_was(tmp_path, row):
    from engine.problems import read_problems
    from engine.problems.stored import store_problems

    read = problems(tmp_path, row).problems
    assert read_problems(store_problems(tmp_path, read, name="set").path).problems == read


def test_a_conversation_with_several_questions_is_rejected_with_the_way_out(tmp_path):
    turns = [
        USER,
        {"role": "assistant", "content": "7"},
        USER,
        {"role": "assistant", "content": "7"},
    ]
    read = problems(tmp_path, {"messages": turns})
    assert (
        "messages has 2 turns of the user; a problem has one question." in read.rejected[0].reason
    )
