"""Marks of thinking are seen by what samples and by what grades alike, as text and as special
tokens.
"""

from dataclasses import replace

import pytest

from engine.grading import extract_answer
from engine.models.spelling import spelled
from engine.models.tokens import Rendered, answer_start, with_reasoning
from engine.samplers.finished import as_response
from engine.samplers.vllm_local import _closes_thinking
from engine.types import Request
from tests.models.tiny_policies import FAMILIES, tokenizer_of

HARMONY = ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>")
MARKS = [
    ("<think>", "</think>"),
    ("<thought>", "</thought>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<seed:think>", "</seed:think>"),
    HARMONY,
]
THOUGHT, ANSWER = "It is 3.\n\nThe answer is \\boxed{3}. No:", "\n\nThe answer is \\boxed{4}."
marked = pytest.mark.parametrize(("opens", "closes"), MARKS, ids=[opens for opens, _ in MARKS])
REQUEST = Request("p", 0, 1, "?")
BASE = next(family for family in FAMILIES if family.name == "base")


@marked
def test_the_answer_is_what_stands_behind_the_thinking_and_nothing_where_it_never_ends(
    opens, closes
):
    whole, cut = opens + THOUGHT + closes + ANSWER, opens + THOUGHT
    assert whole[answer_start("?", whole) :] == ANSWER and extract_answer(whole) == "4"
    assert answer_start("?", cut) == len(cut) and extract_answer(cut) is None


@marked
def test_a_prompt_may_open_the_thinking(opens, closes):
    prompt = f"<|Assistant|>{opens}\n"
    assert answer_start(prompt, THOUGHT) == len(THOUGHT)
    assert answer_start(prompt + closes, THOUGHT) is None
    assert with_reasoning(prompt, THOUGHT, ANSWER) == THOUGHT + closes + ANSWER


@marked
def test_marks_that_are_special_tokens_stay_in_the_text_and_nothing_else_does(opens, closes):
    special = {"<s>", "</s>", "<pad>", opens, closes}
    if (opens, closes) == HARMONY:
        special = {"<s>", "</s>", "<pad>", "<|channel|>", "<|message|>", "<|start|>", "<|end|>"}
    tokenizer = tokenizer_of(replace(BASE, special=tuple(sorted(special))))
    text = f"<pad><s>{opens}{THOUGHT}{closes}{ANSWER}"
    tokens = tokenizer(text + "</s>", add_special_tokens=False).input_ids
    response = as_response(tokenizer, REQUEST, Rendered("?", [0]), tokens, tokens[-1:], ())
    assert (response.answer, response.finish_reason) == (ANSWER, "stop")
    assert response.text.startswith(opens + THOUGHT) and "<s>" not in response.text
    n_cut = tokens.index(tokens[-1]) - len(ANSWER) - 12
    cut = as_response(tokenizer, REQUEST, Rendered("?", [0]), tokens[:n_cut], tokens[-1:], ())
    assert cut.answer == "" and cut.finish_reason == "length"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_texts_of_policies_without_such_tokens_are_as_they_were(family):
    tokenizer = tokenizer_of(family)
    tokens = tokenizer(" ".join([*family.special, *family.added, " Zoë, 四 ."])).input_ids
    for n in range(len(tokens) + 1):
        assert spelled(tokenizer, tokens[:n]) == tokenizer.decode(
            tokens[:n], skip_special_tokens=True
        )


@pytest.mark.parametrize(("opens", "closes"), MARKS[:-1])
def test_vllm_is_told_the_marks_that_the_policy_has(opens, closes):
    tokenizer = tokenizer_of(replace(BASE, added=(opens, closes)))
    told = {"reasoning_start_str": opens, "reasoning_end_str": closes}
    assert _closes_thinking(tokenizer) == {"reasoning_config": told}
    assert _closes_thinking(tokenizer_of(BASE)) == {}


def test_brackets_and_channels_of_ordinary_texts_are_no_marks():
    text = "By [think] we mean \\[x\\] and <thin> of 3 > 2.\n\nThe answer is \\boxed{4}."
    assert answer_start("?", text) is None and extract_answer(text) == "4"
