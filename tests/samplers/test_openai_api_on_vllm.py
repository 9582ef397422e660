"""openai_api against real vLLM servers, one of them killed."""

from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from benchmarks.model_servers import serve_policy
from engine.errors import SamplerError
from engine.models.weights import content_id
from engine.samplers.completions import Completions
from engine.samplers.openai_api import OpenAiSampler
from engine.types import Request, SamplingSettings
from tests.small_runs import until
from tests.small_samples import GREEDY, POLICY, SAMPLED, drawn, perturbed

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make test-vllm"),
]


@pytest.fixture(scope="module")
def doomed(tmp_path_factory):
    """A server that tests may stop."""
    started = serve_policy(POLICY, tmp_path_factory.mktemp("doomed") / "log")
    yield started
    started.kill()


def served(*running, path: str = POLICY, **options) -> OpenAiSampler:
    return OpenAiSampler(
        path,
        base_urls=[server.url for server in running],
        policy_id=content_id(Path(path)),
        **options,
    )


def test_a_vllm_server_gives_the_sampled_tokens(servers, asked):
    tokenizer = AutoTokenizer.from_pretrained(POLICY)
    ended = 0
    for batch in served(servers[0]).sample(asked, SAMPLED):
        for r in batch:
            is_ended = r.tokens[-1] == tokenizer.eos_token_id
            assert r.n_tokens == len(r.tokens) - is_ended
            assert tokenizer.decode(r.tokens, skip_special_tokens=True) == r.text
            ended += is_ended
    assert ended


def test_a_vllm_server_killed_while_it_samples_loses_no_request(
    servers, doomed, asked, monkeypatch
):
    doomed.wait()
    alone = drawn(served(servers[0]), asked)
    running, in_flight, complete = Counter(), [], Completions.complete

    async def kill_at_the_first_answer(completions, url, policy, request):
        running[url] += 1
        try:
            response = await complete(completions, url, policy, request)
        finally:
            running[url] -= 1
        if url == doomed.url and not in_flight:
            in_flight.append(running[url])
            doomed.kill()
        return response

    monkeypatch.setattr(Completions, "complete", kill_at_the_first_answer)
    assert drawn(served(servers[0], doomed, batch_size=16), asked) == alone
    assert in_flight[0] > 0, "the server was killed when it had nothing to do"


def test_new_weights_are_sampled_from_the_server_that_serves_them_and_from_no_other(
    servers, doomed, asked, inline, tmp_path
):
    from engine.samplers.hf_local import HfSampler

    doomed.kill()
    path = perturbed(tmp_path / "policy")
    renewed = serve_policy(path, tmp_path / "log", port=doomed.port).wait()
    try:
        with pytest.raises(SamplerError, match=f"{renewed.url} serves {path}"):
            drawn(served(servers[0], renewed), asked)
        with pytest.raises(
            SamplerError, match=f"{servers[0].url} serves {POLICY}.* vllm serve {path}, and resume"
        ):
            drawn(served(servers[0], renewed, path=path), asked)
        fresh = HfSampler(path, device="cpu")
        once = asked[::8]
        assert (
            drawn(served(renewed, path=path), once, GREEDY)
            == drawn(fresh, once, GREEDY)
            != drawn(inline, once, GREEDY)
        )
    finally:
        renewed.kill()


def test_closing_early_makes_vllm_give_the_requests_up(servers, asked):
    long = SamplingSettings(temperature=1.0, top_p=1.0, max_new_tokens=400)
    many = [
        Request(r.problem_id, r.index + 8 * n, r.seed + n, r.prompt)
        for n in range(8)
        for r in asked
    ]
    before = servers[0].metric("request_success_total")
    stream = served(servers[0], batch_size=16).sample(many, long)
    next(stream)
    stream.close()
    unfinished = ("num_requests_running", "num_requests_waiting")
    until(lambda: not any(map(servers[0].metric, unfinished)), "an idle server", deadline_s=30)
    until(
        lambda: servers[0].metric("request_success_total") > before,
        "the count of what was finished",
        deadline_s=30,
    )
    assert servers[0].metric("request_success_total") - before < len(many)
