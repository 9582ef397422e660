"""What openai_api does when servers fail: first against a loopback server that answers as told,
then against real vLLM ones.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.model_servers import serve_policy
from engine import store
from engine.errors import SamplerError
from engine.jobs.runner import JobRunner
from engine.models.weights import content_id
from engine.paths import STARTER
from engine.samplers import openai_api
from engine.samplers.openai_api import OpenAiSampler, pause_s
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Request, SamplingSettings
from tests.small_runs import small, until
from tests.small_samples import GREEDY, POLICY, drawn, key, perturbed

ID = "0123456789abcdef"
SETTINGS = SamplingSettings(temperature=1.0, top_p=0.95, max_new_tokens=16)
REQUESTS = [Request(f"p{n // 4}", n % 4, 2**63 + n, f"question {n // 4}") for n in range(40)]


class Script(BaseHTTPRequestHandler):
    """Answers a request by calling server.answer(path, body): (status, JSON), or None to hang
    up.
    """

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        told = self.server.answer(
            self.path,
            json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}"),
            self.headers,
        )
        if told is None:
            self.close_connection = True
            return
        body = json.dumps(told[1]).encode()
        self.send_response(told[0])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *_):
        pass


@contextmanager
def scripted(answer: Callable) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Script)
    server.daemon_threads, server.answer = True, answer
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    ).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def listed(name: str = ID) -> tuple[int, dict]:
    return 200, {"data": [{"id": name}]}


def completed(body: dict, reason: str = "stop") -> tuple[int, dict]:
    text = f"{body['prompt']} {body.get('seed')}"
    return 200, {
        "choices": [{"text": text, "finish_reason": reason}],
        "usage": {"completion_tokens": 5},
    }


def well(path, body, headers):
    return listed() if path.endswith("/models") else completed(body)


def sampler(*urls: str, **options) -> OpenAiSampler:
    return OpenAiSampler("/no/folder", base_urls=urls, policy_id=ID, **options)


def refusing(status: int, said: object, *, first: int = 10**6) -> Callable:
    """Refuses the first completions it is asked for, then does well."""
    left = iter(range(first))

    def answer(path, body, headers):
        if not path.endswith("/models") and next(left, None) is not None:
            return status, said
        return well(path, body, headers)

    return answer


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(openai_api, "FIRST_PAUSE_S", 0.001)


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


def test_no_more_requests_are_in_flight_than_the_batch_size_and_both_servers_work():
    lock, running, most, per_server = threading.Lock(), Counter(), Counter(), Counter()
    both_busy = threading.Barrier(4)

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
        assert len(drawn(sampler(one, other, batch_size=4), REQUESTS, SETTINGS)) == 40
    assert most["seen"] == 4
    assert set(per_server.values()) == {20}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_overloaded_for_a_while_is_asked_again(status):
    with scripted(refusing(status, {"error": {"message": "busy"}}, first=3)) as url:
        assert len(drawn(sampler(url, batch_size=2), REQUESTS, SETTINGS)) == 40


def test_a_server_that_hangs_up_loses_no_request_and_the_other_answers():
    with (
        scripted(lambda path, *_: listed() if path.endswith("/models") else None) as bad,
        scripted(well) as good,
    ):
        assert len(drawn(sampler(bad, good), REQUESTS, SETTINGS)) == 40


def test_servers_that_are_all_dead_are_named_with_what_to_do():
    with scripted(well) as gone:
        pass
    with pytest.raises(
        SamplerError,
        match=(
            rf"None of the servers in sampling\.base_urls answers \({gone}: .*\)\. .* resume the"
            r" job\."
        ),
    ):
        list(sampler(gone).sample(REQUESTS, SETTINGS))


def test_a_request_that_fails_everywhere_is_an_error_with_the_servers_words():
    def answer(path, body, headers):
        return (
            (500, {"error": "boom"})
            if body.get("prompt") == "question 3"
            else well(path, body, headers)
        )

    with (
        scripted(answer) as url,
        pytest.raises(
            SamplerError, match=r'failed 8 times.* it answered 500, "boom"|None of the servers'
        ),
    ):
        list(sampler(url).sample(REQUESTS, SETTINGS))


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


def test_a_server_with_other_weights_is_asked_for_nothing():
    completions = []

    def answer(path, body, headers):
        completions.append(path)
        return listed("another")

    with (
        scripted(answer) as url,
        scripted(well) as good,
        pytest.raises(SamplerError, match=f"{url} serves another"),
    ):
        list(sampler(good, url).sample(REQUESTS, SETTINGS))
    assert set(completions) == {"/v1/models"}


def test_a_server_that_comes_back_with_other_weights_answers_nothing_more():
    answered = Counter()

    def changed(path, body, headers):
        if path.endswith("/models"):
            return listed("another" if answered["failed"] else ID)
        answered["failed"] += 1

    with scripted(changed) as bad, scripted(well) as good:
        assert len(drawn(sampler(bad, good, batch_size=2), REQUESTS, SETTINGS)) == 40
    assert answered["failed"] <= 2


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


def test_pauses_double_and_their_jitter_is_a_hash():
    pauses = [pause_s(n, "salt") for n in range(1, 6)]
    assert (
        pauses
        == [pause_s(n, "salt") for n in range(1, 6)]
        != [pause_s(n, "pepper") for n in range(1, 6)]
    )
    base = openai_api.FIRST_PAUSE_S
    assert all(base * 2**n / 2 <= pause < base * 2**n for n, pause in enumerate(pauses))


def test_a_job_whose_servers_are_dead_fails_in_words_and_resuming_it_completes(db):
    """The run's first policy is known by its folder, and every response is stored once."""
    is_dead = True

    def answer(path, body, headers):
        if is_dead:
            return None
        folder = str(STARTER / "policy")
        return (
            (200, {"data": [{"id": "m", "root": folder}]})
            if path.endswith("/models")
            else completed(body)
        )

    with scripted(answer) as url:
        sampling = {"sampler": "openai_api", "base_urls": [url], "batch_size": 4}
        run_id = create_run(
            db,
            small(
                sampling=sampling,
                reward={"family": "none"},
                difficulty={"mode": "accuracy"},
                placement="inline",
            ),
        )
        runner = JobRunner(db)
        job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
        runner.run_next()
        failed = store.jobs.get(db, job_id)
        assert (
            failed.state == "failed"
            and f"None of the servers in sampling.base_urls answers ({url}:" in failed.error
        )
        is_dead = False
        runner.resume(job_id)
        runner.run_next()
        assert store.jobs.get(db, job_id).state == "done"
        runner.close()
    assert (
        len(
            store.samples.stored_keys(
                db, store.runs.get_iteration(Iteration(db, run_id, 0)).presample_set
            )
        )
        == 12 * 3
    )


