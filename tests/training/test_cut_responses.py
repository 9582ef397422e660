"""Which responses a training that draws takes for cut: those at the token limit, and no others.
Random weights of a tiny policy, one step.
"""

from dataclasses import replace

import pytest

from engine.training.generating import Vllm
from engine.types import Request, SamplingSettings
from tests.models.tiny_policies import FAMILIES, make, tokenizer_of
from tests.training.small_draws import TRAINERS, drawn, task
from tests.training.small_trainings import steps

BASE_IN_CHAT = next(family for family in FAMILIES if family.name == "qwen2.5_base_in_chat")
FREE = SamplingSettings(temperature=1.0, top_p=1.0, max_new_tokens=150)


def looking(method: str, seen: list):
    """A trainer that keeps what TRL made of each step's draws."""

    class Looking(TRAINERS[method]):
        def drawn_by(self, trainer, task):
            class Seen(super().drawn_by(trainer, task)):
                def _generate_and_score_completions(self, inputs):
                    scored = super()._generate_and_score_completions(inputs)
                    seen.append(scored["completion_mask"])
                    return scored

            return Seen

    return Looking()


@pytest.mark.parametrize("method", ["grpo", "rloo"])
@pytest.mark.parametrize(
    "settings",
    [replace(FREE, chat=True), replace(FREE, stop=("a", "Z")), replace(FREE, stop=("<|im_end|>",))],
    ids=["the template's turn end", "stop strings", "a token as a stop string"],
)
def test_only_what_ended_at_the_token_limit_is_cut(tmp_path, method, settings):
    path = make(BASE_IN_CHAT, tmp_path / "policy")
    changed = {"batch_size": 16, "max_length": 250, "mask_truncated": True}
    told = task(tmp_path, method, n=4, reward_model=None, **changed)
    draws = replace(told.draws, prompts=dict.fromkeys(told.draws.prompts, "What is 3 + 4?"))
    told = replace(told, policy_path=path, settings=settings, draws=draws)
    masks: list = []
    events = list(looking(method, masks).train(told, lambda: False))
    [event], [mask], [step] = drawn(events), masks, steps(events)
    is_cut = [draw.response.finish_reason == "length" for draw in event.draws]
    assert 0 < sum(is_cut) < len(is_cut), "the test needs both"
    assert step.values["completions/clipped_ratio"] == pytest.approx(sum(is_cut) / len(is_cut))
    n_tokens = [0 if cut else len(d.response.tokens) for cut, d in zip(is_cut, event.draws)]
    assert mask.sum(1).tolist() == n_tokens


def test_what_vllm_draws_ends_as_what_our_own_sampler_draws(tmp_path):
    family = BASE_IN_CHAT
    tokenizer = tokenizer_of(family)
    told = replace(task(tmp_path, generation="vllm_colocate"), settings=replace(FREE, stop=("Q:",)))
    vllm = Vllm(told, tokenizer)
    written = tokenizer("4\nQ: 5", add_special_tokens=False).input_ids
    vllm.ask = lambda prompts: ([list(written)], [[-0.5] * len(written)])

    class Model:
        class generation_config:
            eos_token_id = tokenizer.eos_token_id

    [response] = vllm(Model(), [Request("p", 0, 1, "?")])
    assert (response.text, response.finish_reason) == ("4\n", "stop")
    assert tokenizer.decode(response.tokens) == "4\nQ:"
    assert len(vllm.log_probabilities["p", 0]) == len(response.tokens)


def test_vllm_is_told_every_end_that_we_know(tmp_path):
    path = make(BASE_IN_CHAT, tmp_path / "policy")
    asked: list[dict] = []

    class Looking(TRAINERS["grpo"]):
        def build(self, task, shared, **parts):
            asked.append(self.arguments(task, shared))
            raise RuntimeError("seen")

    told = task(tmp_path, generation="vllm_colocate", reward_model=None, max_length=250)
    draws = replace(told.draws, prompts=dict.fromkeys(told.draws.prompts, "What is 3 + 4?"))
    settings = replace(FREE, chat=True, stop=("Q:",))
    with pytest.raises(Exception, match="seen"):
        told = replace(told, policy_path=path, settings=settings, draws=draws)
        list(Looking().train(told, lambda: False))
    known = tokenizer_of(BASE_IN_CHAT).get_vocab()
    ends = [known["<|endoftext|>"], known["<|im_end|>"]]
    assert asked[0]["generation_kwargs"] == {"stop_token_ids": ends, "stop": ["Q:"]}
