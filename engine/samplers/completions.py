"""One request to one OpenAI-compatible server: what is asked, and what its answer means.

An answer is a response, a refusal because the prompt does not fit, Failed where another server or
the same one later may do better, or a SamplerError where none will. Which server is asked, and when
one is asked again, is openai_api's.
"""

import json
import re
import socket

from engine.errors import SamplerError
from engine.samplers.served import Served, inert
from engine.samplers.server_words import authorization, cannot_answer, sentence, words
from engine.types import Request, Response, SamplingSettings

CONNECT_LIMIT_S, CHECK_LIMIT_S, ANSWER_LIMIT_S = 10, 30, 1800
KEEPALIVE_S = 30
"""A machine that has gone silent is noticed after about three times this."""

_DOES_NOT_FIT = re.compile(r"context|max_model_len|too long|longer than|empty", re.IGNORECASE)
"""How vLLM, SGLang, llama.cpp, TGI and OpenAI word a prompt that they cannot read; looked for in
answers 400, 413 and 422 only.
"""

_FOR_A_WHILE = (404, 408, 409, 425, 429)
"""404: it may have been started anew with another model."""

_VLLM_ONLY = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
"""vLLM fills settings that are left out from the model's generation_config.json, and local samplers
do not.
"""


class Failed(Exception):
    """A try that another server, or the same one later, may answer."""


class Completions:
    """The connections of one call of sample, with its settings. To be made inside an event loop,
    and closed there.
    """

    def __init__(self, settings: SamplingSettings):
        import aiohttp

        self._settings, self._aiohttp = settings, aiohttp
        self._path = "/chat/completions" if settings.chat else "/completions"
        self._room: dict[str, int] = {}
        """Response tokens that fit after a prompt, where max_new_tokens does not."""
        self._heads: dict[tuple[Served, int], str] = {}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, socket_factory=_socket),
            timeout=aiohttp.ClientTimeout(total=ANSWER_LIMIT_S, sock_connect=CONNECT_LIMIT_S),
            headers={"Content-Type": "application/json", **authorization()},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        await self._session.close()

    async def models(self, url: str) -> dict:
        """What a server lists. Raises: Failed if it does not answer now; SamplerError for a wrong
        key or no list of models.
        """
        limit = self._aiohttp.ClientTimeout(total=CHECK_LIMIT_S, sock_connect=CONNECT_LIMIT_S)
        status, body = await self._read(
            self._session.get(url + "/models", timeout=limit, allow_redirects=False)
        )
        if status >= 500 or status == 429:
            raise Failed(f"it answered {status}, {sentence(body)}")
        if status != 200:
            raise SamplerError(cannot_answer(url, status, sentence(body)))
        return _json(body)

    async def complete(self, url: str, served: Served, request: Request) -> Response:
        """One try. Raises: Failed where another may do better; SamplerError where none will."""
        limit = self._room.get(request.prompt, self._settings.max_new_tokens)
        status, body = await self._post(url + self._path, self._body(served, request, limit))
        if status == 200:
            return self._response(served, request, _json(body))
        said = sentence(body)
        if status in (400, 413, 422) and _DOES_NOT_FIT.search(said):
            room = await self._count_room(url, served, request)
            if not 0 < room < limit:
                return refused(request)
            self._room[request.prompt] = room
            return await self.complete(url, served, request)
        if status in _FOR_A_WHILE or status >= 500:
            raise Failed(f"it answered {status}, {said}")
        raise SamplerError(cannot_answer(url, status, said))

    def _body(self, served: Served, request: Request, max_tokens: int) -> bytes:
        """The request as JSON; what all requests share is written once."""
        head = self._heads.get((served, max_tokens))
        if head is None:
            s = self._settings
            asked = {
                "model": served.name,
                "max_tokens": max_tokens,
                "temperature": s.temperature,
                "top_p": s.top_p,
                "n": 1,
            }
            head = json.dumps(asked | (_VLLM_ONLY if served.is_vllm else {}))[:-1]
            self._heads[served, max_tokens] = head
        seed = f', "seed": {request.seed % 2**63}' if self._settings.temperature else ""
        return f"{head}{seed}, {json.dumps(self._prompt(request))[1:]}".encode()

    def _prompt(self, request: Request) -> dict:
        return (
            {"messages": [{"role": "user", "content": request.prompt}]}
            if self._settings.chat
            else {"prompt": request.prompt}
        )

    def _response(self, served: Served, request: Request, answer: dict) -> Response:
        try:
            choice = answer["choices"][0]
            text = choice["message"]["content"] if self._settings.chat else choice["text"]
            reason = choice["finish_reason"]
            n_tokens = (answer.get("usage") or {}).get("completion_tokens", 0)
        except (KeyError, IndexError, TypeError) as error:
            raise Failed(f"its answer is no completion (no {error})") from None
        if reason not in ("stop", "length"):
            raise Failed(f"it ended a response with {inert(repr(reason))}, neither stop nor length")
        is_end_counted = served.is_vllm and reason == "stop"
        return Response(
            request.problem_id,
            request.index,
            request.seed,
            text or "",
            reason,
            max(n_tokens - is_end_counted, 0),
        )

    async def _count_room(self, url: str, served: Served, request: Request) -> int:
        """Response tokens that fit after the prompt, as vLLM counts; 0 where none do, or the server
        cannot say.
        """
        if not served.is_vllm:
            return 0
        asked = {"model": served.name, **self._prompt(request)}
        beside_v1 = url.removesuffix("/v1") + "/tokenize"
        status, body = await self._post(beside_v1, json.dumps(asked).encode())
        if status == 200:
            counted = _json(body)
            return counted.get("max_model_len", 0) - counted.get("count", 0)
        return 0

    async def _post(self, url: str, body: bytes) -> tuple[int, bytes]:
        return await self._read(self._session.post(url, data=body, allow_redirects=False))

    async def _read(self, asked) -> tuple[int, bytes]:
        """(HTTP status, body). Raises: Failed where no answer comes."""
        try:
            async with asked as answer:
                return answer.status, await answer.read()
        except (self._aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Failed(words(error)) from error


def refused(request: Request) -> Response:
    """The answer to a prompt that no server can read."""
    return Response(request.problem_id, request.index, request.seed, "", "refused", 0)


def _socket(address) -> socket.socket:
    """A TCP socket that asks, while nothing comes, whether the other side is still there."""
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), KEEPALIVE_S)
    return made


def _json(body: bytes) -> dict:
    try:
        answer = json.loads(body)
    except ValueError:
        raise Failed("its answer is no JSON") from None
    if not isinstance(answer, dict):
        raise Failed("its answer is no JSON object")
    return answer
