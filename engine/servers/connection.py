"""One request to one server: what it answers, or why it does not.

An answer is a status with JSON, Failed where another server or the same one later may do better, or
the caller's error where none will. Which server is asked, and when one is asked again, is
engine.servers.pool's.
"""

import json
import re
import socket
from dataclasses import dataclass

from engine.errors import EngineError
from engine.servers.words import authorization, cannot_answer, sentence, words

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


class DoesNotFit(Exception):
    """The model cannot read so long a prompt, or an empty one."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, for what is said when it goes wrong."""

    setting: str
    """Where the addresses were given, such as sampling.base_urls."""
    model: str
    """What answers there: policy, or reward model."""
    error: type[EngineError]


class Connection:
    """The connections of one call. To be made inside an event loop, and closed there."""

    def __init__(self, asking: Asking):
        import aiohttp

        self._asking, self._aiohttp = asking, aiohttp
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, socket_factory=_socket),
            timeout=aiohttp.ClientTimeout(total=ANSWER_LIMIT_S, sock_connect=CONNECT_LIMIT_S),
            headers={"Content-Type": "application/json", **authorization()},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        await self._session.close()

    async def models(self, url: str) -> dict:
        """What a server lists. Raises: Failed if it does not answer now; the caller's error for a
        wrong key or no list of models.
        """
        limit = self._aiohttp.ClientTimeout(total=CHECK_LIMIT_S, sock_connect=CONNECT_LIMIT_S)
        status, body = await self._read(
            self._session.get(url + "/models", timeout=limit, allow_redirects=False)
        )
        if status >= 500 or status == 429:
            raise Failed(f"it answered {status}, {sentence(body)}")
        if status != 200:
            raise self._refusal(url, status, body)
        return _json(body)

    async def post(self, url: str, path: str, body: bytes) -> dict:
        """What a server answers to a request.

        Args:
            path: under its address, such as /completions.

        Raises: DoesNotFit; Failed; the caller's error where none will answer.
        """
        asked = self._session.post(url + path, data=body, allow_redirects=False)
        status, answer = await self._read(asked)
        if status == 200:
            return _json(answer)
        said = sentence(answer)
        if status in (400, 413, 422) and _DOES_NOT_FIT.search(said):
            raise DoesNotFit(said)
        if status in _FOR_A_WHILE or status >= 500:
            raise Failed(f"it answered {status}, {said}")
        raise self._refusal(url, status, answer)

    def _refusal(self, url: str, status: int, body: bytes) -> EngineError:
        said = cannot_answer(url, status, sentence(body), self._asking.setting)
        return self._asking.error(said)

    async def _read(self, asked) -> tuple[int, bytes]:
        """(HTTP status, body). Raises: Failed where no answer comes."""
        try:
            async with asked as answer:
                return answer.status, await answer.read()
        except (self._aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Failed(words(error)) from error


def _socket(address) -> socket.socket:
    """A TCP socket that asks, while nothing comes, whether the other side is still there."""
    sock = socket.socket(*address[:3])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), KEEPALIVE_S)
    return sock


def _json(body: bytes) -> dict:
    try:
        answer = json.loads(body)
    except ValueError:
        raise Failed(f"its answer is no JSON: {sentence(body)}") from None
    if not isinstance(answer, dict):
        raise Failed("its answer is no JSON object")
    return answer
