"""One process in bubblewrap: what it sees, what it may take, and its end.

It sees an interpreter with its standard library, an empty /tmp of its own and nothing else: no
network, no /proc, no environment, nobody else's process, no file of ours. It is killed from outside
when its time is over, with all that belongs to it, and when this process ends.

Source: bubblewrap 0.8, bwrap(1).
"""

import contextlib
import json
import os
import platform
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import GradingError
from engine.grading.sandbox.seccomp import refusing_filter

INSTALL = "Install it with your distribution's packages: apt-get install bubblewrap."
INSIDE = Path(__file__).with_name("inside.py")

_GONE_S = 10.0
"""How long the kernel may take to end what was killed."""

_NOBODY = "65534"
_LINKED = ("/lib", "/lib64")
"""Symbolic links into /usr on most systems."""
_LINKER = "/etc/ld.so.cache"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one sandboxed process may take."""

    wall_s: float = 10.0
    """Seconds until it is killed, all tests of one sandbox together."""
    cpu_s: int = 6
    memory_mib: int = 512
    """Address space."""
    file_mib: int = 4
    """Every file, its standard output included."""
    tmp_mib: int = 16
    """All that lies in its /tmp."""


class Box:
    """A process in a sandbox of its own, running inside.py.

    Args:
        role: of inside.py.
        descriptors: handed over, in the order that the role takes them.
        stdin, stdout, stderr: descriptors; None for /dev/null.

    Raises: GradingError where it cannot be started.
    """

    def __init__(
        self,
        role: str,
        limits: Limits,
        descriptors: Sequence[int],
        *,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> None:
        bubblewrap = shutil.which("bwrap")
        if bubblewrap is None:
            raise GradingError(f"bubblewrap is not there. {INSTALL}")
        rules = memory_file(refusing_filter(platform.machine()))
        says, info = os.pipe()
        options = [*_walls(limits), "--seccomp", str(rules), "--info-fd", str(info)]
        try:
            self._process = subprocess.Popen(
                [bubblewrap, *options, "--", *_inside(role, limits), *map(str, descriptors)],
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=subprocess.DEVNULL if stdout is None else stdout,
                stderr=subprocess.DEVNULL if stderr is None else stderr,
                pass_fds=[rules, info, *descriptors],
                env={},
                cwd="/",
            )
        except OSError as error:
            os.close(says)
            raise GradingError(f"A sandbox could not start: {error}.") from error
        finally:
            os.close(rules)
            os.close(info)
        self._first = _first_process(says)
        self._ending = threading.Lock()

    def wait(self, timeout_s: float) -> int | None:
        """The exit status (128 and a signal's number for a signal); None where it still runs."""
        try:
            return self._process.wait(max(0.0, timeout_s))
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """Kill it, with everything in it, and wait until it is gone; nothing happens where it is.

        bubblewrap asks to die with its parent, but not from its first moment on: so the first
        process of the sandbox is killed too, and with it the kernel kills all others there.
        """
        with self._ending:
            if self._first is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._first, signal.SIGKILL)
                ends = select.poll()
                ends.register(self._first, select.POLLIN)
                ends.poll(1_000 * _GONE_S)
                os.close(self._first)
                self._first = None
            self._process.kill()
            self._process.wait()


def _first_process(says: int) -> int | None:
    """A descriptor of the process that all others of the sandbox descend from, by what bubblewrap
    says; None where it did not come so far.
    """
    with os.fdopen(says, "rb") as info:
        said = info.read(4_096)
    try:
        return os.pidfd_open(json.loads(said)["child-pid"])
    except (ValueError, KeyError, OSError):
        return None


def memory_file(content: bytes = b"") -> int:
    """A descriptor of a file that is nowhere, at its beginning."""
    descriptor = os.memfd_create("content")
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _walls(limits: Limits) -> list[str]:
    return [
        *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"),
        *("--cap-drop", "ALL", "--uid", _NOBODY, "--gid", _NOBODY),
        *_visible(),
        *("--dev", "/dev", "--remount-ro", "/dev"),
        *("--size", str(limits.tmp_mib << 20), "--tmpfs", "/tmp", "--chdir", "/tmp"),
        *("--remount-ro", "/"),
    ]


def _visible() -> Iterator[str]:
    """What Python needs, read-only: shared libraries, the interpreter, its standard library."""
    for folder in map(Path, _LINKED):
        if folder.is_symlink():
            yield from ("--symlink", os.readlink(folder), str(folder))
    library = Path(sysconfig.get_path("stdlib"))
    for path in (*_libraries(), Path(_LINKER), _interpreter(), library):
        if path.exists():
            yield from ("--ro-bind", str(path), str(path))
    if (library / "site-packages").is_dir():
        yield from ("--tmpfs", str(library / "site-packages"))
        yield from ("--remount-ro", str(library / "site-packages"))
    yield from ("--ro-bind", str(INSIDE), f"/{INSIDE.name}")


def _libraries() -> Iterator[Path]:
    """Where shared libraries lie: Debian's folder of the architecture alone, else all of them."""
    multiarch = sysconfig.get_config_var("MULTIARCH") or "none"
    roots = [Path(root) for root in ("/", "/usr") if not (Path(root) / "lib").is_symlink()]
    for root in roots:
        own = root / "lib" / multiarch
        yield own if own.is_dir() else root / "lib"
        if own.is_dir():
            yield from (root / "lib").glob("ld-linux*")
        if not (root / "lib64").is_symlink():
            yield root / "lib64"
    shared = str(sysconfig.get_config_var("INSTSONAME") or "")
    if ".so" in shared:
        yield Path(sysconfig.get_config_var("LIBDIR") or "/") / shared


def _interpreter() -> Path:
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _inside(role: str, limits: Limits) -> list[str]:
    most = (limits.memory_mib, limits.cpu_s, limits.file_mib)
    options = ("-I", "-B", "-X", "utf8")
    return [str(_interpreter()), *options, f"/{INSIDE.name}", role, *map(str, most)]
