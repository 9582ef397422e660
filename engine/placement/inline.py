"""Backends in this process."""

from typing import Any

from engine.placement.backends import Backend, Placement, open_backend


class Inline(Placement):
    """Backends in this process: torch is imported here, and only now."""

    def prepare(self) -> None:
        """Nothing is begun before it is needed: it would stay in this process."""

    def expect(self, backend: Backend) -> None:
        """As prepare."""

    def abort(self) -> None:
        """Nothing to kill: what runs in this process ends with its generator."""

    def _start(self, backend: Backend) -> Any:
        return open_backend(backend)
