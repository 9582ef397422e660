"""The parent's end of one checking process: start it, ask it one pair, kill it.

It knows nothing of batches; `pool` decides what a timeout or a death means for a response.
"""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from typing import Any

from engine.errors import GradingError
from engine.grading.child import Rules
from engine.paths import ROOT
from engine.types import VerdictStatus

START_TIMEOUT_S = 120.0
"""A child loads sympy before its first answer: seconds on a quiet machine, more on a busy one."""

_AFTER_KILL_S = 2
"""How much later than the parent's kill the child's own alarm goes off."""


class ProcessDied(Exception):
    """The pipe closed before the answer came."""


class CheckingProcess:
    """One `engine.grading.child` and its two pipes. Not safe to share between threads, except for
    `kill`.
    """

    def __init__(self, timeout_s: float, memory_mib: int, rules: Rules = "ours") -> None:
        self._timeout_s, self._died = timeout_s, False
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        alarm_s = int(timeout_s) + 1 + _AFTER_KILL_S
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "engine.grading.child",
                str(memory_mib),
                str(alarm_s),
                rules,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(p for p in paths if p),
                "OMP_NUM_THREADS": "1",
            },
        )
        self.pid = self._process.pid
        self._selector = selectors.DefaultSelector()
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None, "both are pipes"
        self._stdin, self._stdout = stdin, stdout
        self._selector.register(stdout, selectors.EVENT_READ)

    def wait_until_ready(self) -> None:
        """Blocks while the child loads Math-Verify.

        Raises:
            GradingError: it cannot. The process is ended then.
        """
        try:
            failed = self._read_line(START_TIMEOUT_S).get("failed")
        except (ProcessDied, TimeoutError):
            failed = "it said nothing"
        if failed:
            status = self.end()
            raise GradingError(
                f"A grading process could not start: {failed} (exit status {status}). Check that"
                " math-verify is installed and that memory_mib leaves it at least 500 MiB."
            )

    def ask(
        self, gold: str, predicted: str, *, is_hard: bool = True
    ) -> tuple[VerdictStatus, str] | None:
        """Has one pair compared and returns (status, reason). Blocks for at most the timeout.

        Args:
            is_hard: False only reads both answers; None comes back where that decides nothing.

        Raises:
            TimeoutError: it took too long; call `end`.
            ProcessDied: the process is gone; call `end`.
        """
        try:
            self._stdin.write(json.dumps([gold, predicted, is_hard]).encode("ascii") + b"\n")
        except OSError:
            self._died = True
            raise ProcessDied from None
        answer = self._read_line(self._timeout_s)
        return None if answer["status"] is None else (answer["status"], answer["reason"])

    def _read_line(self, timeout_s: float) -> dict[str, Any]:
        deadline, line = time.monotonic() + timeout_s, b""
        while not line.endswith(b"\n"):
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            if not (part := self._stdout.read(65_536)):
                self._died = True
                raise ProcessDied
            line += part
        return json.loads(line)

    def kill(self) -> None:
        """Kills the process; whoever waits in `ask` gets ProcessDied."""
        self._process.kill()

    def end(self) -> int:
        """Kills the process if it still runs, gives its pipes back, returns its exit status (minus
        a signal's number).
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self._died:
                self._process.wait(1.0)
        self._process.kill()
        self._selector.close()
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        return self._process.wait()
