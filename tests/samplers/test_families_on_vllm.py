"""The families of policies on vLLM: hf_local's tokens, greedily, and the same ends and stops."""

from dataclasses import replace
from importlib.util import find_spec

import pytest

from engine.models.tokens import end_tokens
from engine.samplers.hf_local import HfSampler
from engine.types import Request, SamplingSettings
from tests.models.tiny_policies import FAMILIES, make

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make test-vllm"),
]

QUESTION = "What is 3 + 4?"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_vllm_samples_the_tokens_of_hf_local_and_ends_where_it_ends(family, tmp_path):
    from engine.samplers.vllm_local import VllmSampler

    path = make(family, tmp_path / "policy")
    greedy = SamplingSettings(
        temperature=0.0, top_p=1.0, max_new_tokens=40, chat=family.chat, **family.settings
    )
    drawn = replace(greedy, temperature=1.0, top_k=50, min_p=0.001, repetition_penalty=1.05)
    requests = [Request("p", i, i * 7919 + 1, QUESTION) for i in range(16)]
    own, other = HfSampler(path), VllmSampler(path)
    try:
        ends = end_tokens(own.model.generation_config, own.tokenizer, greedy)
        (here,) = own_responses(own, requests[:1], greedy)
        (there,) = own_responses(other, requests[:1], greedy)
        assert there == here
        for r in own_responses(other, requests, drawn):
            is_ended = r.tokens[-1] in ends
            assert r.finish_reason == ("stop" if is_ended else "length")
            assert not set(r.tokens[:-1]) & set(ends)
            text = own.tokenizer.decode(r.tokens, skip_special_tokens=True)
            assert r.text == text and r.n_tokens == len(r.tokens) - is_ended
        stop = here.text.encode("ascii", "ignore").decode()[:1] or "a"
        stopping = replace(greedy, stop=(stop,))
        assert own_responses(other, requests[:1], stopping) == own_responses(
            own, requests[:1], stopping
        )
    finally:
        other.close()
        own.close()


def own_responses(sampler, requests, settings) -> list:
    return [r for batch in sampler.sample(requests, settings) for r in batch]
