"""The domain of choices: which option a response picks, in whatever dress."""

import json
from itertools import product

import pytest

from engine.grading import Grader, grade
from engine.grading.extraction import Extraction
from engine.types import Reference

OPTIONS = {"A": "the Moon", "B": "the Sun", "C": "Mars", "D": "12 km"}
DRESSES = (
    "{L}",
    "({L})",
    "{L}.",
    "{l}",
    "({l})",
    "Option {L}",
    "option {l}",
    r"\text{{{L}}}",
    r"\textbf{{({L})}}",
    "{L}: {T}",
    "({L}) {T}",
    "{L}. {T}",
    "{T}",
    r"\text{{{T}}}",
    "{U}",
    "{T}.",
)
FRAMES = (
    r"So it is \boxed{{{X}}}.",
    "Some thoughts.\n\nThe answer is {X}.",
    "First A looks good, then not.\nAnswer: {X}",
    "It cannot be the others.\n\n**{X}**",
    "<answer>{X}</answer>",
    "Therefore the correct answer is {X}.",
    "The correct option is {X}",
    "{X}",
)


def reference(answer, options=OPTIONS):
    return Reference(answer, "choice", json.dumps({"options": options}))


def dressed(dress, letter):
    text = OPTIONS[letter]
    return dress.format(L=letter, l=letter.lower(), T=text, U=text.upper())


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("dress", DRESSES)
def test_every_dress_of_the_right_option_is_right_and_of_another_wrong(frame, dress):
    for wanted, letter in product("ABCD", "ABCD"):
        response = frame.format(X=dressed(dress, letter))
        (verdict,) = grade(reference(wanted), [response])
        assert (verdict.status == "correct") == (letter == wanted), (response, wanted, verdict)
        assert verdict.status in ("correct", "wrong"), (response, verdict)


@pytest.mark.parametrize(
    ("gold", "response", "status"),
    [
        ("A, C", r"\boxed{C, A}", "correct"),
        ("A, C", r"\boxed{A} and \boxed{C}", "correct"),
        ("A, C", "The answer is C and A.", "correct"),
        ("A, C", r"\boxed{AC}", "correct"),
        ("A, C", r"\boxed{A}", "wrong"),
        ("A", r"\boxed{A, C}", "wrong"),
        ("B", r"\boxed{A: the Sun}", "wrong"),
        ("A", r"\boxed{A: the Sun}", "wrong"),
        ("B", r"\boxed{Venus}", "wrong"),
        ("B", r"\boxed{E}", "wrong"),
        ("B", "I do not know what this is about.", "no_answer"),
        ("B", "<think>\\boxed{B}", "no_answer"),
        ("B", "", "no_answer"),
    ],
)
def test_letters_in_any_order_contradictions_and_nothing(gold, response, status):
    (verdict,) = grade(reference(gold), [response])
    assert verdict.status == status, verdict


@pytest.mark.parametrize("line", ["B", "(B)", "**B**", "B. the Sun", "the Sun"])
@pytest.mark.parametrize("rest", ["", "<|im_end|>\n<|im_start|>user\nC", "</s>"])
def test_a_bare_last_line_behind_the_thinking_of_the_turn_counts(line, rest):
    (verdict,) = grade(reference("B"), [f"<think>A or C\nA</think>\n{line}{rest}"])
    assert verdict.status == "correct", verdict


@pytest.mark.parametrize(
    "response",
    [
        "The answer is B (the Sun).",
        "The answer is B - the Sun",
        "The answer is B, not A.",
        'The answer is "B".',
        "Therefore, option B is correct.",
        "So (B) is the correct answer.",
        "The Sun is the right answer",
    ],
)
def test_a_letter_with_what_is_said_around_it_picks_its_option(response):
    for wanted in "AB":
        (verdict,) = grade(reference(wanted), [response])
        assert verdict.status == ("correct" if wanted == "B" else "wrong"), verdict


@pytest.mark.parametrize(
    "response", ["The answer is B (Mars).", "The answer is B - Mars", "B is not correct."]
)
def test_a_letter_beside_the_text_of_another_option_picks_nothing(response):
    (verdict,) = grade(reference("B"), [response])
    assert not verdict.correct, verdict


def test_a_text_that_two_options_have_picks_neither():
    twice = reference("A", {"A": "the same", "B": "the same", "C": "other"})
    assert grade(twice, [r"\boxed{the same}", r"\boxed{A}"])[0].status == "wrong"
    assert grade(twice, [r"\boxed{A}"])[0].status == "correct"


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        (r"\boxed{12\,\text{km}}", "D"),
        (r"\boxed{12 m}", None),
        (r"\boxed{12}", "D"),
        (r"\boxed{\frac12}", "A"),
        (r"\boxed{\dfrac{1}{2}}", "A"),
        (r"\boxed{\tfrac{1}{3}}", None),
        (r"\boxed{\dfrac12}", "A"),
    ],
)
def test_a_value_picks_an_option_in_any_spelling_but_not_with_another_unit(response, letter):
    options = {"A": r"$\frac{1}{2}$", "B": "2", "C": "5 m", "D": "12 km"}
    for wanted in options:
        (verdict,) = grade(reference(wanted, options), [response])
        assert verdict.correct == (wanted == letter), verdict


def test_the_rules_of_extraction_hold_for_choices_too():
    with Grader() as grader:
        items = [(reference("B"), "The answer is B."), (reference("B"), "B")]
        assert [v.status for v in grader.grade_many(items, Extraction("strict"))] == [
            "no_answer",
            "no_answer",
        ]
        assert [v.status for v in grader.grade_many(items)] == ["correct", "correct"]


def test_domains_are_graded_side_by_side_in_their_places():
    items = [
        ("4", r"\boxed{4}"),
        (reference("B"), r"\boxed{B}"),
        (Reference("x+1"), r"\boxed{1+x}"),
        (reference("B"), r"\boxed{C}"),
        ("4", r"\boxed{5}"),
    ]
    with Grader() as grader:
        verdicts = grader.grade_many(items)
    assert [v.correct for v in verdicts] == [True, True, True, False, False]
    assert verdicts[3].reason == "It picks C; B is asked for. Taken from the last box."
