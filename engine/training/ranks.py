"""Several processes that train as one, started by `accelerate launch`: the first talks to the
parent, the others follow it.

In a process of its own, without a launcher, everything here is the plain thing: one rank, the
first. Linux only where launched.
"""

import ctypes
import os
import signal
from collections.abc import Callable
from typing import BinaryIO, TypeVar, cast

T = TypeVar("T")

_DIES_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def is_launched() -> bool:
    return "TORCHELASTIC_RUN_ID" in os.environ


def n_ranks() -> int:
    return int(os.environ["WORLD_SIZE"]) if is_launched() else 1


def is_first() -> bool:
    return not is_launched() or os.environ["RANK"] == "0"


def from_first(make: Callable[[], T]) -> T:
    """What the first rank makes, on every rank. Blocks until all have come; the others do not call
    it.
    """
    if not is_launched():
        return make()
    import torch
    from accelerate import PartialState
    from accelerate.utils import broadcast_object_list

    PartialState(cpu=not torch.cuda.is_available())  # joins the ranks where nobody has yet
    # the list of every rank holds the first one's object afterwards, which no type can say
    return cast(T, broadcast_object_list([make() if is_first() else None])[0])


def open_pipe(write_fd: int) -> BinaryIO:
    """The pipe to the parent. A launcher passes no descriptors on, but keeps its own: they are
    reopened through /proc.

    A launched rank ends with its launcher from here on, whatever ends that.
    """
    if not is_launched():
        return os.fdopen(write_fd, "wb")
    ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
    return open(f"/proc/{os.getppid()}/fd/{write_fd}", "wb")


def read_numbered_cpus() -> None:
    """Let checkpoints of launched ranks be read on the CPU: accelerate numbers the CPU by rank, and
    torch cannot read its tag.
    """
    if is_launched():
        import torch

        torch.serialization.register_package(50, lambda stored: None, _on_cpu)


def _on_cpu(storage, location: str):
    return storage.cpu() if location.startswith("cpu:") else None


def leave(status: int) -> None:
    """End this process and all it started at once, or the launcher with all its ranks."""
    if is_launched():
        os.kill(os.getppid(), signal.SIGKILL)
    elif os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(status)
