"""Where a response's answer is found."""

import pytest

from engine.grading.extraction import (
    Extraction,
    extract,
    extract_answer,
    reference_answer,
)


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
        "<think></think>" * 70_000,
        "<think>" * 70_000 + "</think>",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_hostile_megabyte_is_read_to_its_end(response):
    answer = extract_answer(response + r" \boxed{1} \boxed{7}")
    assert answer == "7"
    assert extract_answer(response) is None or len(extract_answer(response)) <= 2_000


@pytest.mark.parametrize(
    ("response", "answer", "rule"),
    [
        (r"<think>\boxed{1}</think> \boxed{2}", "2", "the last box"),
        (r"<reasoning>\boxed{1}</reasoning>The answer is 2.", "2", "the last statement"),
        (
            "<|begin_of_thought|>7<|end_of_thought|><|begin_of_solution|>\\boxed{8}"
            "<|end_of_solution|>",
            "8",
            "the last box",
        ),
        (r"<think>\boxed{1}", None, "The thinking of the response never ends"),
        (r"\boxed{1} and \boxed{2}", "1, 2", "2 joined boxes"),
        (r"$x=\boxed{1}$, $y=\boxed{2}$", "x=1, y=2", "2 joined boxes"),
        (r"\boxed{1}? No, \boxed{2}", "2", "the last box"),
        (r"Part a: \boxed{1}. Part b: \boxed{2}.", "2", "the last box"),
        ("boxed{42}", "42", "the last box"),
        ("<answer>7</answer>", "7", "the last answer tag"),
        ("so <answer>\n\\boxed{7}", "7", "the last answer tag"),
        ("It follows.\n\n**12**", "12", "the last line, in bold"),
        ("### Final Answer\n\n$$\n12\n$$", "12", "the last statement"),
        (
            "Therefore, 73 residents own all four.",
            None,
            "No \\boxed answer and no stated final answer",
        ),
    ],
)
def test_the_rule_that_applied_is_said(response, answer, rule):
    extracted = extract(response)
    assert (extracted.answer, extracted.rule) == (answer, rule)


def test_a_response_ends_where_its_turn_ends_and_that_it_ran_on_is_said():
    for rest in (
        "<|im_end|>\n<|im_start|>user\nAnd 1+1?\n\\boxed{2}",
        "\n\nQuestion: And 1+1? \\boxed{2}",
        "\nuser\nAnd 1+1?\nassistant\n\\boxed{2}",
        "\n### Instruction:\nAnd?\n\\boxed{2}",
    ):
        extracted = extract(r"So it is \boxed{42}." + rest)
        assert (extracted.answer, extracted.ran_on) == ("42", True)
    assert not extract("Question: 2+2?\nIt is \\boxed{4}.<|im_end|>").ran_on


def test_strict_takes_boxes_and_lenient_takes_any_last_number():
    text = "So there are 12 apples in all 3 boxes."
    assert [extract(text, Extraction(mode)).answer for mode in ("stated", "lenient")] == [None, "3"]
    assert extract("The answer is 7.", Extraction("strict")).answer is None
    assert extract(r"\boxed{7}", Extraction("strict")).answer == "7"
    assert extract("so $x = 4$ holds", Extraction("lenient")).answer == "x = 4"


def test_the_earlier_rules_take_a_box_out_of_thinking():
    assert extract(r"<think>\boxed{1}</think>", Extraction("earlier")).answer == "1"


def test_a_pattern_of_ones_own_is_all_that_counts_and_cannot_hang():
    rules = Extraction(pattern=r"RESULT\s*=\s*(?P<answer>\S+)")
    assert extract(r"RESULT = 4 \boxed{5} RESULT = 6", rules).answer == "6"
    assert extract(r"\boxed{5}", rules).rule == "No match of grading.pattern"
    endless = extract("a" * 5_000 + "!", Extraction(pattern=r"(?P<answer>(a|aa|a?)+)$"))
    assert endless.answer is None and "took longer" in endless.rule


