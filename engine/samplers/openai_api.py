"""Sampling through any number of OpenAI-compatible servers (`vllm serve`, or anything else that
speaks its completions).

Every response is one request with its own seed; which server answers it, and what becomes of one
that fails, is engine.servers.pool's, and one request to one server engine.samplers.completions'.
Which server answered changes no seed. A vLLM server is sent the prompt's token ids and gives the
response's. Guaranteed: every request is answered once, and only by a server whose list of models
names the policy (engine.servers.served), asked before the first request and again whenever a
server comes back. Equal texts are as the server gives them: `vllm
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

from engine.config.addresses import checked_url
from engine.samplers.completions import ASKING, Completions, refused
from engine.samplers.hand_out import LONG_S, HandOut
from engine.samplers.read_prompts import ReadPrompts
from engine.servers.pool import Pool
from engine.servers.served import Served, Wanted, find_served
from engine.types import InFlight, Request, Response, SamplingSettings


class OpenAiSampler:
    """A policy behind OpenAI-compatible servers. Opening it connects to nothing: each call of
    sample asks the servers anew.

    Args:
        path: the policy's folder on this machine: what the servers must serve.
        base_urls: where they are; one without a path means /v1 there.
        policy_id, known_as, model: see engine.servers.served.Wanted.
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


class _Call:
    """One call of sample: its servers, what waits, what is finished."""

    def __init__(self, sampler: OpenAiSampler, requests: list[Request], settings: SamplingSettings):
        self._sampler, self._settings = sampler, settings
        self._completions: Completions | None = None
        self._pool = Pool(
            sampler.urls, self._find, ASKING, salt=requests[0].seed, on_count=self._count
        )
        self._waiting = deque(requests)
        self._finished = HandOut(sampler.batch_size, len(requests))
        self._prompts = ReadPrompts(
            sampler.wanted.folder,
            {request.prompt for request in requests},
            settings,
            trust_remote_code=sampler.trust_remote_code,
        )
        self._slots: list[asyncio.Task] = []
        self._n_slots = min(sampler.batch_size, len(requests))
        self._error: Exception | None = None
        self._news = asyncio.Event()
        """Something to yield or to raise."""

    async def start(self) -> None:
        """Ask every server what it serves, then fill the slots. Raises: SamplerError for a server
        with other weights.
        """
        self._completions = Completions(self._settings, self._prompts)
        await self._pool.start()
        self._slots = [asyncio.create_task(self._slot()) for _ in range(self._n_slots)]

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
        for task in self._slots:
            task.cancel()
        await asyncio.gather(*self._slots, return_exceptions=True)
        await self._pool.stop()
        if self._completions is not None:
            await self._completions.close()

    async def _find(self, url: str) -> Served:
        """The policy on a server. Raises: Failed; SamplerError for other weights."""
        return find_served(await self._opened.models(url), self._sampler.wanted, url, ASKING)

    @property
    def _opened(self) -> Completions:
        assert self._completions is not None, "start() has opened them"
        return self._completions

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
        return await self._pool.ask(lambda url, served: self._opened.complete(url, served, request))

    def _count(self, n_running: int) -> None:
        self._sampler.in_flight = InFlight(n_running, None)
