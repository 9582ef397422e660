"""Sampling through Ray: one engine per GPU, or as many as are asked for, on this machine or on a
cluster.

Each engine is a Ray actor that owns one of our own samplers (vllm_local where the cluster has GPUs,
hf_local where it has none), so seeds, texts and refusals are that sampler's, and `batch_size`
counts per engine. Requests are handed out in parts that shrink towards the end: few pauses between
parts, and no engine left alone with the rest. An engine that is lost is replaced, and what it had
not answered is sampled again. The sampler's name in a sample set is ray_pool either way: a run that
moves from a cluster with GPUs to one without gets other texts above temperature 0.

On this machine a cluster is started that lives and ends with this process. It listens on every
interface, as Ray does, so it takes a token made for it: in the environment, never in a file.
Elsewhere Ray's own settings of the cluster apply.
"""

import os
import secrets
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from engine.errors import ConfigError, SamplerError, WorkerDied
from engine.paths import ROOT
from engine.samplers import Sampler
from engine.types import InFlight, Request, Response, SamplingSettings

_REQUEST, _RESPONSE = (
    attrgetter(*(field.name for field in fields(record))) for record in (Request, Response)
)
"""A record's values in the order of its fields."""

MAX_LOSSES = 4
"""Engines lost in a row, without a response in between, before it is an error."""