def test_names_of_thinking_are_a_setting():
    rules = Extraction(thinking=("plan",))
    assert extract(r"<plan>\boxed{1}</plan>\boxed{2}", rules).answer == "2"
    assert extract(r"<plan>\boxed{1}", rules).answer is None


SECOND = "What is 4+4?\nAssistant: <think>8</think>\\boxed{8}"


@pytest.mark.parametrize(
    "response",
    [
        r"3+4=7</think>The answer is \boxed{{7}}.{}",
        r"<think>3+4</think>The answer is 7.{}",
        r"The answer is \boxed{{7}}.{}",
        r"<think>a</think>So far.<think>b</think>It is \boxed{{7}}.{}",
    ],
)
@pytest.mark.parametrize("ending", ["\n\nUser: ", "<|im_end|>\n<|im_start|>user\n", "</s>"])
def test_what_a_later_turn_thinks_does_not_hide_the_answer_of_the_first(response, ending):
    extracted = extract(response.format(ending + SECOND))
    assert extracted.answer in ("7", "7.") and extracted.ran_on, extracted
    unfinished = extract(response.format(ending + "And?\nAssistant: <think>8"))
    assert (unfinished.answer, unfinished.ran_on) == ("7", True)


def test_a_turn_without_an_answer_is_not_given_that_of_the_next_turn():
    second = "<|im_end|>\n<|im_start|>assistant\n<think>b</think>\\boxed{8}"
    extracted = extract("<think>a</think>I am done." + second)
    assert (extracted.answer, extracted.ran_on) == (None, True)


def test_a_prompt_that_is_repeated_in_front_of_the_thinking_is_no_turn():
    response = "Add 3 and 4.<|im_end|>\n<|im_start|>assistant\n<think>3+4</think>\\boxed{7}"
    assert extract(response).answer == "7"


def test_a_mark_of_thinking_that_a_sentence_mentions_hides_no_answer():
    said = r"The answer is \boxed{7}. I used the <think> tag to reason."
    assert extract(said).answer == "7"
    assert extract("The answer is \\boxed{7}.\n<think>\nOr is it \\boxed{8}").answer is None
    assert extract("I used the <think> tag: \\boxed{8}").answer is None


@pytest.mark.parametrize(
    "response",
    [
        "We need the answer: let us see.\n\n## Problem Setup\nLet $x$ be.\n\nSo $\\boxed{7}$.",
        "Part (a): the answer is 3.\n\n### Question 2\nUsing that, $\\boxed{7}$.",
        "The answer is determined by parity.\n\n**Problem:** find n.\n\n$\\boxed{7}$",
        "First find the answer: we need x.\n\n### Problem Analysis\nThe answer is \\boxed{7}.",
        "The answer is to be given as m+n.\n\n## Problem Setup\n...\n\n$\\boxed{7}$",
        "The answer is 3 at most.\n\n### Input size\nSmall, so $\\boxed{7}$.",
    ],
)
def test_a_heading_in_the_middle_of_an_answer_ends_no_turn(response):
    extracted = extract(response)
    assert (extracted.answer, extracted.ran_on) == ("7", False)


@pytest.mark.parametrize(
    "line",
    [
        "### Question",
        "## Problem:",
        "### Question: another",
        "## Task",
        "Problem 2:",
        "**Problem:**",
    ],
)
def test_a_heading_by_its_word_alone_ends_the_turn_behind_a_value(line):
    for said in ("The answer is 7.", "The answer is Ada Lovelace.", r"So \boxed{7}.", "#### 7"):
        extracted = extract(f"{said}\n\n{line}\nThe answer is 8.\n")
        assert extracted.answer in ("7", "Ada Lovelace") and extracted.ran_on, extracted


def test_a_numbered_heading_ends_the_turn_behind_a_box_only():
    rest = "\n\n## Problem 2\nNow \\boxed{8}"
    assert extract(r"So \boxed{7}." + rest).answer == "7"
    assert extract("The answer is 7." + rest).answer == "8"


def test_what_an_answer_is_told_apart_from_is_not_part_of_it():
    assert extract("The final answer is 7, not 5.").answer == "7"
