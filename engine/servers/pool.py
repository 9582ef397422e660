"""Several servers that answer the same requests.

A request goes to the server with the fewest in flight. A server that fails rests, with pauses that
double, until it answers again or is given up; its requests go to the others at once. A server is
met before its first request, and again whenever it comes back, so that only one that serves the
right model answers anything.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine.errors import EngineError
from engine.method.seeds import stable_hash
from engine.servers.connection import Asking, Failed
from engine.servers.words import words

FIRST_PAUSE_S = 0.5
GIVE_UP_AFTER = 6
"""Failures of a server without an answer in between: half a minute of pauses, then it is given
up.
"""
ATTEMPTS = 8
"""Tries of one request, on whatever servers, before it is an error."""

Met = TypeVar("Met")
"""What is known of a server once it has shown what it serves."""
Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Server(Generic[Met]):
    """One server during one call."""

    url: str
    met: Met | None = None
    """None until it has shown that it serves the model."""
    n_in_flight: int = 0
    n_failures: int = 0
    """Since its last answer."""
    is_resting: bool = True
    is_given_up: bool = False
    said: str = ""
    """Its last failure."""


class Pool(Generic[Met]):
    """The servers of one call, inside an event loop.

    Args:
        urls: where they are, each once.
        meet: finds the model on a server; raises Failed where it does not answer now, and the
            caller's error where it serves something else.
        asking: who asks.
        salt: the jitter of pauses is a hash of it.
        on_count: told the number of requests in flight whenever it changes.
    """

    def __init__(
        self,
        urls: Sequence[str],
        meet: Callable[[str], Awaitable[Met]],
        asking: Asking,
        *,
        salt: object,
        on_count: Callable[[int], None] = lambda n: None,
    ):
        self._servers: list[_Server[Met]] = [_Server(url) for url in dict.fromkeys(urls)]
        self._find, self._asking, self._salt, self._on_count = meet, asking, salt, on_count
        self._tasks: set[asyncio.Task] = set()
        self._change = asyncio.Event()
        """A server has come back or is given up."""

    async def start(self) -> None:
        """Meet every server. Raises: the caller's error for one that serves something else."""
        await asyncio.gather(*[self._meet(server) for server in self._servers])

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ask(self, request: Callable[[str, Met], Awaitable[Answer]]) -> Answer:
        """The answer of whatever server gives one.

        Args:
            request: one try at a server; raises Failed where another may do better.

        Raises: the caller's error if all are given up, or the request fails ATTEMPTS times;
        whatever else the request raises.
        """
        said = ""
        for _ in range(ATTEMPTS):
            server = await self._least_busy()
            assert server.met is not None, "a server rests until it has shown what it serves"
            self._count(server, 1)
            try:
                answer = await request(server.url, server.met)
                server.n_failures = 0
                return answer
            except Failed as error:
                said = f"{server.url}: {words(error)}"
                self._rest(server, words(error))
            finally:
                self._count(server, -1)
        raise self._asking.error(
            f"A request failed {ATTEMPTS} times, the last time at {said}. What was finished is"
            " stored. Look at the server's log, then resume the job."
        )

    def _count(self, server: _Server, change: int) -> None:
        server.n_in_flight += change
        self._on_count(sum(server.n_in_flight for server in self._servers))

    async def _least_busy(self) -> _Server[Met]:
        """The server with the fewest requests in flight, the first of equals; waits while all rest.

        Raises: the caller's error if all are given up.
        """
        while True:
            ready = [server for server in self._servers if not server.is_resting]
            if ready:
                return min(ready, key=_load) if len(ready) > 1 else ready[0]
            if all(server.is_given_up for server in self._servers):
                raise self._asking.error(self._all_dead())
            self._change.clear()
            await self._change.wait()

    async def _meet(self, server: _Server[Met]) -> None:
        """Find the model on a server, or let it rest. Raises: the caller's error for another one, a
        wrong key or no list of models.
        """
        try:
            server.met = await self._find(server.url)
        except Failed as error:
            server.is_resting = False
            self._rest(server, words(error))
            return
        server.is_resting = False
        self._change.set()

    def _rest(self, server: _Server, said: str) -> None:
        """Send nothing to a server for a while; after too many failures, nothing more in this
        call.
        """
        if server.is_resting:
            return
        server.is_resting, server.said = True, said
        server.n_failures += 1
        if server.n_failures >= GIVE_UP_AFTER:
            self._give_up(server)
        else:
            task = asyncio.create_task(self._come_back(server))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _come_back(self, server: _Server) -> None:
        await asyncio.sleep(pause_s(server.n_failures, server.url, self._salt))
        try:
            await self._meet(server)
        except EngineError as error:  # it was started anew with something else: the others go on
            server.said = str(error)
            self._give_up(server)

    def _give_up(self, server: _Server) -> None:
        server.is_given_up = True
        self._change.set()

    def _all_dead(self) -> str:
        heard = "; ".join(f"{server.url}: {server.said}" for server in self._servers)
        return (
            f"None of the servers in {self._asking.setting} answers ({heard}). What was finished is"
            f" stored. Start them again with the same {self._asking.model}, then resume the job."
        )


def pause_s(n_failures: int, *salt: object) -> float:
    """Seconds before a server is tried again: doubled by each failure, times a jitter in [0.5, 1)
    that is a hash of the salt.
    """
    jitter = 0.5 + stable_hash("pause", n_failures, *salt) / 2**65
    return FIRST_PAUSE_S * 2 ** (n_failures - 1) * jitter


def _load(server: _Server) -> int:
    return server.n_in_flight
