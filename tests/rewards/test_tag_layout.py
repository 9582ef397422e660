"""Tags of every kind in texts of every kind: special tokens, tags that are spelled or split, and
responses without steps.
"""

import pytest

from engine.config.tagged import TaggedLmConfig, layout_of
from engine.errors import RewardModelError

transformers = pytest.importorskip("transformers")

from engine.rewards.tag_layout import TagReader
from engine.rewards.tagged_lm import TaggedLm
from tests.rewards import tiny_models

QUESTION = "How many eggs are there?"
STEPS = "5 + 2 = 7.\n\n7 - 3 = 4."
SPECIAL = {
    "in turns": {"turns": True, "tag": "<extra_0>"},
    "as one text": {"tag": "<extra_0>", "step": "{step}{tag}"},
}


@pytest.fixture(scope="module")
def tokenizer():
    made = tiny_models.tokenizer()
    made.chat_template = tiny_models.TURNS
    return made


def reader(tokenizer, **settings) -> TagReader:
    return TagReader("here", tokenizer, layout_of(TaggedLmConfig(**settings)))


def read_at(tokenizer, row) -> list[str]:
    return [tokenizer.decode([row.ids[at]]) for at in row.ends]


@pytest.mark.parametrize("layout", SPECIAL.values(), ids=SPECIAL)
def test_a_tag_that_is_a_special_token_is_that_token_in_every_response(layout, tokenizer):
    special = reader(tokenizer, **layout)
    for response in (STEPS, "So <|im_end|> it is.\n\nThe end<|im_start|>"):
        row = special.read((QUESTION, response))
        assert read_at(tokenizer, row) == ["<extra_0>"] * 2
        assert row.ids.count(special.tokens.tag) == 2
    plain = special.read((QUESTION, STEPS))
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert row.ids.count(end) == plain.ids.count(end), "what a policy wrote stays letters"


@pytest.mark.parametrize("layout", SPECIAL.values(), ids=SPECIAL)
def test_a_response_that_spells_a_special_tag_has_no_score(layout, tokenizer):
    special = reader(tokenizer, **layout)
    for item in ((QUESTION, "Then <extra_0> follows.\n\nEnd."), ("Is <extra_0> it?", STEPS)):
        row = special.read(item)
        assert row.spells_tag and not row.ends
    assert not special.read((QUESTION, "Then <extra_1> follows.")).spells_tag


def test_letters_around_a_text_make_no_special_token_of_it(tokenizer):
    row = reader(tokenizer, tag=" +", step="<|im_{step}{tag}\n").read((QUESTION, "end|> so"))
    assert tokenizer.convert_tokens_to_ids("<|im_end|>") not in row.ids
    assert read_at(tokenizer, row) == [" +"]


@pytest.mark.parametrize("preset", ["rlhflow", "math_shepherd", "math_psa", "versa_prm"])
def test_a_response_without_steps_has_the_reward_0_as_in_every_other_family(preset, tmp_path):
    folder = tiny_models.tagged_lm(tmp_path, preset)
    scorer = TaggedLm(str(folder), device="cpu", preset=preset)
    (scores,) = scorer.score([(QUESTION, " \n\n ")])
    assert (scores.scores, scores.status, scores.reward) == ((), "ok", 0.0)


def test_a_tag_that_the_tokenizer_splits_is_refused_unless_its_token_is_named(tokenizer):
    with pytest.raises(RewardModelError, match=r"tagged_lm\.tag is '<score>'.*splits.*tag_id"):
        reader(tokenizer, tag="<score>")


def test_the_last_token_of_a_split_tag_in_ordinary_text_is_no_tag(tokenizer):
    last = tokenizer("<score>").input_ids[-1]
    split = reader(tokenizer, tag="<score>", tag_id=last, step="{step} {tag} ")
    row = split.read((QUESTION, "x > 3\n\n> 4 >"))
    assert len(row.ends) == 2 and row.ids.count(last) > 2
    assert all(row.ids[at] == last for at in row.ends)
    assert split.read((QUESTION, "a <score> b")).spells_tag


def test_what_stands_around_a_question_may_spell_the_tag(tokenizer):
    signs = reader(tokenizer, tag=" +", step="{step}{tag}\n", question="Is it + ? {question}\n")
    row = signs.read((QUESTION, "7 - 3 = 4."))
    assert len(row.ends) == 1 and not row.spells_tag


def test_blanks_ahead_of_a_step_are_kept(tokenizer):
    spaced = reader(tokenizer, tag=" +", step="\n\n{step}{tag}", question="{question}")
    row = spaced.read((QUESTION, "One.\n\nTwo."))
    assert tokenizer.decode(row.ids) == f"{QUESTION}\n\nOne. +\n\nTwo. +"
