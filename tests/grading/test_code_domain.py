"""The domain of code: which block of a response is the program, and what its tests say of it."""

import json

import pytest

from engine.errors import GradingError
from engine.grading import Grader, domains, grade, sandbox
from engine.grading.extraction import DEFAULT, Extraction
from engine.grading.program import CodeDomain, extract_program
from engine.problems.domains import parts_of
from engine.types import Reference

needs_bubblewrap = pytest.mark.skipif(
    sandbox.unavailable() is not None, reason=str(sandbox.unavailable())
)
ADD = "def add(a, b):\n    return a + b\n"


def asserts(*tests, names=("add",), setup=""):
    return Reference("", "code", json.dumps({"tests": tests, "setup": setup, "names": list(names)}))


def pairs(*given):
    tests = [{"input": read, "output": wrote} for read, wrote in given]
    return Reference("", "code", json.dumps({"tests": tests}))


def block(program, language="python"):
    return f"Here it is:\n\n```{language}\n{program}```\nThat is all."


@pytest.mark.parametrize(
    ("response", "program", "rule"),
    [
        (block(ADD), ADD, "the last fenced block"),
        (block(ADD, ""), ADD, "the last fenced block"),
        (block("x = 1\n") + "\n\nBetter:\n" + block(ADD, "py"), ADD, "the last fenced block"),
        (block(ADD) + "\nOutput:\n" + block("3\n", "text"), ADD, "the last fenced block"),
        (f"~~~python\n{ADD}~~~", ADD, "the last fenced block"),
        (f"````\n{ADD}```\n````", f"{ADD}```\n", "the last fenced block"),
        (f"```python\n{ADD}", ADD, "the last fenced block, which never closes"),
        (block("a\n", "ruby"), "a\n", "a block of ruby"),
        ("<think>" + block("x\n") + "</think>" + block(ADD), ADD, "the last fenced block"),
        (f"<think>{block(ADD)}", None, "The thinking of the response never ends"),
        (f"<think>{block(ADD)}</think>Done.", None, "No fenced block of code"),
        (ADD, None, "No fenced block of code"),
        ("", None, "No fenced block of code"),
    ],
)
def test_the_program_is_the_last_block_of_python_behind_the_thinking(response, program, rule):
    extracted = extract_program(response, DEFAULT)
    assert (extracted.answer, extracted.rule) == (program, rule)


def test_leniently_a_response_without_a_fence_is_all_program():
    assert extract_program(ADD, Extraction("lenient")).answer == ADD


def test_a_response_that_goes_on_into_the_next_question_is_flagged():
    response = block(ADD) + "\n\nQuestion: another\n" + block("x = 1\n")
    extracted = extract_program(response, DEFAULT)
    assert (extracted.answer, extracted.ran_on) == (ADD, True)
    assert domains.ran_on("code", response) and not domains.ran_on("code", block(ADD))


USAGE = block("print(add(3, 4))\n")


@pytest.mark.parametrize(
    ("response", "program"),
    [
        (block(ADD) + "\nOutput:\n```\n4\n```", ADD),
        (block(ADD) + "\nExample usage:\n" + USAGE, ADD),
        (block("def add(a, b): ...\n") + "\nBetter:\n" + block(ADD) + USAGE, ADD),
        (block(ADD, "") + "\nOutput:\n```\n4\n```", ADD),
        (block(ADD, "") + USAGE, ADD),
        (block("add = lambda a, b: a + b\n") + USAGE, "add = lambda a, b: a + b\n"),
        (block("class add:\n    pass\n") + USAGE, "class add:\n    pass\n"),
        (USAGE + block("def plus(): ...\n"), "def plus(): ...\n"),
        (block(ADD) + "\n### Problem with this approach\nSlow.\n" + block(ADD * 2), ADD * 2),
        (block(ADD) + "\n### Input\n5\n### Output\n6\n", ADD),
    ],
)
def test_the_program_is_the_block_that_defines_what_the_tests_call(response, program):
    extracted = CodeDomain().extract(asserts("assert add(1, 2) == 3"), response, DEFAULT)
    assert (extracted.answer, extracted.ran_on) == (program, False)


def test_a_reason_says_that_a_block_was_passed_over():
    extracted = extract_program(block(ADD) + USAGE, DEFAULT, ("add",))
    assert extracted.rule == "the last fenced block that defines add"


