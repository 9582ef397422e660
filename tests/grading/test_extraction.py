"""Where a response's answer is found."""

import pytest

from engine.grading.extraction import extract_answer, reference_answer


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        (r"First \boxed{3}, no: \boxed{4}.", "4"),
        (r"So $\boxed{\frac{1}{2}}$.", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{\text{so } \boxed{7}}", "7"),
        (r"\fbox{8}", "8"),
        (r"\framebox{204} minutes", "204"),
        (r"\boxed {9}", "9"),
        (r"hence \boxed 5.", "5"),
        (r"\boxed{5} and then \boxed{\frac{1}{2", "5"),
        (r"\boxed{6} as asked in \boxed{}", "6"),
        (r"The answer is 3, I mean \boxed{4}. The answer is 3.", "4"),
        (r"\boxed{The area is $8$.}", "8"),
        ("The answer is 12.", "12"),
        ("The answer is 2.5", "2.5"),
        ("So the final answer is: **5**", "5"),
        ("Final Answer: The final answer is $11$. I hope it is correct.", "$11$"),
        ("The answer is:\n\n7", "7"),
        ("the answer to the question is 7 because 3 + 4 = 7.", "7"),
        ("Therefore, the answer is that John has 6 apples left.", "6"),
        ("The answer is 3. No, wait. The answer is 4.", "4"),
        ("2 + 2 = 4\n#### 4", "4"),
        ("16 - 3 = <<16-3=13>>13\nA: 13", "13"),
        ("The answer is (C).", "(C)"),
    ],
)
def test_the_last_box_wins_else_the_last_stated_answer(response, answer):
    assert extract_answer(response) == answer


@pytest.mark.parametrize(
    "response",
    [
        "",
        "I think 42",
        r"\boxed{",
        r"\boxed{\frac{1}{2}",
        r"\boxed{}",
        r"\boxed{ }",
        "The answer is",
        "A: x\nB: y\nWho knows?",
        r"\boxedness{3}",
    ],
)
def test_without_a_whole_box_or_a_stated_answer_there_is_none(response):
    assert extract_answer(response) is None


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("He has 2+3=5.\n#### 5", "5"),
        (r"It follows that $x=\boxed{\frac{3}{4}}$.", r"\frac{3}{4}"),
        (r"The area is $8 \sqrt{3}$.", r"8 \sqrt{3}"),
        ("No. Consider $x=2$ and $x=3$.", "No. Consider $x=2$ and $x=3$."),
        ("16 - 3 = 13\nA: 13", "13"),
        (r" \left( 3, \frac{\pi}{2} \right) ", r"\left( 3, \frac{\pi}{2} \right)"),
    ],
)
def test_a_reference_text_gives_its_bare_answer(gold, answer):
    assert reference_answer(gold) == answer


@pytest.mark.parametrize(
    "response",
    [
        r"\boxed{" * 150_000,
        r"\boxed{}" * 120_000,
        "{" * 1_000_000,
        "answer is " * 100_000,
        "answer to " * 100_000,
        "answer" + " " * 1_000_000,
        "the answer is " + "*" * 1_000_000,
        "#" * 1_000_000,
        "$" * 1_000_000,
        "<<" * 500_000,
        "A:" * 500_000,
        "\n" * 1_000_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_hostile_megabyte_is_read_to_its_end(response):
    answer = extract_answer(response + r" \boxed{1} \boxed{7}")
    assert answer == "7"
    assert extract_answer(response) is None or len(extract_answer(response)) <= 2_000
