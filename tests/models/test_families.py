"""What is sampled is what is graded and what is trained, token for token, for the families of
policies that people train.
"""

import re
from dataclasses import replace

import pytest

from engine.config import TrainingConfig
from engine.errors import SamplerError
from engine.events import PolicySaved
from engine.models.tokens import answer_start, end_tokens, render, template_end
from engine.samplers.hf_local import HfSampler
from engine.training import TrainingTask
from engine.training.dpo import DpoTrainer
from engine.training.sft import SftTrainer
from engine.types import Preference, Request, SamplingSettings, Worked
from tests.models.tiny_policies import FAMILIES, WITHOUT_END, make

QUESTION = "What is 3 + 4?"
SOLUTION = "3 + 4 = 7.\n\nThe answer is \\boxed{7}."


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    made: dict[str, str] = {}

    def policy(family) -> str:
        if family.name not in made:
            made[family.name] = make(family, tmp_path_factory.mktemp(family.name))
        return made[family.name]

    return policy


def settings_of(family, **changed) -> SamplingSettings:
    return SamplingSettings(
        **{
            "temperature": 1.0,
            "top_p": 1.0,
            "max_new_tokens": 60,
            "chat": family.chat,
            **family.settings,
            **changed,
        }
    )


def sampled(path: str, settings: SamplingSettings, n: int = 24):
    sampler = HfSampler(path)
    requests = [Request("p", i, i * 7919 + 1, QUESTION) for i in range(n)]
    responses = [r for batch in sampler.sample(requests, settings) for r in batch]
    sampler.close()
    return responses


def trained_rows(trainer, path: str, rows, settings: SamplingSettings, tmp_path) -> list[dict]:
    """What the trainer would read, row by row."""
    seen: list[dict] = []

    class Looking(trainer):
        def build(self, task, shared, *, train_dataset, **parts):
            seen.extend(train_dataset.to_list())
            raise RuntimeError("seen")

    task = TrainingTask(
        path,
        rows,
        TrainingConfig(max_length=512),
        0,
        str(tmp_path / "w"),
        str(tmp_path / "p"),
        settings,
    )
    with pytest.raises(Exception, match="seen"):
        list(Looking().train(task, lambda: False))
    return seen


families = pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)


@families
def test_the_sampled_tokens_are_the_graded_text_and_the_trained_tokens(family, policies, tmp_path):
    path, settings = policies(family), settings_of(family)
    responses = sampled(path, settings)
    tokenizer = HfSampler(path).tokenizer
    ends = end_tokens(HfSampler(path).model.generation_config, tokenizer, settings)
    prompt = render(tokenizer, [QUESTION], settings)[QUESTION]
    for r in responses:
        is_ended = r.tokens[-1] in ends
        assert r.finish_reason == ("stop" if is_ended else "length")
        assert not set(r.tokens[:-1]) & set(ends), "sampling went on behind an end token"
        own = r.tokens[:-1] if is_ended else r.tokens
        assert tokenizer.decode(own, skip_special_tokens=True) == r.text and r.n_tokens == len(own)
    right, wrong = responses[:2]
    pair = Preference(
        "p", QUESTION, right.text, wrong.text, 0, 1, 1.0, 0.0, right.tokens, wrong.tokens
    )
    [row] = trained_rows(DpoTrainer, path, [pair], settings, tmp_path)
    assert row["prompt_ids"] == prompt.ids
    assert tuple(row["chosen_ids"]) == right.tokens and tuple(row["rejected_ids"]) == wrong.tokens


@families
def test_a_prompt_begins_with_one_begin_token_also_where_the_text_spells_it(family, policies):
    sampler = HfSampler(policies(family))
    tokenizer, bos = sampler.tokenizer, sampler.tokenizer.bos_token_id
    ids = render(tokenizer, [QUESTION], settings_of(family))[QUESTION].ids
    assert ids.count(bos) == (bos is not None)
    if not family.chat and bos is not None:
        spelled = tokenizer.bos_token + QUESTION
        assert render(tokenizer, [spelled], settings_of(family))[spelled].ids == ids


@families
def test_a_text_without_tokens_gets_the_one_end_token_that_ends_a_turn(family, policies, tmp_path):
    path = policies(family)
    rows = [Worked("p", QUESTION, SOLUTION), Worked("q", QUESTION, SOLUTION, is_cut=True)]
    whole, cut = trained_rows(SftTrainer, path, rows, settings_of(family), tmp_path)
    tokenizer = HfSampler(path).tokenizer
    ids = [t for t, own in zip(whole["input_ids"], whole["completion_mask"]) if own]
    assert tokenizer.convert_ids_to_tokens(ids[-1]) == family.turn_end
    assert tokenizer.decode(ids[:-1], skip_special_tokens=False) == SOLUTION
    assert cut["input_ids"] == whole["input_ids"][:-1]