@pytest.mark.parametrize("indent", ["  ", "   ", "    ", "\t", "        "])
def test_a_block_under_an_item_of_a_list_has_no_indent_of_its_fence(indent):
    lines = f"```python\n{ADD}\n```\n".splitlines(keepends=True)
    response = "1. So:\n\n" + "".join(indent + line for line in lines)
    assert extract_program(response, DEFAULT).answer == ADD + "\n"


def test_a_fence_in_a_docstring_closes_no_block():
    program = 'def f():\n    """\n    ```\n    f()\n    ```\n    """\n'
    assert extract_program(block(program), DEFAULT).answer == program


def test_marks_in_a_program_end_no_turn_and_those_behind_it_do():
    program = "def f(s):\n    return ['<s>'] + s + ['</s>', '<|im_end|>']\n"
    extracted = extract_program(block(program), DEFAULT)
    assert (extracted.answer, extracted.ran_on) == (program, False)
    cut = extract_program(f"```python\n{ADD}<|im_end|>\n<|im_start|>user\n{block('x')}", DEFAULT)
    assert (cut.answer, cut.ran_on) == (ADD, True)


@needs_bubblewrap
@pytest.mark.parametrize(
    ("reference", "program", "status", "says"),
    [
        (asserts("assert add(1, 2) == 3", "assert add(2, 2) == 4"), ADD, "correct", "passes 2"),
        (
            asserts("assert add(1, 2) == 3", "assert add(2, 3) == 6"),
            ADD,
            "wrong",
            "Test 2 of 2 failed: assert add(2, 3) == 6 (it gave 5).",
        ),
        (asserts("assert add(1, 2) == 3"), "def ad(a): ...\n", "wrong", "'add' is not defined"),
        (asserts("assert add(1, 2) == 3"), "def add(a:\n", "wrong", "SyntaxError"),
        (asserts("assert not add(0, 0)"), ADD, "correct", "passes 1 test."),
        (asserts("assert add(1, 1) == two", setup="two = 2"), ADD, "correct", "passes"),
        (pairs(("1 2\n", "3\n")), "print(sum(map(int, input().split())))\n", "correct", "passes"),
        (pairs(("1 2", "3"), ("5", "5")), "print(3)\n", "wrong", "Test 2 of 2 failed: input '5'"),
        (pairs(("", "3")), "print('3  ')\nraise ValueError('no')\n", "wrong", "ValueError: no"),
        (pairs(("", "1\n2\n")), "print('1 ')\nprint(2)\nexit()\n", "correct", "passes"),
    ],
)
def test_all_tests_have_to_pass_and_the_first_that_fails_is_the_reason(
    reference, program, status, says
):
    (verdict,) = grade(reference, [block(program)])
    assert verdict.status == status and says in verdict.reason, verdict
    assert verdict.correct == (status == "correct") and verdict.predicted == program


@needs_bubblewrap
def test_a_made_up_problem_in_the_shape_of_mbpp_is_passed_by_its_own_solution():
    row = {
        "prompt": "Write a function to count the vowels.",
        "code": "def vowels(text):\n    return sum(letter in 'aeiou' for letter in text)",
        "test_list": ["assert vowels('aeb') == 2", "assert vowels('') == 0"],
        "test_imports": [],
    }
    parts = parts_of(row)
    reference = Reference(parts.answer, parts.domain, parts.details)
    right, wrong = grade(reference, [parts.solution, block("def vowels(text): return 2\n")])
    assert right.correct and not wrong.correct and wrong.reason.startswith("Test 2 of 2 failed")


@needs_bubblewrap
def test_equal_programs_of_one_call_are_run_once(monkeypatch):
    calls = []
    run = sandbox.Sandbox.tests

    def counted(self, *args):
        calls.append(args)
        return run(self, *args)

    monkeypatch.setattr(sandbox.Sandbox, "tests", counted)
    with Grader() as grader:
        verdicts = grader.grade_many([(asserts("assert add(1, 1) == 2"), block(ADD))] * 5)
    assert [v.correct for v in verdicts] == [True] * 5 and len(calls) == 1


def test_without_a_sandbox_programs_are_refused_and_maths_is_not(monkeypatch):
    monkeypatch.setattr(sandbox.box.shutil, "which", lambda name: None)
    with Grader() as grader:
        with pytest.raises(GradingError, match="apt-get install bubblewrap"):
            grader.grade_many([(asserts("assert add(1, 1) == 2"), block(ADD))])
        assert grader.grade_many([("4", r"\boxed{4}")])[0].correct
