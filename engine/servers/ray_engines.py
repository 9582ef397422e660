"""Engines on a Ray cluster, on this machine or elsewhere, that share work out among them.

Each engine is a Ray actor with one model in it. Work is handed out in parts that shrink towards the
end: few pauses between parts, and no engine left alone with the rest. An engine that is lost is
replaced, and what it had not answered is asked again.

On this machine a cluster is started that lives and ends with this process. It listens on every
interface, as Ray does, so it takes a token made for it: in the environment, never in a file.
Elsewhere Ray's own settings of the cluster apply.
"""

import os
import secrets
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from engine.errors import ConfigError, EngineError, WorkerDied
from engine.paths import ROOT

MAX_LOSSES = 4
"""Engines lost in a row, without an answer in between, before it is an error."""

Task = TypeVar("Task")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Pooling:
    """Who pools engines, for what is said when it goes wrong."""

    name: str
    """Setting and value that ask for Ray, such as "sampling.sampler is ray_pool"."""
    address: str
    """Settings: sampling.ray_address,"""
    n_engines: str
    less_memory: str
    """and what is lowered where memory is short."""
    error: type[EngineError]
    answer: str
    """What an engine gives, such as a response."""


class Cluster:
    """A connection to a Ray cluster. The last one that is closed in a process ends the cluster that
    was started here.

    Args:
        address: such as "10.0.0.5:6379"; None starts a cluster on this machine.
        n_engines: that will be started, at the least.

    Raises: the pooling's error if the cluster cannot be reached; ConfigError if Ray is not
        installed.
    """

    _n_open = 0

    def __init__(self, address: str | None, n_engines: int, pooling: Pooling):
        self.pooling, self._is_open = pooling, True
        self.ray: Any = _connect(address, n_engines, pooling)
        Cluster._n_open += 1
        resources = self.ray.cluster_resources()
        self.n_gpus, self.n_cpus = int(resources.get("GPU", 0)), int(resources.get("CPU", 0))

    def close(self) -> None:
        """Safe to call twice."""
        if not self._is_open:
            return
        self._is_open = False
        Cluster._n_open -= 1
        if Cluster._n_open == 0:
            self.ray.shutdown()

    def require_room(self, n_engines: int, n_gpus_each: int, n_spared: int = 0) -> None:
        """Args:
        n_spared: GPUs that something else takes.

        Raises: the pooling's error where the cluster is too small.
        """
        p = self.pooling
        if self.n_gpus and n_engines * n_gpus_each + n_spared > self.n_gpus:
            others = f" and {n_spared} are spared for the reward model" if n_spared else ""
            raise p.error(
                f"{p.n_engines} is {n_engines} with {n_gpus_each} GPUs each, and the Ray cluster"
                f" has {self.n_gpus} GPUs{others}. Lower {p.n_engines}, or the GPUs of each."
            )
        if n_engines > self.n_cpus:
            raise p.error(
                f"{p.n_engines} is {n_engines}, and the Ray cluster has {self.n_cpus} CPUs: one"
                " engine takes one. Lower it."
            )

    def in_words(self, error: BaseException) -> BaseException:
        """Ray's exceptions as ours: an engine's own sentence, or what became of it."""
        if isinstance(cause := getattr(error, "cause", None), EngineError):
            return self.pooling.error(str(cause))
        if isinstance(error, self.ray.exceptions.RayError):
            return self.pooling.error(
                f"An engine of the Ray pool failed: {_last_line(error)}. Ray's logs are under"
                " /tmp/ray/session_latest/logs."
            )
        return error


@dataclass(frozen=True, slots=True)
class Part(Generic[Task, Answer]):
    """Tasks that one engine is at."""

    place: int
    """The engine's place in the list."""
    tasks: list[Task]
    answered: list[list[Answer]]

    @property
    def n_left(self) -> int:
        return len(self.tasks) - sum(map(len, self.answered))


@dataclass(frozen=True, slots=True)
class Work(Generic[Task, Answer]):
    """Something that engines are asked to do: tasks, each with one answer.

    Answers and tasks that belong together have the same key.
    """

    tasks: Sequence[Task]
    least: int
    """Tasks of a part, while there are so many."""
    send: Callable[[Any, list[Task]], Any]
    """Hands tasks to an engine. Returns: a stream of references to lists of answers as they
    travel.
    """
    arrived: Callable[[Any], list[Answer]]
    """The answers out of what travelled."""
    key: Callable[[Task], Hashable]
    key_of_answer: Callable[[Answer], Hashable]


