"""One request to one OpenAI-compatible server: what is asked, and what its answer means.

An answer is a response, a refusal because the prompt does not fit, Failed where another server or
the same one later may do better, or a SamplerError where none will. Which server is asked, and when
one is asked again, is openai_api's.
"""

import json
import re
import socket

from engine.errors import SamplerError
from engine.models.tokens import answer_start
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
                **_beyond_openai(s, is_vllm=served.is_vllm),
            }
            head = json.dumps(asked)[:-1]
            self._heads[served, max_tokens] = head
        seed = f', "seed": {request.seed % 2**63}' if self._settings.temperature else ""
        return f"{head}{seed}, {json.dumps(self._prompt(request))[1:]}".encode()

    def _prompt(self, request: Request) -> dict:
        s = self._settings
        if not s.chat:
            return {"prompt": request.prompt}
        system = [{"role": "system", "content": s.system}] if s.system else []
        asked: dict = {"messages": [*system, {"role": "user", "content": request.prompt}]}
        if s.thinking != "auto":
            asked["chat_template_kwargs"] = {"enable_thinking": s.thinking == "on"}
        return asked

    def _response(self, served: Served, request: Request, answer: dict) -> Response:
        try:
            choice = answer["choices"][0]
            text = _said(choice["message"]) if self._settings.chat else choice["text"]
            reason = choice["finish_reason"]
            tokens = choice.get("token_ids")
            n_tokens = (answer.get("usage") or {}).get("completion_tokens", 0)
        except (KeyError, IndexError, TypeError) as error:
            raise Failed(f"its answer is not a completion (no {error})") from None
        if reason not in ("stop", "length"):
            raise Failed(f"it ended a response with {inert(repr(reason))}, neither stop nor length")
        text = text or ""
        is_end_counted = (
            served.is_vllm and reason == "stop" and not isinstance(choice.get("stop_reason"), str)
        )
        return Response(
            request.problem_id,
            request.index,
            request.seed,
            text,
            reason,
            max(n_tokens - is_end_counted, 0),
            tuple(tokens) if tokens else None,
            answer_start("", text),
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


def _beyond_openai(s: SamplingSettings, *, is_vllm: bool) -> dict:
    """Settings that OpenAI's protocol does not have, in vLLM's words; to other servers only where
    they are set. vLLM fills what is left out from the model's generation_config.json, and local
    samplers do not. It gives the sampled token ids where it is asked.
    """
    asked = {
        "top_k": s.top_k,
        "min_p": s.min_p,
        "repetition_penalty": s.repetition_penalty,
    }
    plain = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
    if not is_vllm:
        asked = {name: value for name, value in asked.items() if value != plain[name]}
    stop = {"stop": list(s.stop)} if s.stop else {}
    return asked | stop | ({"return_token_ids": True} if is_vllm else {})


def _said(message: dict) -> str:
    """The text of a chat's answer: its parts joined, and the reasoning that a server's parser took
    out put back in front, as the policy wrote it.
    """
    content = message["content"]
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content if isinstance(part, dict))
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if reasoning:
        return f"<think>{reasoning}</think>{content or ''}"
    return content or ""


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
