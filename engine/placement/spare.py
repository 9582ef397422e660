"""A spare child: a process that has imported what every model needs, and from which children come
that need not import it again.

The program asks over a socket and hands over a child's descriptors. The spare forks twice and the
one between ends at once, while the program is the reaper of orphans: so the child is the program's
own, and waits, signals and exit codes are as with any child. The spare ends when the socket closes,
whoever dies first, and it opens no model: it holds no lock, no thread and no device that a fork
could break.
"""

import ctypes
import gc
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path

PRELOADED = (
    "torch",
    "transformers",
    "transformers.modeling_utils",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto",
    "transformers.generation.utils",
    "transformers.modeling_layers",
)
READY_S = 60.0
"""A spare that takes longer is done without."""

_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""


class Spare:
    """The program's side. Safe to use from several threads.

    Args:
        command: starts serve() with the descriptor of its socket as last argument.
    """

    def __init__(self, command: list[str], folder: Path, environment: Mapping[str, str]):
        self._turn = threading.Lock()
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(READY_S)
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                cwd=folder,
                env=environment,
            )

    @property
    def dead(self) -> bool:
        return self._process.poll() is not None

    def child(self, stdin: int, log: int, answers: int) -> "Child | None":
        """A child with these descriptors; None where there is no spare any more. Blocks until
        everything is imported.
        """
        with self._turn, suppress(OSError):
            _adopt_orphans(True)
            try:
                socket.send_fds(self._socket, [b"!"], [stdin, log, answers])
                pid = int(self._socket.recv(32) or b"0")
            finally:
                _adopt_orphans(False)
            return Child(pid) if pid else None
        return None

    def close(self) -> None:
        """End the spare; its children live on."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


class Child:
    """A child that was forked, with what is asked of one that was started."""

    def __init__(self, pid: int):
        self.pid = pid
        self.returncode: int | None = None
        self._turn = threading.Lock()

    def wait(self) -> int:
        """Its exit code, negative where a signal ended it. Blocks until it has ended."""
        with self._turn:
            if self.returncode is None:
                _, status = os.waitpid(self.pid, 0)
                self.returncode = os.waitstatus_to_exitcode(status)
            return self.returncode


def serve(fd: int, work: Callable[[int], object]) -> None:
    """The spare's side: import, then fork until the socket closes.

    Args:
        work: what a child does, told the descriptor that its answers go to.
    """
    with socket.socket(fileno=fd) as asked:
        gc.disable()
        for module in PRELOADED:
            if select.select([asked], [], [], 0)[0] and not asked.recv(1, socket.MSG_PEEK):
                return
            import_module(module)
        gc.freeze()  # no child looks through, and so copies, what all of them share
        gc.enable()
        while True:
            said, descriptors, _, _ = socket.recv_fds(asked, 1, 3)
            if not said:
                return
            asked.send(str(_forked(asked, descriptors, work)).encode())


def _forked(asked: socket.socket, descriptors: list[int], work: Callable[[int], object]) -> int:
    """The process id of a new child, which nobody of here waits for."""
    read_end, write_end = os.pipe()
    between = os.fork()
    if not between:
        child = os.fork()
        if not child:
            os.close(read_end)
            os.close(write_end)
            asked.close()
            _become(descriptors, work)
        os.write(write_end, str(child).encode())
        os._exit(0)
    os.close(write_end)
    for descriptor in descriptors:
        os.close(descriptor)
    os.waitpid(between, 0)
    with os.fdopen(read_end) as pipe:
        return int(pipe.read())


def _become(descriptors: list[int], work: Callable[[int], object]) -> None:
    """The child: a session of its own, its descriptors in their places, and no way back."""
    status = 1
    try:
        os.setsid()
        stdin, log, answers = descriptors
        for descriptor, place in ((stdin, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, place)
        for descriptor in (stdin, log):
            os.close(descriptor)
        work(answers)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _adopt_orphans(wanted: bool) -> None:
    ctypes.CDLL(None).prctl(_SUBREAPER, int(wanted))


def end_group(process: "Child | subprocess.Popen[bytes]") -> None:
    """Kill a child's session while the child, dead or alive, still holds its number."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
