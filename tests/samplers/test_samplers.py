"""One suite for every sampler of a policy, run on the starter policy, and the nucleus against a
plain loop.
"""

import os
import signal
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SamplerError, WorkerDied
from engine.models.weights import content_id
from engine.placement import Backend, Workers
from engine.samplers.choosing import keep_nucleus
from engine.samplers.hf_local import HfSampler
from engine.types import Request
from tests.small_samples import GREEDY, POLICY, SAMPLED, drawn, key, perturbed

WITHOUT_VLLM = "vLLM is not installed: make test-vllm"

on_vllm = [pytest.mark.vllm, pytest.mark.skipif(find_spec("vllm") is None, reason=WITHOUT_VLLM)]
on_ray = [
    pytest.mark.ray,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: make test-ray"),
]

NAMES = [
    "hf_local",
    pytest.param("vllm_local", marks=on_vllm),
    pytest.param("openai_api", marks=on_vllm),
    pytest.param("ray_pool", marks=on_ray),
]
LOADS = ("hf_local", "vllm_local", "ray_pool")
"""Those that load the policy themselves."""

URLS: list[str] = []
"""Where openai_api's two servers are, once a test wants them."""


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    if request.param == "openai_api":
        URLS[:] = [server.url for server in request.getfixturevalue("servers")]
    return request.param


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    placement = Workers(tmp_path_factory.mktemp("logs"))
    yield placement
    placement.release()


@pytest.fixture(scope="module")
def sampler(name, workers):
    """The backend with room for all requests at once, in a child of its own; those used later load
    meanwhile.
    """
    opened = workers.get(backend(name, 256))
    if name == "vllm_local":
        workers.get(backend(name, 7)), workers.get(backend(name, 1))
    return opened


@pytest.fixture(scope="module")
def texts(sampler, asked):
    """What the 64 requests give when they are sampled side by side, by (problem id, index)."""
    return drawn(sampler, asked)


def backend(name: str, batch_size: int, path: str = POLICY) -> Backend:
    options = {
        "openai_api": {"base_urls": URLS, "policy_id": content_id(Path(path))},
        "ray_pool": {"trust_remote_code": False, "n_engines": 2 if batch_size == 7 else 1},
    }
    return Backend(
        name, path, {"batch_size": batch_size, **options.get(name, {"trust_remote_code": False})}
    )


def one(sampler, prompt: str, settings=GREEDY):
    ((response,),) = sampler.sample([Request("p", 0, 2**64 - 1, prompt)], settings)
    return response


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_every_request_is_answered_once_and_responses_to_one_problem_differ(texts, asked):
    assert len(texts) == len(asked) == 64
    for problem in range(8):
        assert len({texts[f"p{problem}", index] for index in range(8)}) > 1


def test_the_starter_policy_ends_its_responses_by_itself_and_the_end_is_not_counted(
    sampler, asked, inline
):
    responses = [
        r
        for batch in sampler.sample(asked[:16], replace(GREEDY, max_new_tokens=200))
        for r in batch
    ]
    assert {r.finish_reason for r in responses} == {"stop"}
    for r in responses:
        assert "\\boxed{" in r.text
        assert r.n_tokens == len(inline.tokenizer(r.text, add_special_tokens=False).input_ids)


def test_a_response_does_not_depend_on_the_batch_size_or_the_order_of_the_requests(
    name, workers, texts, asked
):
    sampler = workers.get(backend(name, 7))
    assert drawn(sampler, asked) == texts
    assert drawn(sampler, asked[::-1]) == texts


def test_a_response_sampled_alone_is_the_one_sampled_among_others(name, workers, texts, asked):
    is_hf = name in ("hf_local", "ray_pool")
    alone = (
        HfSampler(POLICY, batch_size=1, device="cpu") if is_hf else workers.get(backend(name, 1))
    )
    assert drawn(alone, asked[::4]) == {key(r): texts[key(r)] for r in asked[::4]}


def test_a_killed_worker_is_an_error_and_the_next_one_is_fresh(name, workers, texts, asked):
    killed = workers.get(backend(name, 7))
    stream = killed.sample(asked, SAMPLED)
    next(stream)
    os.kill(killed.pid, signal.SIGKILL)
    with pytest.raises(WorkerDied, match=f"worker for {name} ended unexpectedly"):
        list(stream)
    fresh = workers.get(backend(name, 7))
    assert fresh is not killed
    assert drawn(fresh, asked[:8]) == {key(r): texts[key(r)] for r in asked[:8]}


def test_closing_early_leaves_no_process_and_the_rest_comes_out_the_same(
    name, workers, sampler, texts, asked
):
    stopped = workers.get(backend(name, 7))
    stream = stopped.sample(asked, SAMPLED)
    had = {key(r): r.text for r in next(stream)}
    stream.close()
    assert 0 < len(had) < 64
    assert not is_running(stopped.pid)
    rest = drawn(sampler, [r for r in asked if key(r) not in had])
    assert had | rest == texts


def test_more_prompt_tokens_than_one_step_takes_are_all_read(name, workers, sampler, asked):
    long = [
        Request(r.problem_id, r.index, r.seed, f"{n} " + 4 * r.prompt) for n, r in enumerate(asked)
    ]
    assert sum(len(r.prompt.split()) for r in long) > 4096
    few = replace(SAMPLED, max_new_tokens=10)
    assert drawn(sampler, long, few) == drawn(workers.get(backend(name, 7)), long, few)