@families
def test_what_the_files_and_the_template_name_ends_a_response(family, policies):
    sampler = HfSampler(policies(family))
    tokenizer = sampler.tokenizer
    ends = end_tokens(sampler.model.generation_config, tokenizer, settings_of(family))
    named = {*family.ends, family.eos, family.turn_end}
    assert set(tokenizer.convert_ids_to_tokens(ends)) == named and len(ends) == len(named)
    if family.chat:
        assert tokenizer.convert_ids_to_tokens(template_end(tokenizer)) == family.turn_end


@families
def test_a_stop_string_ends_a_response_before_it_and_keeps_the_tokens(family, policies):
    settings = settings_of(family)
    free = sampled(policies(family), settings)
    stop = re.findall(r"[!-~]{2}", "".join(r.text + " " for r in free))[0]
    stopped = {r.index: r for r in sampled(policies(family), replace(settings, stop=(stop,)))}
    for before in free:
        r = stopped[before.index]
        assert before.text.startswith(r.text) and before.tokens[: len(r.tokens)] == r.tokens
        assert r.text == before.text.split(stop)[0]


@families
def test_a_policy_that_learnt_one_worked_solution_says_it_back_whole(family, policies, tmp_path):
    thinks = "</think>" in family.added and family.settings.get("thinking") != "off"
    solution = SOLUTION
    if thinks:
        opens = "" if family.name == "r1_distill" else "<think>\n"
        solution = f"{opens}3 and 4 more\n</think>\n\n{SOLUTION}"
    config = TrainingConfig(
        method="sft",
        learning_rate=5e-3,
        batch_size=1,
        micro_batch_size=1,
        n_epochs=200,
        max_length=256,
        warmup_share=0.0,
    )
    settings = settings_of(family, temperature=0.0, max_new_tokens=120)
    task = TrainingTask(
        policies(family),
        [Worked("p", QUESTION, solution)],
        config,
        0,
        str(tmp_path / "work"),
        str(tmp_path / "made"),
        settings,
    )
    *_, saved = SftTrainer().train(task, lambda: False)
    assert isinstance(saved, PolicySaved)
    [said] = sampled(saved.path, settings, n=1)
    assert (said.text, said.finish_reason) == (solution, "stop")
    assert said.answer.strip() == SOLUTION


def test_a_policy_without_an_end_token_is_refused_and_works_with_a_stop_string(policies):
    path, settings = policies(WITHOUT_END), settings_of(WITHOUT_END)
    with pytest.raises(SamplerError, match=r"eos_token_id.*sampling\.stop"):
        sampled(path, settings)
    assert len(sampled(path, replace(settings, stop=("a",)), n=4)) == 4


def test_a_system_prompt_is_refused_where_the_template_has_no_such_role(policies):
    by_name = {family.name: family for family in FAMILIES}
    for name in ("gemma", "mistral"):
        family = by_name[name]
        with pytest.raises(SamplerError, match="policy.system is set"):
            sampled(policies(family), settings_of(family, system="Be brief."), n=1)
    tokenizer = HfSampler(policies(by_name["smollm2"])).tokenizer
    read = render(tokenizer, [QUESTION], settings_of(by_name["smollm2"]))[QUESTION]
    assert "Be brief." in read.text


def test_a_thinking_switch_is_refused_where_the_template_has_none(policies):
    family = FAMILIES[0]
    with pytest.raises(SamplerError, match="policy.thinking"):
        sampled(policies(family), settings_of(family, thinking="off"), n=1)


@pytest.mark.parametrize(
    ("prompt", "text", "answer"),
    [
        ("?", "4", "4"),
        ("?<think>\n", "1 + 3</think>4", "4"),
        ("?", "<think>a</think>b</think>4", "4"),
        ("?<think>\n", "I never stop", ""),
        ("?<think>\n\n</think>\n\n", "4", "4"),
        ("?", "5</think>4", "4"),
        ("?<think>\n", "5</think>4\nUser: ?\n<think>6</think>7", "4\nUser: ?\n<think>6</think>7"),
        ("?", "4\nUser: ?\n<think>6</think>7", "4\nUser: ?\n<think>6</think>7"),
    ],
)
def test_the_answer_is_what_stands_behind_the_thinking(prompt, text, answer):
    assert text[answer_start(prompt, text) or 0 :] == answer
