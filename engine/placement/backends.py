"""One backend with one set of weights: how it is named, opened in this process, and kept until it
is released.
"""

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.config import TrainingConfig
from engine.config.backends import BACKENDS, BackendEntry, Role


@dataclass(frozen=True, slots=True)
class Backend:
    """Which backend, bound to which weights."""

    name: str
    """A key of engine.config.backends.BACKENDS."""
    path: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    seat: dict[str, Any] = field(default_factory=dict, compare=False)
    """Where it is opened: gpu (its number, or several with commas), memory_share (of that GPU, for
    vLLM), n_spared (GPUs of a Ray cluster that are left). It changes no answer, so an open backend
    stays.
    """

    def key(self) -> str:
        return json.dumps([self.name, self.path, self.options], sort_keys=True)


def open_backend(backend: Backend, entry: BackendEntry | None = None) -> Any:
    """Load a backend in this process. Blocks for seconds to minutes.

    Args:
        entry: as the process that asks knows it; None for the one that is registered here.
    Raises: the backend's own EngineError.
    """
    entry = entry or BACKENDS[backend.name]
    module, _, name = entry.opens.partition(":")
    seat = {option: backend.seat.get(option) for option in entry.seat_options}
    opens = getattr(import_module(module), name)
    if entry.role == Role.TRAINER:
        return opens()
    return opens(backend.path, **seat, **backend.options)


def trainer_backend(training: TrainingConfig) -> Backend:
    """The trainer in one process, or in several under accelerate's launcher."""
    if training.n_processes == 1:
        return Backend(training.method)
    return Backend(
        training.method,
        options={
            "n_processes": training.n_processes,
            "accelerate_config": training.accelerate_config,
        },
    )


class Placement(ABC):
    """Opens backends and keeps them until released, so that an unchanged policy stays loaded
    between phases.
    """

    def __init__(self, logs: Path):
        self.logs = logs
        self._open: dict[str, Any] = {}
        self._lock = threading.RLock()

    def get(self, backend: Backend):
        """The backend, opened now or kept from before; the key holds its weights, so it never
        answers with others.
        """
        with self._lock:
            key = backend.key()
            opened = self._open.get(key)
            if opened is None or getattr(opened, "dead", False):
                self._open[key] = self._start(backend)
            return self._open[key]

    def is_open(self, backend: Backend) -> bool:
        """Whether get() would answer at once, with what is loaded."""
        with self._lock:
            opened = self._open.get(backend.key())
            return opened is not None and not getattr(opened, "dead", False)

    def release(self, *, keep: Sequence[Backend] = ()) -> None:
        """Close every backend that is not named. Blocks until their memory is given back."""
        kept_keys = {backend.key() for backend in keep}
        with self._lock:
            for key in [key for key in self._open if key not in kept_keys]:
                self._open.pop(key).close()

    @abstractmethod
    def prepare(self) -> None:
        """Begin with what every backend needs, before one is asked for. Returns at once."""

    @abstractmethod
    def expect(self, backend: Backend) -> None:
        """Begin a backend without weights that a later phase asks for, if it can wait beside this
        one. It stays until it is asked for, or close(). Returns at once.
        """

    def close(self) -> None:
        """Give everything back."""
        self.release()

    @abstractmethod
    def abort(self) -> None:
        """Give up all work in flight, at once where it runs in children; from any thread."""

    @abstractmethod
    def _start(self, backend: Backend) -> Any:
        """Open a backend, or begin to."""