@pytest.fixture(scope="module")
def doomed(tmp_path_factory):
    """A server that tests may stop."""
    started = serve_policy(POLICY, tmp_path_factory.mktemp("doomed") / "log")
    yield started
    started.kill()


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr(openai_api, "FIRST_PAUSE_S", 0.5)


def served(*running, path: str = POLICY, **options) -> OpenAiSampler:
    return OpenAiSampler(
        path,
        base_urls=[server.url for server in running],
        policy_id=content_id(Path(path)),
        **options,
    )


@pytest.mark.vllm
@pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make test-vllm")
def test_a_vllm_server_killed_while_it_samples_loses_no_request(
    servers, doomed, asked, patient, monkeypatch
):
    doomed.wait()
    alone = drawn(served(servers[0]), asked)
    in_flight, answered = [], openai_api._Call._response

    def kill_at_the_first_answer(call, server, request, answer):
        if server.url == doomed.url and not in_flight:
            in_flight.append(server.n_in_flight)
            doomed.kill()
        return answered(call, server, request, answer)

    monkeypatch.setattr(openai_api._Call, "_response", kill_at_the_first_answer)
    assert drawn(served(servers[0], doomed, batch_size=16), asked) == alone
    assert in_flight[0] > 1, "the server was killed when it had nothing to do"


@pytest.mark.vllm
@pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make test-vllm")
def test_new_weights_are_sampled_from_the_server_that_serves_them_and_from_no_other(
    servers, doomed, asked, inline, tmp_path, patient
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


@pytest.mark.vllm
@pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make test-vllm")
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
