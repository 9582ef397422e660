"""Sampling through any number of OpenAI-compatible servers (`vllm serve`, or anything else that
speaks its completions).

Every response is one request with its own seed, sent to the server with the fewest requests in
flight. A server that fails rests, with pauses that double, until it answers again or is given up;
its requests go to the others at once; one request to one server is engine.samplers.completions.
Which server answered changes no seed. A vLLM server is sent the prompt's token ids and gives the
response's. Guaranteed: every request is answered once, and only by a
server whose list of models names the policy (engine.samplers.served), asked before the first
request and again whenever a server comes back. Equal texts are as the server gives them: `vllm
serve` on the starter policy in fp32 gives vllm_local's (tested); other servers may ignore seeds.

Departures from hf_local: (1) an empty prompt is always refused, without chat; (2) a server that is
not vLLM refuses a prompt that fits when prompt and max_new_tokens together do not, renders chats by
its own template, and gives no token ids, so n_tokens is what it counts.

aiohttp, because it costs our process least per request: see docs/decisions.md.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from engine.config.checks import checked_url
from engine.errors import SamplerError
from engine.method.seeds import stable_hash
from engine.samplers.completions import Completions, Failed, refused
from engine.samplers.hand_out import LONG_S, HandOut
from engine.samplers.read_prompts import ReadPrompts
from engine.samplers.served import Served, Wanted, find_served
from engine.samplers.server_words import words
from engine.types import InFlight, Request, Response, SamplingSettings

FIRST_PAUSE_S = 0.5
GIVE_UP_AFTER = 6
"""Failures of a server without an answer in between: half a minute of pauses, then it is given
up.
"""
ATTEMPTS = 8
"""Tries of one request, on whatever servers, before it is an error."""


class OpenAiSampler:
    """A policy behind OpenAI-compatible servers. Opening it connects to nothing: each call of
    sample asks the servers anew.

    Args:
        path: the policy's folder on this machine: what the servers must serve.
        base_urls: where they are; one without a path means /v1 there.
        policy_id, known_as, model: see engine.samplers.served.Wanted.
        batch_size: requests in flight over all servers.
        trust_remote_code: run a tokenizer's code that comes with the policy.

    Raises: ConfigError for an address that cannot be used.
    """

    def __init__(
        self,
        path: str,
        *,
        base_urls: Sequence[str],
        policy_id: str,
        known_as: str = "",
        model: str | None = None,
        batch_size: int = 256,
        trust_remote_code: bool = False,
    ):
        self.urls = [checked_url(url) for url in base_urls]
        self.wanted = Wanted(path, policy_id, known_as, model)
        self.batch_size, self.trust_remote_code = batch_size, trust_remote_code
        self.in_flight: InFlight | None = None
        """Requests that servers are answering; None outside a call."""

    def sample(
        self, requests: Sequence[Request], settings: SamplingSettings
    ) -> Iterator[list[Response]]:
        """See Sampler. Blocks between batches in an event loop of its own; closing early drops the
        connections, which makes vLLM give the requests up.

        Raises: SamplerError if a server serves other weights, if all are given up, or if one says
        that a request is wrong.
        """
        fits = [r for r in requests if r.prompt or settings.chat]
        if len(fits) < len(requests):
            yield [refused(r) for r in requests if not (r.prompt or settings.chat)]
        if not fits:
            return
        with asyncio.Runner() as runner:
            call = _Call(self, fits, settings)
            try:
                runner.run(call.start())
                while batch := runner.run(call.next_batch()):
                    yield batch
            finally:
                runner.run(call.stop())
                self.in_flight = None

    def close(self) -> None:
        """Nothing is held between calls. Safe to call twice."""


@dataclass(slots=True)
class _Server:
    """One server during one call of sample."""

    url: str
    served: Served | None = None
    """None until it has shown that it serves the policy."""
    n_in_flight: int = 0
    n_failures: int = 0
    """Since its last answer."""
    is_resting: bool = True
    is_given_up: bool = False
    said: str = ""
    """Its last failure."""


class _Call:
    """One call of sample: its servers, what waits, what is finished."""

    def __init__(self, sampler: OpenAiSampler, requests: list[Request], settings: SamplingSettings):
        self._sampler, self._settings = sampler, settings
        self._completions: Completions | None = None
        self._servers = [_Server(url) for url in dict.fromkeys(sampler.urls)]
        self._waiting = deque(requests)
        self._finished = HandOut(sampler.batch_size, len(requests))
        self._salt = requests[0].seed
        self._prompts = ReadPrompts(
            sampler.wanted.folder,
            {request.prompt for request in requests},
            settings,
            trust_remote_code=sampler.trust_remote_code,
        )
        self._tasks: set[asyncio.Task] = set()
        self._n_slots = min(sampler.batch_size, len(requests))
        self._error: Exception | None = None
        self._news, self._change = asyncio.Event(), asyncio.Event()
        """Something to yield or to raise; a server that has come back or is given up."""

    async def start(self) -> None:
        """Ask every server what it serves, then fill the slots. Raises: SamplerError for a server
        with other weights.
        """
        self._completions = Completions(self._settings, self._prompts)
        await asyncio.gather(*[self._meet(server) for server in self._servers])
        for _ in range(self._n_slots):
            self._begin(self._slot())

    async def next_batch(self) -> list[Response]:
        """What has finished, once it is enough or the rest; empty at the end. An error is raised
        when all that was finished is handed on.
        """
        while not self._finished.is_due and self._n_slots and not self._error:
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), LONG_S)
        if self._error and not self._finished:
            raise self._error
        return self._finished.take()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._completions is not None:
            await self._completions.close()

    @property
    def _opened(self) -> Completions:
        assert self._completions is not None, "start() has opened them"
        return self._completions

    def _begin(self, work) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _slot(self) -> None:
        """Answer one waiting request after the other."""
        try:
            while self._waiting and not self._error:
                response = await self._answer(self._waiting.popleft())
                self._finished.add(response)
                if self._finished.is_due:
                    self._news.set()
        except Exception as error:  # a fault too is raised where the batches are waited for
            self._error = self._error or error
        finally:
            self._n_slots -= 1
            if self._error or not self._n_slots:
                self._news.set()

    async def _answer(self, request: Request) -> Response:
        said = ""
        for _ in range(ATTEMPTS):
            server = await self._least_busy()
            assert server.served is not None, "a server rests until it has shown what it serves"
            self._count(server, 1)
            try:
                response = await self._opened.complete(server.url, server.served, request)
                server.n_failures = 0
                return response
            except Failed as error:
                said = f"{server.url}: {words(error)}"
                self._rest(server, words(error))
            finally:
                self._count(server, -1)
        raise SamplerError(
            f"A request failed {ATTEMPTS} times, the last time at {said}. What was finished is"
            " stored. Look at the server's log, then resume the job."
        )

    def _count(self, server: _Server, change: int) -> None:
        server.n_in_flight += change
        n_running = sum(server.n_in_flight for server in self._servers)
        self._sampler.in_flight = InFlight(n_running, None)

    async def _least_busy(self) -> _Server:
        """The server with the fewest requests in flight, the first of equals; waits while all rest.

        Raises: SamplerError if all are given up.
        """
        while True:
            ready = [server for server in self._servers if not server.is_resting]
            if ready:
                return min(ready, key=_load) if len(ready) > 1 else ready[0]
            if all(server.is_given_up for server in self._servers):
                raise SamplerError(_all_dead(self._servers))
            self._change.clear()
            await self._change.wait()

    async def _meet(self, server: _Server) -> None:
        """Find the policy on a server, or let it rest. Raises: SamplerError for other weights, a
        wrong key or no list of models.
        """
        try:
            listing = await self._opened.models(server.url)
            server.served = find_served(listing, self._sampler.wanted, server.url)
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
            self._begin(self._come_back(server))

    async def _come_back(self, server: _Server) -> None:
        await asyncio.sleep(pause_s(server.n_failures, server.url, self._salt))
        try:
            await self._meet(server)
        except SamplerError as error:  # it was started anew with something else: the others go on
            server.said = str(error)
            self._give_up(server)

    def _give_up(self, server: _Server) -> None:
        server.is_given_up = True
        self._change.set()


def pause_s(n_failures: int, *salt: object) -> float:
    """Seconds before a server is tried again: doubled by each failure, times a jitter in [0.5, 1)
    that is a hash of the salt.
    """
    jitter = 0.5 + stable_hash("pause", n_failures, *salt) / 2**65
    return FIRST_PAUSE_S * 2 ** (n_failures - 1) * jitter


def _load(server: _Server) -> int:
    return server.n_in_flight


def _all_dead(servers: list[_Server]) -> str:
    heard = "; ".join(f"{server.url}: {server.said}" for server in servers)
    return (
        f"None of the servers in sampling.base_urls answers ({heard}). What was finished is stored."
        " Start them again with the same policy, then resume the job."
    )