class Engines:
    """Actors of one class with one model each.

    Args:
        kind: the class; its method `open` loads the model.
        spec: what it is made with.
        n_gpus_each: 0 for none.

    Blocks until every engine has opened its model. Raises: as Cluster.in_words says.
    """

    def __init__(self, cluster: Cluster, kind: type, spec: tuple, n_engines: int, n_gpus_each: int):
        self._cluster, self._spec = cluster, spec
        needs = {"num_cpus": 1, "num_gpus": n_gpus_each, "scheduling_strategy": "SPREAD"}
        self._actor = cluster.ray.remote(**needs)(kind)
        self._engines: list[Any] = [self._actor.remote(*spec) for _ in range(n_engines)]
        self.parts: dict[Any, Part] = {}
        """What engines are at, by the stream of their answers."""
        try:
            cluster.ray.get([engine.open.remote() for engine in self._engines])
        except BaseException as error:
            self.close()
            raise cluster.in_words(error) from error

    def __len__(self) -> int:
        return len(self._engines)

    def answers(self, work: Work[Task, Answer]) -> Iterator[list[Answer]]:
        """Lists of answers as they come. Closing early ends the engines that are at work; the next
        call starts them anew.

        Raises: WorkerDied if engines keep dying; an engine's own error.
        """
        waiting, n_lost = deque(work.tasks), 0
        try:
            while waiting or self.parts:
                self._hand_out(waiting, work)
                ready, _ = self._cluster.ray.wait(list(self.parts), num_returns=1)
                for stream in ready:
                    batch, error = self._next(stream, work)
                    if error is not None:
                        n_lost += 1
                        if n_lost >= MAX_LOSSES:
                            raise self._keep_dying(n_lost, error) from error
                    if batch is None:
                        waiting.extend(_left(self.parts.pop(stream), work))
                        continue
                    n_lost = 0
                    self.parts[stream].answered.append(batch)
                    yield batch
        finally:
            self._end(part.place for part in self.parts.values())
            self.parts = {}

    def close(self) -> None:
        """End every engine. Safe to call twice."""
        self._end(range(len(self._engines)))

    def _hand_out(self, waiting: deque, work: Work) -> None:
        """A part to every engine that is free; one that was ended or lost is started anew."""
        busy = {part.place for part in self.parts.values()}
        for place in range(len(self._engines)):
            if place in busy or not waiting:
                continue
            size = max(work.least, -(-7 * len(waiting) // (8 * len(self._engines))))
            tasks = [waiting.popleft() for _ in range(min(size, len(waiting)))]
            if self._engines[place] is None:
                self._engines[place] = self._actor.remote(*self._spec)
            self.parts[work.send(self._engines[place], tasks)] = Part(place, tasks, [])

    def _next(self, stream: Any, work: Work) -> tuple[list | None, Exception | None]:
        """(the next answers, None at the end of a part; how its engine was lost)."""
        lost = self._cluster.ray.exceptions
        try:
            return work.arrived(self._cluster.ray.get(next(stream))), None
        except StopIteration:
            return None, None
        except (lost.RayActorError, lost.ObjectLostError) as error:
            self._engines[self.parts[stream].place] = None
            return None, error
        except Exception as error:
            raise self._cluster.in_words(error) from error

    def _end(self, places: Iterable[int]) -> None:
        for place in places:
            if self._engines[place] is not None:
                self._cluster.ray.kill(self._engines[place])
                self._engines[place] = None

    def _keep_dying(self, n_lost: int, error: Exception) -> WorkerDied:
        p = self._cluster.pooling
        return WorkerDied(
            f"{n_lost} engines of the Ray pool ended one after the other without a {p.answer}"
            f" ({_last_line(error)}). What was finished is stored. If memory is short, lower"
            f" {p.less_memory} or {p.n_engines}; then resume the job. Ray's logs are under"
            " /tmp/ray/session_latest/logs."
        )


def _left(part: Part[Task, Answer], work: Work[Task, Answer]) -> list[Task]:
    """What a part's engine has not answered."""
    if not part.n_left:
        return []
    keys = {work.key_of_answer(answer) for batch in part.answered for answer in batch}
    return [task for task in part.tasks if work.key(task) not in keys]


def _connect(address: str | None, n_engines: int, pooling: Pooling) -> Any:
    """Ray, connected. Raises: the pooling's error if there is no cluster at the address."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is None and "RAY_AUTH_MODE" not in os.environ:
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    try:
        import ray  # pyright: ignore[reportMissingImports] (an optional installation)
    except ImportError:
        raise ConfigError(
            f"{pooling.name}, and Ray is not installed. Install requirements-ray.txt."
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
        where = f"at {pooling.address}, {address}," if address else "on this machine"
        raise pooling.error(
            f"No Ray cluster could be used {where} ({_last_line(error)}). Start one there with `ray"
            f" start --head`, or leave {pooling.address} out to use this machine."
        ) from error
    return ray


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1].strip().rstrip(".")[:300]
