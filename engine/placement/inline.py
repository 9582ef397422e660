"""Backends in this process."""

from typing import Any

from engine.placement.backends import Backend, Placement, open_backend


class Inline(Placement):
    """Backends in this process: torch is imported here, and only now."""

    def _start(self, backend: Backend) -> Any:
        return open_backend(backend)
