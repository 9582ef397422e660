"""A loopback server that answers as a test tells it, and an openai_api sampler that asks it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from engine.samplers.openai_api import OpenAiSampler
from engine.types import Request, SamplingSettings

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


def sampler(*urls: str, folder: str = "/no/folder", **options) -> OpenAiSampler:
    return OpenAiSampler(folder, base_urls=urls, policy_id=ID, **options)


def refusing(status: int, said: object, *, first: int = 10**6) -> Callable:
    """Refuses the first completions it is asked for, then does well."""
    left = iter(range(first))

    def answer(path, body, headers):
        if not path.endswith("/models") and next(left, None) is not None:
            return status, said
        return well(path, body, headers)

    return answer
