"""The families of policies on vLLM, in this process and behind a server: hf_local's tokens,
greedily, and the same ends and stops.
"""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.model_servers import serve_policy
from engine.errors import SamplerError
from engine.models.tokens import end_tokens
from engine.models.weights import content_id
from engine.samplers.hf_local import HfSampler
from engine.samplers.openai_api import OpenAiSampler
from engine.types import Request, SamplingSettings
from tests.models.tiny_policies import FAMILIES, make

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make test-vllm"),
]

QUESTION = "What is 3 + 4?"


QUICK = ("base", "smollm2", "r1_distill")
families = pytest.mark.parametrize(
    "family",
    [f if f.name in QUICK else pytest.param(f, marks=pytest.mark.slow) for f in FAMILIES],
    ids=lambda f: f.name,
)


@families
def test_vllm_samples_the_tokens_of_hf_local_and_ends_where_it_ends(family, tmp_path):
    from engine.samplers.vllm_local import VllmSampler

    path = make(family, tmp_path / "policy")
    other = VllmSampler(path)
    try:
        assert_samples_like_hf_local(other, path, family)
    finally:
        other.close()


@families
def test_a_vllm_server_samples_the_tokens_of_hf_local_and_ends_where_it_ends(family, tmp_path):
    path = make(family, tmp_path / "policy")
    server = serve_policy(path, tmp_path / "log").wait()
    try:
        options = {"base_urls": [server.url], "policy_id": content_id(Path(path))}
        assert_samples_like_hf_local(OpenAiSampler(path, **options), path, family)
    finally:
        server.kill()


def test_thinking_is_closed_after_its_budget_and_no_other_sampler_takes_one(tmp_path):
    from engine.samplers.vllm_local import VllmSampler

    family = next(f for f in FAMILIES if f.name == "r1_distill")
    path = make(family, tmp_path / "policy")
    settings = SamplingSettings(1.0, 1.0, 40, chat=True, thinking_tokens=5)
    requests = [Request("p", i, i * 7919 + 1, QUESTION) for i in range(8)]
    with pytest.raises(SamplerError, match="sampling.thinking_tokens is 5, and hf_local cannot"):
        responses_of(HfSampler(path), requests, settings)
    sampler = VllmSampler(path)
    try:
        closes = sampler.tokenizer.convert_tokens_to_ids("</think>")
        for r in responses_of(sampler, requests, settings):
            assert closes in r.tokens[:7] or r.finish_reason == "stop"
    finally:
        sampler.close()


def assert_samples_like_hf_local(other, path: str, family) -> None:
    greedy = SamplingSettings(
        temperature=0.0, top_p=1.0, max_new_tokens=40, chat=family.chat, **family.settings
    )
    drawn = replace(greedy, temperature=1.0, top_k=50, min_p=0.001, repetition_penalty=1.05)
    requests = [Request("p", i, i * 7919 + 1, QUESTION) for i in range(16)]
    own = HfSampler(path)
    ends = end_tokens(own.model.generation_config, own.tokenizer, greedy)
    (here,) = responses_of(own, requests[:1], greedy)
    (there,) = responses_of(other, requests[:1], greedy)
    assert there == here
    for r in responses_of(other, requests, drawn):
        is_ended = r.tokens[-1] in ends
        assert r.finish_reason == ("stop" if is_ended else "length")
        assert not set(r.tokens[:-1]) & set(ends)
        text = own.tokenizer.decode(r.tokens, skip_special_tokens=True)
        assert r.text == text and r.n_tokens == len(r.tokens) - is_ended
    stop = here.text.encode("ascii", "ignore").decode()[:1] or "a"
    stopping = replace(greedy, stop=(stop,))
    assert responses_of(other, requests[:1], stopping) == responses_of(own, requests[:1], stopping)
    own.close()


def responses_of(sampler, requests, settings) -> list:
    return [r for batch in sampler.sample(requests, settings) for r in batch]
