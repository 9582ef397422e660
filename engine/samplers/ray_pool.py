"""Sampling through Ray: one engine per GPU, or as many as are asked for, on this machine or on a
cluster.

Each engine is a Ray actor that owns one of our own samplers (vllm_local where the cluster has GPUs,
hf_local where it has none), so seeds, texts and refusals are that sampler's, and `batch_size`
counts per engine. How requests are handed out, and what becomes of an engine that is lost, is
engine.servers.ray_engines'. The sampler's name in a sample set is ray_pool either way: a run that
moves from a cluster with GPUs to one without gets other texts above temperature 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from engine.errors import SamplerError
from engine.samplers import Sampler
from engine.servers.ray_engines import Cluster, Engines, Pooling, Work
from engine.types import InFlight, Request, Response, SamplingSettings

_REQUEST, _RESPONSE = (
    attrgetter(*(field.name for field in fields(record))) for record in (Request, Response)
)
"""A record's values in the order of its fields."""
_KEY = attrgetter("problem_id", "index")

POOLING = Pooling(
    "sampling.sampler is ray_pool",
    "sampling.ray_address",
    "sampling.n_engines",
    "sampling.batch_size",
    SamplerError,
    "response",
)


class RaySampler:
    """A policy in several engines.

    Args:
        path: the policy's folder, where every node of the cluster finds it, or a hub id.
        batch_size: requests in flight per engine.
        n_engines: None for as many as the GPUs allow, one without GPUs.
        n_spared: GPUs that a reward model in engines of its own takes, None for none.
        tensor_parallel_size: GPUs per engine.
        dtype: as the engines' samplers take it.
        address: a Ray cluster's, such as "10.0.0.5:6379"; None starts one here.

    Blocks until every engine has loaded the policy. Raises: SamplerError if one cannot, or the
    cluster cannot be reached or is too small; ConfigError if Ray is not installed.
    """

    def __init__(
        self,
        path: str,
        *,
        batch_size: int = 256,
        n_engines: int | None = None,
        n_spared: int | None = None,
        tensor_parallel_size: int = 1,
        dtype: str = "by_device",
        address: str | None = None,
        trust_remote_code: bool = False,
    ):
        self.batch_size = batch_size
        self._engines: Engines | None = None
        self._cluster = Cluster(address, n_engines or 1, POOLING)
        n_gpus, n_spared = self._cluster.n_gpus, n_spared or 0
        options: dict[str, Any] = {
            "batch_size": batch_size,
            "dtype": dtype,
            "trust_remote_code": trust_remote_code,
        }
        if n_gpus:
            options["tensor_parallel_size"] = tensor_parallel_size
        spec = ("vllm_local" if n_gpus else "hf_local", path, options)
        n_engines = n_engines or max(1, (n_gpus - n_spared) // tensor_parallel_size)
        try:
            self._cluster.require_room(n_engines, tensor_parallel_size, n_spared)
            each = tensor_parallel_size if n_gpus else 0
            self._engines = Engines(self._cluster, Engine, spec, n_engines, each)
        except BaseException:
            self.close()
            raise

    def sample(
        self, requests: Sequence[Request], settings: SamplingSettings
    ) -> Iterator[list[Response]]:
        """See Sampler. Closing early ends the engines that are at work; the next call starts them
        anew.

        Raises: WorkerDied if engines keep dying; SamplerError from an engine.
        """
        assert self._engines is not None, "it is open"
        work: Work[Request, Response] = Work(
            tasks=requests,
            least=min(self.batch_size, -(-len(requests) // len(self._engines))),
            send=lambda engine, mine: engine.sample.options(num_returns="streaming").remote(
                list(map(_REQUEST, mine)), settings
            ),
            arrived=lambda rows: [Response(*row) for row in rows],
            key=_KEY,
            key_of_answer=_KEY,
        )
        yield from self._engines.answers(work)

    @property
    def in_flight(self) -> InFlight | None:
        """Requests that engines are at: of those handed to one, as many as it draws side by side.
        None outside a call.
        """
        parts = list(self._engines.parts.values()) if self._engines else []
        if not parts:
            return None
        return InFlight(sum(min(part.n_left, self.batch_size) for part in parts), None)

    def close(self) -> None:
        """End every engine; the last of all that use Ray here ends the cluster that was started
        here. Safe to call twice.
        """
        if self._engines is not None:
            self._engines.close()
        self._cluster.close()


class Engine:
    """What runs in a Ray actor: one sampler, opened by its first call."""

    def __init__(self, name: str, path: str, options: dict[str, Any]):
        self._spec = (name, path, options)
        self._sampler: Sampler | None = None

    def open(self) -> None:
        name, path, options = self._spec
        if self._sampler is None and name == "vllm_local":
            from engine.samplers.vllm_local import VllmSampler

            self._sampler = VllmSampler(path, **options)
        elif self._sampler is None:
            from engine.samplers.hf_local import HfSampler

            self._sampler = HfSampler(path, **options)

    def sample(self, rows: list[tuple], settings: SamplingSettings) -> Iterator[list[tuple]]:
        """Batches of responses for requests, both as plain rows of their fields: Ray takes several
        times longer over records.
        """
        self.open()
        assert self._sampler is not None, "open() has opened it"
        for batch in self._sampler.sample([Request(*row) for row in rows], settings):
            yield list(map(_RESPONSE, batch))
