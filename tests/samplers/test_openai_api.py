"""What openai_api asks of a server, and what it makes of the answers."""

import threading
from collections import Counter

import pytest

from engine.errors import SamplerError
from engine.models.tokens import end_tokens, load_tokenizer, render
from engine.types import InFlight, Request, SamplingSettings
from tests.models.tiny_policies import FAMILIES, make
from tests.samplers.scripted_servers import (
    ID,
    REQUESTS,
    SETTINGS,
    completed,
    listed,
    refusing,
    sampler,
    scripted,
    well,
)
from tests.small_samples import drawn, key

pytestmark = pytest.mark.usefixtures("short_pauses")

QWEN3, R1 = (f for f in FAMILIES if f.name in ("qwen3_thinking", "r1_distill"))


def test_every_request_is_one_completion_with_its_own_seed():
    seen = []

    def answer(path, body, headers):
        seen.append((path, body))
        return well(path, body, headers)

    with scripted(answer) as url:
        texts = drawn(sampler(url), REQUESTS, SETTINGS)
    assert texts == {key(r): f"{r.prompt} {r.seed % 2**63}" for r in REQUESTS}
    assert {path for path, _ in seen} == {"/v1/models", "/v1/completions"}
    _, body = seen[-1]
    assert (body["model"], body["temperature"], body["top_p"], body["max_tokens"], body["n"]) == (
        ID,
        1.0,
        0.95,
        16,
        1,
    )
    assert "top_k" not in body, "a setting that only vLLM knows"


def test_greedy_requests_have_no_seed_and_chat_goes_to_chat_completions():
    def answer(path, body, headers):
        if path.endswith("/models"):
            return listed()
        assert (
            "seed" not in body
            and path == "/v1/chat/completions"
            and body["messages"] == [{"role": "user", "content": ""}]
        )
        return 200, {"choices": [{"message": {"content": "hello"}, "finish_reason": "length"}]}

    with scripted(answer) as url:
        batches = sampler(url).sample(
            [Request("p", 0, 1, "")], SamplingSettings(0.0, 1.0, 16, chat=True)
        )
        ((response,),) = batches
    assert (response.text, response.finish_reason, response.n_tokens) == ("hello", "length", 0)


def test_a_vllm_server_reads_our_tokens_and_the_response_is_made_of_its_own(tmp_path):
    path = make(R1, tmp_path / "policy")
    tokenizer, generation_config = load_tokenizer(path, trust_remote_code=False)
    settings = SamplingSettings(1.0, 1.0, 300, chat=True)
    read = render(tokenizer, ["?"], settings)["?"]
    (end,) = end_tokens(generation_config, tokenizer, settings)
    written = [*tokenizer("6 * 7</think>42", add_special_tokens=False).input_ids, end]

    def answer(path, body, headers):
        if path.endswith("/models"):
            return 200, {"data": [{"id": ID, "owned_by": "vllm", "max_model_len": 256}]}
        assert path == "/v1/completions" and body["prompt"] == read.ids
        assert body["stop_token_ids"] == [end] and body["ignore_eos"] is True
        assert (body["top_k"], body["max_tokens"]) == (0, 256 - len(read.ids))
        choice = {"text": "not read", "finish_reason": "stop", "token_ids": written}
        return 200, {"choices": [choice]}

    with scripted(answer) as url:
        asked = sampler(url, folder=path)
        ((response,),) = asked.sample([Request("p", 0, 1, "?")], settings)
        ((refused,),) = asked.sample([Request("p", 0, 1, 300 * "?")], settings)
    assert (response.text, response.answer) == ("6 * 7</think>42", "42")
    assert response.tokens == tuple(written) and response.n_tokens == len(written) - 1
    assert refused.finish_reason == "refused"


def test_reasoning_taken_out_is_put_back_as_the_template_opened_it(tmp_path):
    message = {"content": "42", "reasoning_content": "6 * 7"}

    def answers(path, body, headers):
        if path.endswith("/models"):
            return listed()
        return 200, {"choices": [{"message": message, "finish_reason": "stop"}]}

    for family, text in ((R1, "6 * 7</think>42"), (QWEN3, "<think>6 * 7</think>42")):
        folder = make(family, tmp_path / family.name)
        settings = SamplingSettings(chat=True, **family.settings)
        with scripted(answers) as url:
            batches = sampler(url, folder=folder).sample([Request("p", 0, 1, "?")], settings)
            ((response,),) = batches
        assert (response.text, response.answer) == (text, "42")


