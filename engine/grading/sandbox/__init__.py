"""Programs of strangers, run in an operating-system sandbox or not at all.

`box` starts one process in bubblewrap, `seccomp` says which system calls it may not make, `inside`
is what runs there. Here a program is given its input, or its tests, and what came of it is read
from files in memory once all processes have ended: no pipe of ours can be filled or held open.

What is protected and what is not: docs/verdicts.md, "The sandbox".
"""

import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine.errors import GradingError
from engine.grading.sandbox.box import Box, Limits, memory_file
from engine.grading.sandbox.seccomp import MACHINES

__all__ = ["Limits", "Sandbox", "ScriptRun", "TestRun", "unavailable"]

MAX_READ = 8 << 20
"""Bytes that are read of what a process wrote."""

_OUT_OF_TIME = 128 + 24
"""Exit status after SIGXCPU: the limit of processor time."""


_STOPPED = "The sandbox was stopped before this program was checked."
_LAST_S = 1.0
"""How long a program may take to end once its tests have."""


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """A program that was run by itself."""

    status: int | None
    """Exit status; None where its time was over."""
    output: str
    error: str
    """The end of what it wrote to standard error."""

    @property
    def took_too_long(self) -> bool:
        return self.status in (None, _OUT_OF_TIME)


@dataclass(frozen=True, slots=True)
class TestRun:
    """A program that was called by tests."""

    n_passed: int
    """Tests that passed, from the first."""
    is_over: bool
    """False where time was over in the test behind them."""
    why: str
    """Why that one failed; empty where all passed, or time was over."""


class Sandbox:
    """Runs programs; safe to use from several threads."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self.limits = limits
        self._boxes: set[Box] = set()
        self._lock = threading.Lock()
        self._is_stopped = False

    def script(self, program: str, given: str) -> ScriptRun:
        """Run a program with a standard input. Blocks for at most limits.wall_s.

        Raises: GradingError where it cannot be started.
        """
        source, stdin = _encoded(program), _encoded(given)
        with _files(source, stdin, b"", b"", b"") as (text, standard, output, error, started):
            with self._box(
                "script", (text, started), stdin=standard, stdout=output, stderr=error
            ) as box:
                status = box.wait(self.limits.wall_s)
            said = _read(error)[-2_000:]
            if status is not None and not _read(started):
                raise GradingError(_not_started(said))
            return ScriptRun(status, _read(output), said)

    def tests(
        self, program: str, tests: Sequence[str], setup: str, names: Sequence[str]
    ) -> TestRun:
        """Run asserts against a program, in order, up to the first that fails. Blocks for at most
        limits.wall_s.

        Args:
            setup: run before the tests, on their side.
            names: what the tests may call of the program.

        Raises: GradingError where a sandbox cannot be started.
        """
        task = {"tests": list(tests), "setup": setup, "names": list(names)}
        deadline = time.monotonic() + self.limits.wall_s
        with (
            _files(_encoded(program), json.dumps(task).encode(), b"", b"") as files,
            _pipes() as (calls_out, calls_in, outcomes_out, outcomes_in, close),
        ):
            text, asked, report, error = files
            with (
                self._box("program", (text, calls_out, outcomes_in)) as called,
                self._box("tests", (asked, outcomes_out, calls_in, report), stderr=error) as box,
            ):
                close()
                status = box.wait(deadline - time.monotonic())
                is_over = status is not None and called.wait(_LAST_S) != _OUT_OF_TIME
            return _outcome(_read(report), is_over, _read(error), len(tests))

    def stop(self) -> None:
        """Kill what runs; nothing starts any more, and nothing that ran gives a result."""
        self._is_stopped = True
        with self._lock:
            running = list(self._boxes)
        for box in running:
            box.end()

    @contextmanager
    def _box(self, role: str, descriptors: Sequence[int], **standard: int | None) -> Iterator[Box]:
        self._require_not_stopped()
        box = Box(role, self.limits, descriptors, **standard)
        with self._lock:
            self._boxes.add(box)
        try:
            self._require_not_stopped()
            yield box
        finally:
            with self._lock:
                self._boxes.discard(box)
            box.end()
        self._require_not_stopped()

    def _require_not_stopped(self) -> None:
        if self._is_stopped:
            raise GradingError(_STOPPED)


def _outcome(report: str, is_over: bool, error: str, n_tests: int) -> TestRun:
    events: list[dict[str, Any]] = [json.loads(line) for line in report.splitlines()]
    if not events and is_over:
        raise GradingError(_not_started(error))
    last = events[-1] if events else {"begins": 0}
    if "passed" in last:
        return TestRun(n_tests, True, "")
    if not is_over:
        return TestRun(last.get("failed", last.get("begins", 0)), False, "")
    if "failed" in last:
        return TestRun(int(last["failed"]), True, str(last["why"]))
    return TestRun(int(last["begins"]), True, "the tests ended before it was over")


def _not_started(said: str) -> str:
    return (
        f"A sandbox could not start: {' '.join(said.split())[-300:] or 'it said nothing'}. Programs"
        " are run in bubblewrap only, and it needs user namespaces: allow them on this machine"
        " (kernel.unprivileged_userns_clone, apparmor_restrict_unprivileged_userns, or the"
        " container's settings)."
    )


@contextmanager
def _files(*contents: bytes) -> Iterator[list[int]]:
    descriptors: list[int] = []
    try:
        descriptors += [memory_file(content) for content in contents]
        yield descriptors
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


@contextmanager
def _pipes() -> Iterator[tuple[int, int, int, int, Callable[[], None]]]:
    """Two pipes, and what closes them here once others have them."""
    ends = [*os.pipe(), *os.pipe()]

    def close() -> None:
        while ends:
            os.close(ends.pop())

    try:
        yield ends[0], ends[1], ends[2], ends[3], close
    finally:
        close()


def _read(descriptor: int) -> str:
    return os.pread(descriptor, MAX_READ, 0).decode("utf-8", "replace")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


_works = threading.Event()


def unavailable() -> str | None:
    """Why programs cannot be run on this machine, and what to do; None where they can. Blocks for a
    tenth of a second until it was seen to work.
    """
    if _works.is_set():
        return None
    what = "Problems of the domain code are checked by running programs in a sandbox, bubblewrap."
    if not sys.platform.startswith("linux") or platform.machine() not in MACHINES:
        return f"{what} It is used on Linux on {' and '.join(MACHINES)} only."
    try:
        run = Sandbox().script("print(6 * 7)", "")
    except GradingError as error:
        return f"{what} {error}"
    if run.status != 0 or run.output != "42\n":
        said = " ".join(run.error.split())[-200:]
        return f"{what} It runs here, but Python does not start in it: {said or run.status}."
    _works.set()
    return None