class RaySampler:
    """A policy in several engines.

    Args:
        path: the policy's folder, where every node of the cluster finds it, or a hub id.
        batch_size: requests in flight per engine.
        n_engines: None for as many as the GPUs allow, one without GPUs.
        tensor_parallel_size: GPUs per engine.
        dtype: as the engines' samplers take it.
        address: a Ray cluster's, such as "10.0.0.5:6379"; None starts one here.

    Blocks until every engine has loaded the policy. Raises: SamplerError if one cannot, or the
    cluster cannot be reached or is too small; ConfigError if Ray is not installed.
    """

    in_flight: InFlight | None = None
    """Requests that engines are at: of those handed to one, as many as it draws side by side. None
    outside a call.
    """
    _n_open = 0

    def __init__(
        self,
        path: str,
        *,
        batch_size: int = 256,
        n_engines: int | None = None,
        tensor_parallel_size: int = 1,
        dtype: str = "by_device",
        address: str | None = None,
        trust_remote_code: bool = False,
    ):
        self.batch_size = batch_size
        self._engines: list[Any] = []
        self._is_open = True
        self._ray = _connect(address, n_engines or 1)
        RaySampler._n_open += 1
        options: dict[str, Any] = {
            "batch_size": batch_size,
            "dtype": dtype,
            "trust_remote_code": trust_remote_code,
        }
        try:
            n_gpus = int(self._ray.cluster_resources().get("GPU", 0))
            if n_gpus:
                options["tensor_parallel_size"] = tensor_parallel_size
            self._spec = ("vllm_local" if n_gpus else "hf_local", path, options)
            n_engines = n_engines or max(1, n_gpus // tensor_parallel_size)
            self._check_room(n_engines, tensor_parallel_size, n_gpus)
            needs = {
                "num_cpus": 1,
                "num_gpus": tensor_parallel_size if n_gpus else 0,
                "scheduling_strategy": "SPREAD",
            }
            self._actor = self._ray.remote(**needs)(Engine)
            self._engines = [self._actor.remote(*self._spec) for _ in range(n_engines)]
            self._ray.get([engine.open.remote() for engine in self._engines])
        except BaseException as error:
            self.close()
            raise self._in_words(error) from error

    def sample(
        self, requests: Sequence[Request], settings: SamplingSettings
    ) -> Iterator[list[Response]]:
        """See Sampler. Closing early ends the engines that are at work; the next call starts them
        anew.

        Raises: WorkerDied if engines keep dying; SamplerError from an engine.
        """
        waiting = deque(requests)
        least = min(self.batch_size, -(-len(requests) // len(self._engines)))
        parts: dict[Any, _Part] = {}
        n_lost = 0
        try:
            while waiting or parts:
                busy = {part.place for part in parts.values()}
                for place in [p for p in range(len(self._engines)) if p not in busy and waiting]:
                    size = max(least, -(-7 * len(waiting) // (8 * len(self._engines))))
                    mine = [waiting.popleft() for _ in range(min(size, len(waiting)))]
                    parts[self._hand_out(place, mine, settings)] = _Part(place, mine, [])
                self.in_flight = self._running(parts.values())
                ready, _ = self._ray.wait(list(parts), num_returns=1)
                for stream in ready:
                    try:
                        batch = [Response(*row) for row in self._ray.get(next(stream))]
                    except StopIteration:
                        waiting.extend(parts.pop(stream).left())
                        continue
                    except (
                        self._ray.exceptions.RayActorError,
                        self._ray.exceptions.ObjectLostError,
                    ) as error:
                        part = parts.pop(stream)
                        waiting.extend(part.left())
                        self._engines[part.place] = None
                        n_lost += 1
                        if n_lost >= MAX_LOSSES:
                            raise _keeps_dying(n_lost, error) from error
                        continue
                    except Exception as error:
                        raise self._in_words(error) from error
                    n_lost = 0
                    parts[stream].answered.append(batch)
                    yield batch
        finally:
            self._stop(parts.values())

    def _stop(self, parts: Iterable["_Part"]) -> None:
        self.in_flight = None
        for part in parts:
            self._end(part.place)

    def _running(self, parts: Iterable["_Part"]) -> InFlight:
        return InFlight(sum(min(part.n_left, self.batch_size) for part in parts), None)

    def close(self) -> None:
        """End every engine; the last sampler that closes ends the cluster that was started here.
        Safe to call twice.
        """
        if not self._is_open:
            return
        self._is_open = False
        for place in range(len(self._engines)):
            self._end(place)
        RaySampler._n_open -= 1
        if RaySampler._n_open == 0:
            self._ray.shutdown()

    def _hand_out(self, place: int, requests: list[Request], settings: SamplingSettings):
        """A stream of an engine's answers; an engine that was ended or lost is started anew."""
        if self._engines[place] is None:
            self._engines[place] = self._actor.remote(*self._spec)
        return (
            self._engines[place]
            .sample.options(num_returns="streaming")
            .remote(list(map(_REQUEST, requests)), settings)
        )

    def _end(self, place: int) -> None:
        if self._engines[place] is not None:
            self._ray.kill(self._engines[place])
            self._engines[place] = None

    def _check_room(self, n_engines: int, tensor_parallel_size: int, n_gpus: int) -> None:
        n_cpus = int(self._ray.cluster_resources().get("CPU", 0))
        if n_gpus and n_engines * tensor_parallel_size > n_gpus:
            raise SamplerError(
                f"sampling.n_engines is {n_engines} with {tensor_parallel_size} GPUs each, and the"
                f" Ray cluster has {n_gpus} GPUs. Lower sampling.n_engines or"
                " sampling.tensor_parallel_size."
            )
        if n_engines > n_cpus:
            raise SamplerError(
                f"sampling.n_engines is {n_engines}, and the Ray cluster has {n_cpus} CPUs: one"
                " engine takes one. Lower it."
            )

    def _in_words(self, error: BaseException) -> BaseException:
        """Ray's exceptions as ours: an engine's own sentence, or what became of it."""
        if isinstance(cause := getattr(error, "cause", None), SamplerError):
            return SamplerError(str(cause))
        if isinstance(error, self._ray.exceptions.RayError):
            return SamplerError(
                f"An engine of the Ray pool failed: {_last_line(error)}. Ray's logs are under"
                " /tmp/ray/session_latest/logs."
            )
        return error


@dataclass(frozen=True, slots=True)
class _Part:
    """Requests that one engine is at."""

    place: int
    """The engine's place in the list."""
    requests: list[Request]
    answered: list[list[Response]]

    @property
    def n_left(self) -> int:
        return len(self.requests) - sum(map(len, self.answered))

    def left(self) -> list[Request]:
        """What it has not answered."""
        if not self.n_left:
            return []
        keys = {
            (response.problem_id, response.index) for batch in self.answered for response in batch
        }
        return [
            request for request in self.requests if (request.problem_id, request.index) not in keys
        ]


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


def _connect(address: str | None, n_engines: int):
    """Ray, connected. Raises: SamplerError if there is no cluster at the address."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is None and "RAY_AUTH_MODE" not in os.environ:
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    try:
        import ray  # pyright: ignore[reportMissingImports] (an optional installation)
    except ImportError:
        raise ConfigError(
            "sampling.sampler is ray_pool, and Ray is not installed. Install requirements-ray.txt."
        ) from None
    if ray.is_initialized():
        return ray
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "namespace": "hs-star"}
    try:
        if address:
            ray.init(address=address, runtime_env={"py_modules": [str(ROOT / "engine")]}, **quiet)
        else:
            here = {"env_vars": {"PYTHONPATH": str(ROOT)}}
            n_cpus = max(n_engines, os.cpu_count() or 1)
            ray.init(
                address="local", num_cpus=n_cpus, include_dashboard=False, runtime_env=here, **quiet
            )
    except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        where = f"at sampling.ray_address, {address}," if address else "on this machine"
        raise SamplerError(
            f"No Ray cluster could be used {where} ({_last_line(error)}). Start one there with `ray"
            " start --head`, or leave sampling.ray_address out to use this machine."
        ) from error
    return ray


def _keeps_dying(n_lost: int, error: Exception) -> WorkerDied:
    return WorkerDied(
        f"{n_lost} engines of the Ray pool ended one after the other without a response"
        f" ({_last_line(error)}). What was finished is stored. If memory is short, lower"
        " sampling.batch_size or sampling.n_engines; then resume the job. Ray's logs are under"
        " /tmp/ray/session_latest/logs."
    )


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1].strip().rstrip(".")[:300]