@pytest.mark.parametrize(
    ("message", "text", "answer"),
    [
        ({"content": [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}]}, "42", "42"),
        ({"content": None}, "", ""),
    ],
    ids=["parts", "nothing"],
)
def test_a_chat_answer_is_one_text(message, text, answer):
    def answers(path, body, headers):
        if path.endswith("/models"):
            return listed()
        assert body["messages"][0] == {"role": "system", "content": "Be brief."}
        assert body["stop"] == ["\n\n"] and body["top_k"] == 20
        return 200, {"choices": [{"message": message, "finish_reason": "stop"}]}

    settings = SamplingSettings(chat=True, system="Be brief.", stop=("\n\n",), top_k=20)
    with scripted(answers) as url:
        ((response,),) = sampler(url).sample([Request("p", 0, 1, "?")], settings)
    assert (response.text, response.answer, response.tokens) == (text, answer, None)


def test_no_more_requests_are_in_flight_than_the_batch_size_and_both_servers_work():
    lock, running, most, per_server = threading.Lock(), Counter(), Counter(), Counter()
    samplers, at = [], []
    both_busy = threading.Barrier(4, action=lambda: at.append(samplers[0].in_flight))

    def answer(path, body, headers):
        if path.endswith("/models"):
            return listed()
        with lock:
            running["now"] += 1
            most["seen"] = max(most["seen"], running["now"])
            per_server[headers["Host"]] += 1
        both_busy.wait(30)
        with lock:
            running["now"] -= 1
        return completed(body)

    with scripted(answer) as one, scripted(answer) as other:
        samplers.append(sampler(one, other, batch_size=4))
        assert len(drawn(samplers[0], REQUESTS, SETTINGS)) == 40
    assert most["seen"] == 4
    assert set(at) == {InFlight(4, None)} and samplers[0].in_flight is None
    assert set(per_server.values()) == {20}


def test_a_request_that_is_wrong_is_an_error_with_the_servers_sentence_capped_and_inert():
    said = {"error": {"message": "temperature\x1b[31m is <b>bad</b> " + 1000 * "x"}}
    with scripted(refusing(400, said)) as url, pytest.raises(SamplerError) as raised:
        list(sampler(url).sample(REQUESTS, SETTINGS))
    told = str(raised.value)
    assert told.startswith(f'{url} refused a request with 400, "temperature [31m is <b>bad</b> xxx')
    assert len(told) < 500 and told.isprintable()


def test_a_prompt_that_does_not_fit_is_refused_and_the_others_are_answered():
    def answer(path, body, headers):
        too_long = body.get("prompt") == "question 3"
        said = {
            "error": {"message": "This model's maximum context length is 512 tokens.", "code": 400}
        }
        return (400, said) if too_long else well(path, body, headers)

    with scripted(answer) as url:
        responses = [r for batch in sampler(url).sample(REQUESTS, SETTINGS) for r in batch]
    reasons = Counter((r.problem_id == "p3", r.finish_reason) for r in responses)
    assert reasons == {(True, "refused"): 4, (False, "stop"): 36}


def test_the_key_comes_from_the_environment_and_is_in_no_message(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "weaker")
    monkeypatch.setenv("HS_STAR_API_KEY", "very-secret")
    asked_with = set()

    def answer(path, body, headers):
        asked_with.add(headers["Authorization"])
        return 401, {"error": {"message": "the key very-secret is wrong"}}

    opened = None
    with (
        scripted(answer) as url,
        pytest.raises(SamplerError, match="wants another key: it answered 401") as raised,
    ):
        opened = sampler(url)
        list(opened.sample(REQUESTS, SETTINGS))
    assert asked_with == {"Bearer very-secret"}
    assert "very-secret" not in str(raised.value) and "very-secret" not in repr(vars(opened))


def test_a_reason_to_end_that_is_neither_stop_nor_length_is_not_taken_for_one():
    def answer(path, body, headers):
        return listed() if path.endswith("/models") else completed(body, "content_filter")

    with scripted(answer) as url, pytest.raises(SamplerError, match="content_filter"):
        list(sampler(url).sample(REQUESTS, SETTINGS))


def test_closing_early_hangs_up():
    hung_up = threading.Event()

    def answer(path, body, headers):
        if path.endswith("/models") or body["prompt"] == "question 0":
            return well(path, body, headers)
        hung_up.wait(60)

    with scripted(answer) as url:
        stream = sampler(url, batch_size=4).sample(REQUESTS, SETTINGS)
        assert len(next(stream)) == 4
        stream.close()
        hung_up.set()
