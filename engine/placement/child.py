"""Backends in child processes that answer over pipes.

A child is bound to one backend with one set of weights; it may stay warm between phases, and it
ends when its pipe closes, whoever dies first.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from engine import errors
from engine.config.backends import BACKENDS
from engine.errors import EngineError, TrainingError, WorkerDied
from engine.events import Event
from engine.models import devices
from engine.paths import ROOT
from engine.placement import wire
from engine.placement.backends import Backend, Placement
from engine.placement.spare import Child, Spare, end_group
from engine.training import TrainingTask
from engine.types import InFlight, Request, Response, SamplingSettings, StepScores

CPU_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "MALLOC_MMAP_THRESHOLD_": "8589934592",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
    "ACCELERATE_USE_CPU": "true",
}
"""Set for children on a machine without a GPU, unless the user set them: one thread, memory that
glibc keeps, ranks on the CPU.
Source: measured, docs/decisions.md, "What a child process on a CPU is told before it starts"."""

FORKED = (
    *("hf_local", "token_classification", "skywork_prm", "tagged_lm", "implicit", "outcome"),
    *("dpo", "sft", "grpo", "rloo"),
)
"""Backends that import transformers and nothing that a fork could break."""


class Workers(Placement):
    """One child process per backend. On a Linux machine without a GPU those with a small model of
    transformers come from a spare child, which imports it once for all.
    """

    def __init__(self, logs: Path):
        super().__init__(logs)
        self._spare: Spare | None = None
        self._expected: Remote | None = None

    def prepare(self) -> None:
        has_one = self._spare is not None and not self._spare.dead
        if devices.has_gpu() or has_one or sys.platform != "linux":
            return
        with self._lock:
            command = [sys.executable, "-m", "engine.placement.worker", "spare"]
            self._spare = Spare(command, ROOT, child_environment())

    def expect(self, backend: Backend) -> None:
        """Where children are forked: such a one waits with its libraries for next to nothing."""
        with self._lock:
            is_there = self._expected is not None and self._expected.is_open_for(backend)
            if is_there or self._spare is None or self._spare.dead or not _is_forked(backend):
                return
            self._end_expected()
            self._expected = Remote(backend, self.logs, self._spare)

    def abort(self) -> None:
        for opened in list(self._open.values()):
            opened.kill()

    def close(self) -> None:
        self.release()
        self._end_expected()
        if self._spare:
            self._spare.close()

    def _start(self, backend: Backend) -> "Remote":
        expected = self._expected
        if expected is not None and expected.is_open_for(backend):
            self._expected = None
            return expected
        return Remote(backend, self.logs, self._spare if _is_forked(backend) else None)

    def _end_expected(self) -> None:
        if self._expected:
            self._expected.kill()
        self._expected = None


def _is_forked(backend: Backend) -> bool:
    return backend.name in FORKED and backend.options.get("n_processes", 1) == 1


class Remote:
    """A backend in a child process. Answers as the backend itself would; a child's death is a
    WorkerDied.

    Starts loading at once and does not wait for it: what goes wrong there is raised by the first
    call. Calls from several threads take turns.
    """

    def __init__(self, backend: Backend, logs: Path, spare: Spare | None = None):
        logs.mkdir(parents=True, exist_ok=True)
        read_end, write_end = os.pipe()
        self._backend, self.dead = backend, False
        self._log = logs / f"{backend.name}-{os.getpid()}-{id(self):x}.log"
        self._process, self._stdin = _started(backend, self._log, write_end, spare)
        self._answers: queue.Queue[bytes | None] = queue.Queue()
        self._reader = threading.Thread(
            target=self._read, args=(read_end,), name=f"{backend.name} pipe", daemon=True
        )
        self._reader.start()
        self._turn = threading.Lock()
        self._opened = False
        self.in_flight: InFlight | None = None
        opening = {"backend": asdict(backend), "entry": asdict(BACKENDS[backend.name])}
        self._send(wire.message_line(opening))

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_open_for(self, backend: Backend) -> bool:
        """Whether this is that backend, and its child has not ended."""
        return self._backend == backend and self._reader.is_alive()

    def sample(
        self, requests: Sequence[Request], settings: SamplingSettings
    ) -> Iterator[list[Response]]:
        yield from self._call("sample", list(requests), settings)

    def score(self, items: Sequence[tuple[str, str]]) -> list[StepScores]:
        (scores,) = self._call("score", list(items))
        return scores

    def train(self, task: TrainingTask, should_stop: Callable[[], bool]) -> Iterator[Event]:
        stop_sent = False
        for event in self._call("train", task):
            yield event
            if should_stop() and not stop_sent:
                self._send(wire.message_line({"stop": True}))
                stop_sent = True

    def load(self) -> None:
        """Wait until the backend is loaded. Raises: what went wrong there."""
        with self._turn:
            try:
                self._require_open()
            except BaseException:
                self.kill()
                raise

    def kill(self) -> None:
        """End the child and all it started at once, the ranks of a launched one too; whoever waits
        for it gets WorkerDied.
        """
        self.dead = True
        end_group(self._process)
        self._process.wait()
        self._reader.join(timeout=30)  # the pipe closes when the last rank is gone
        with suppress(OSError):  # what was not written yet, nobody reads
            self._stdin.close()

    close = kill

    def _call(self, method: str, *arguments) -> Iterator[Any]:
        with self._turn:
            finished = False
            try:
                self._require_open()
                self._send(wire.call_line(method, arguments))
                yield from self._results(method)
                finished = True
            finally:
                self.in_flight = None
                if not finished:
                    self.kill()

    def _require_open(self) -> None:
        if not self._opened:
            list(self._results("open"))
            self._opened = True

    def _results(self, method: str) -> Iterator[Any]:
        while True:
            line = self._answers.get()
            if line is None:
                self.dead = True
                raise self._death()
            if result := wire.read_result(method, line):
                yield result[0]
                continue
            message = json.loads(line)
            if "error" in message:
                kind = getattr(errors, message["kind"], EngineError)
                raise kind(message["error"])
            if "end" in message:
                return
            if "in_flight" in message:
                self.in_flight = InFlight(**message["in_flight"])

    def _send(self, line: bytes) -> None:
        try:
            self._stdin.write(line)
            self._stdin.flush()
        except (BrokenPipeError, ValueError):  # it ended, or was killed here: its pipe is closed
            raise self._death() from None

    def _read(self, read_end: int) -> None:
        with os.fdopen(read_end, "rb") as pipe:
            for line in pipe:
                self._answers.put(line)
        self._answers.put(None)

    def _death(self) -> WorkerDied:
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        end_group(self._process)
        code = self._process.wait()
        tail = self._log.read_text(errors="replace").strip().splitlines()[-3:]
        said = f' Its last words: "{" / ".join(tail)}".' if tail else ""
        return WorkerDied(
            f"The worker for {self._backend.name} ended unexpectedly (exit code {code}).{said} What"
            " it had finished is stored. If memory is short, lower sampling.batch_size; then"
            f" resume the job. Its log: {self._log}"
        )


def _started(
    backend: Backend, log: Path, write_end: int, spare: Spare | None
) -> tuple[Child | subprocess.Popen[bytes], BinaryIO]:
    """A child process and its standard input: forked where there is a spare one, else started. The
    descriptor for its answers is its own then.
    """
    stdin, to_child = os.pipe()
    try:
        with log.open("wb") as file:
            process = spare.child(stdin, file.fileno(), write_end) if spare else None
            process = process or subprocess.Popen(
                [*child_command(backend), str(write_end)],
                stdin=stdin,
                stdout=file,
                stderr=subprocess.STDOUT,
                pass_fds=[write_end],
                start_new_session=True,
                cwd=ROOT,
                env=child_environment(backend.seat.get("gpu")),
            )
    finally:
        os.close(stdin)
        os.close(write_end)
    return process, os.fdopen(to_child, "wb")


def child_command(backend: Backend) -> list[str]:
    """The command of a child process, less its pipe; several training processes start through
    accelerate's launcher.
    """
    n_processes = backend.options.get("n_processes", 1)
    if n_processes == 1:
        return [sys.executable, "-m", "engine.placement.worker"]
    file = backend.options.get("accelerate_config")
    if file and not Path(file).is_file():
        raise TrainingError(
            f"training.accelerate_config is {file}: there is no such file. Give a file that"
            " accelerate can read."
        )
    kind = (
        ["--config_file", file]
        if file
        else [
            "--multi_gpu",
            "--num_machines",
            "1",
            "--mixed_precision",
            "no",
            "--dynamo_backend",
            "no",
        ]
    )
    launch = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--num_processes",
        str(n_processes),
        "--main_process_port",
        "0",
    ]
    return [*launch, *kind, "--module", "engine.placement.worker"]


def child_environment(gpu: int | str | None = None) -> dict[str, str]:
    """The environment of a child process, which sees one GPU if it is given one, by its number on
    the PCI bus, or several, with commas.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TOKENIZERS_PARALLELISM": "false"}
    if gpu is not None:
        environment |= {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(gpu)}
    if devices.has_gpu():
        return environment
    return {**CPU_ENVIRONMENT, **environment}
