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
"""A spare that takes longer is ended and done without."""

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
        everything is imported, READY_S seconds at most: a spare that does not answer is ended, so
        that no child of its own ever gets what another one is started with then.
        """
        child = None
        with self._turn:
            _adopt_orphans(True)
            try:
                with suppress(OSError, ValueError):  # a spare that ended says nothing
                    socket.send_fds(self._socket, [b"!"], [stdin, log, answers])
                    child = Child(int(self._socket.recv(32)))
            finally:
                if child is None:
                    self._end()
                _adopt_orphans(False)
        return child

    def close(self) -> None:
        """End the spare; its children live on."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def _end(self) -> None:
        """End the spare with what it is forking, and the child that it told of too late."""
        end_group(self._process)
        self._process.wait()
        with suppress(OSError, ValueError):  # it told of none
            self._socket.setblocking(False)
            late = Child(int(self._socket.recv(32)))
            end_group(late)
            late.wait()
        self._socket.close()


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
            _fork(asked, descriptors, work)


def _fork(asked: socket.socket, descriptors: list[int], work: Callable[[int], object]) -> None:
    """Fork a child, which nobody of here waits for, and tell its process id once it has a session
    of its own. Only then does it begin: one that was not told of ends, and holds nothing any more.
    """
    read_end, write_end = os.pipe()
    signal_read, signal_write = os.pipe()
    between = os.fork()
    if not between:
        if not os.fork():
            os.setsid()
            os.write(write_end, str(os.getpid()).encode())
            for descriptor in (read_end, write_end, signal_write):
                os.close(descriptor)
            asked.close()
            if not os.read(signal_read, 1):
                os._exit(1)
            os.close(signal_read)
            _become(descriptors, work)
        os._exit(0)
    for descriptor in (write_end, signal_read, *descriptors):
        os.close(descriptor)
    os.waitpid(between, 0)
    with os.fdopen(read_end) as pipe:
        asked.send(str(int(pipe.read())).encode())
    with suppress(BrokenPipeError):  # it was killed meanwhile
        os.write(signal_write, b"!")
    os.close(signal_write)


def _become(descriptors: list[int], work: Callable[[int], object]) -> None:
    """The child: its descriptors in their places, and no way back."""
    status = 1
    try:
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