@pytest.mark.parametrize("prompt", ["", "cups " * 600], ids=["empty", "longer than the context"])
def test_a_prompt_that_cannot_be_read_is_refused(sampler, prompt):
    response = one(sampler, prompt)
    assert (response.finish_reason, response.text, response.n_tokens) == ("refused", "", 0)


def test_a_refused_prompt_does_not_keep_others_from_their_answer(sampler, asked):
    batches = sampler.sample([Request("long", 0, 1, "cups " * 600), *asked[:3]], GREEDY)
    reasons = {key(r): r.finish_reason for batch in batches for r in batch}
    assert reasons == {
        ("long", 0): "refused",
        ("p0", 0): "stop",
        ("p0", 1): "stop",
        ("p0", 2): "stop",
    }


def test_the_token_limit_and_the_end_of_the_context_cut_a_response(sampler, asked, inline):
    short = one(sampler, asked[0].prompt, replace(GREEDY, max_new_tokens=5))
    assert (short.finish_reason, short.n_tokens) == ("length", 5)
    words = "On Monday Sam has 5 cups. " * 100
    prompt = inline.tokenizer.decode(inline.tokenizer(words).input_ids[: inline.n_positions - 3])
    room = inline.n_positions - len(inline.tokenizer(prompt).input_ids)
    assert 0 < room < 10
    full = one(sampler, prompt, replace(GREEDY, max_new_tokens=200))
    assert (full.finish_reason, full.n_tokens) == ("length", room)


def test_a_prompt_may_hold_any_character(sampler, inline):
    prompt = "Zoë has 3 🍎 and ½ of 四. How many?\n"
    assert one(sampler, prompt).text == one(inline, prompt).text


def test_greedy_responses_are_those_of_transformers_in_this_process(sampler, inline, asked):
    once = asked[::8]
    assert drawn(sampler, once, GREEDY) == drawn(inline, once, GREEDY)


def test_a_path_without_a_policy_is_an_error_in_words(name, workers, tmp_path):
    if name not in LOADS:
        pytest.skip("opens no folder")
    with pytest.raises(
        SamplerError,
        match=r"policy at .*nowhere could not be loaded .* Give a folder with config\.json",
    ):
        list(workers.get(backend(name, 7, str(tmp_path / "nowhere"))).sample([], SAMPLED))


def test_new_weights_under_another_path_are_what_is_sampled_or_refused(
    name, workers, sampler, asked, tmp_path
):
    path = perturbed(tmp_path / "policy")
    once = asked[::8]
    if name not in LOADS:
        with pytest.raises(
            SamplerError,
            match=(
                f"serves {POLICY}, and what is to be asked is the policy {content_id(Path(path))}"
            ),
        ):
            drawn(workers.get(backend(name, 256, path)), once, GREEDY)
        return
    new = drawn(workers.get(backend(name, 256, path)), once, GREEDY)
    fresh = HfSampler(path, device="cpu")
    assert new == drawn(fresh, once, GREEDY) != drawn(sampler, once, GREEDY)
    fresh.close()


def test_sampling_in_this_process_gives_the_texts_of_a_worker(workers, inline, asked):
    assert drawn(inline, asked) == drawn(workers.get(backend("hf_local", 256)), asked)


@given(st.lists(st.integers(0, 9), max_size=7), st.integers(1, 128))
def test_the_nucleus_is_the_smallest_set_of_most_probable_tokens_that_reaches_top_p(weights, top_p):
    import torch

    probabilities = (
        np.array([*weights, 64 - sum(weights)]) / 64
    )  # 64ths add up without rounding, so ties are exact
    kept = keep_nucleus(torch.tensor(probabilities[None]), top_p / 128)[0].numpy()
    expected, mass = np.zeros(len(probabilities)), 0.0
    for token in sorted(range(len(probabilities)), key=lambda t: (-probabilities[t], t)):
        if mass >= top_p / 128:
            break
        expected[token] = probabilities[token]
        mass += probabilities[token]
    np.testing.assert_array_equal(kept, expected)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=6), st.floats(0.01, 0.999))
def test_no_nucleus_is_empty_and_the_rows_of_a_batch_do_not_touch_each_other(weights, top_p):
    import torch

    rows = torch.tensor([weights, weights[::-1]], dtype=torch.float64)
    rows /= rows.sum(-1, keepdim=True)
    both = keep_nucleus(rows, top_p)
    assert (both.sum(-1) > 0).all()
    for row in (0, 1):
        assert torch.equal(both[row], keep_nucleus(rows[row : row + 1], top_p)[0])


def test_tokens_and_running_responses_are_counted_while_responses_are_drawn(asked):
    sampler = HfSampler(POLICY, batch_size=16, device="cpu")
    assert sampler.in_flight is None
    stream = sampler.sample(asked, SAMPLED)
    first = next(stream)
    at = sampler.in_flight
    assert 0 <= at.n_responses <= 16 and at.n_tokens >= sum(len(r.tokens) for r in first)
    stream.close()
    assert sampler.in_flight is None
    sampler.close()
