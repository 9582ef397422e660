"""Where heavy work runs: in child processes that answer over pipes, or inline in this process.

Both give the same backends with the same answers. A child is bound to one backend with one set of weights; it may stay warm
between phases, and it ends when its pipe closes, whoever dies first.
"""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine import errors, wire
from engine.config import TrainingConfig
from engine.errors import EngineError, TrainingError, WorkerDied
from engine.events import Event
from engine.paths import ROOT
from engine.training import TrainingTask
from engine.types import Request, Response, SamplingSettings, StepScores

CPU_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "MALLOC_MMAP_THRESHOLD_": "8589934592",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
    "ACCELERATE_USE_CPU": "true",
}
"""Set for children on a machine without a GPU, unless the user set them: one thread, memory that glibc keeps, ranks on the CPU.
Source: measured, docs/decisions.md, "What a child process on a CPU is told before it starts"."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Which backend, bound to which weights."""

    name: str
    """A key of BACKENDS."""
    path: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    seat: dict[str, Any] = field(default_factory=dict, compare=False)
    """Where it is opened: gpu (its number), memory_share (of that GPU, for vLLM). It changes no answer, so an open backend stays."""

    def key(self) -> str:
        return json.dumps([self.name, self.path, self.options], sort_keys=True)


def open_backend(backend: Backend):
    """Load a backend in this process. Blocks for seconds to minutes. Raises: the backend's own EngineError."""
    return BACKENDS[backend.name](backend)


def trainer_backend(training: TrainingConfig) -> Backend:
    """The trainer in one process, or in several under accelerate's launcher."""
    if training.n_processes == 1:
        return Backend(training.method)
    return Backend(training.method, options={"n_processes": training.n_processes, "accelerate_config": training.accelerate_config})


def _hf_local(b: Backend):
    from engine.samplers.hf_local import HfSampler

    return HfSampler(b.path, **b.options)


def _vllm_local(b: Backend):
    from engine.samplers.vllm_local import VllmSampler

    return VllmSampler(b.path, memory_share=b.seat.get("memory_share"), **b.options)


def _openai_api(b: Backend):
    from engine.samplers.openai_api import OpenAiSampler

    return OpenAiSampler(b.path, **b.options)


def _ray_pool(b: Backend):
    from engine.samplers.ray_pool import RaySampler

    return RaySampler(b.path, **b.options)


def _token_classification(b: Backend):
    from engine.rewards.token_classification import TokenClassificationReward

    return TokenClassificationReward(b.path, **b.options)


def _qwen_prm(b: Backend):
    from engine.rewards.qwen_prm import open_qwen_prm

    return open_qwen_prm(b.path, **b.options)


def _skywork_prm(b: Backend):
    from engine.rewards.skywork_prm import SkyworkPrm

    return SkyworkPrm(b.path, **b.options)


def _outcome(b: Backend):
    from engine.rewards.outcome import OutcomeReward

    return OutcomeReward(b.path, **b.options)


def _recorded(b: Backend):
    from engine.recorded.sampler import RecordedSampler

    return RecordedSampler(b.path, batch_size=b.options.get("batch_size", 256))


def _recorded_scores(b: Backend):
    from engine.recorded.scores import RecordedScores

    return RecordedScores(b.path)


def _dpo(b: Backend):
    from engine.training.dpo import DpoTrainer

    return DpoTrainer()


def _sft(b: Backend):
    from engine.training.sft import SftTrainer

    return SftTrainer()


BACKENDS: dict[str, Callable[[Backend], Any]] = {
    "hf_local": _hf_local,
    "vllm_local": _vllm_local,
    "openai_api": _openai_api,
    "ray_pool": _ray_pool,
    "recorded": _recorded,
    "recorded_scores": _recorded_scores,
    "token_classification": _token_classification,
    "qwen_prm": _qwen_prm,
    "skywork_prm": _skywork_prm,
    "outcome": _outcome,
    "dpo": _dpo,
    "sft": _sft,
}


class Placement:
    """Opens backends and keeps them until released, so that an unchanged policy stays loaded between phases."""

    def __init__(self, logs: Path):
        self.logs = logs
        self._open: dict[str, Any] = {}
        self._lock = threading.RLock()

    def get(self, backend: Backend):
        """The backend, opened now or kept from before; the key holds its weights, so it never answers with others."""
        with self._lock:
            key = backend.key()
            kept = self._open.get(key)
            if kept is None or getattr(kept, "dead", False):
                self._open[key] = self._start(backend)
            return self._open[key]

    def is_open(self, backend: Backend) -> bool:
        """Whether get() would answer at once, with what is loaded."""
        with self._lock:
            kept = self._open.get(backend.key())
            return kept is not None and not getattr(kept, "dead", False)

    def release(self, *, keep: Sequence[Backend] = ()) -> None:
        """Close every backend that is not named. Blocks until their memory is given back."""
        kept_keys = {backend.key() for backend in keep}
        with self._lock:
            for key in [key for key in self._open if key not in kept_keys]:
                self._open.pop(key).close()

    def abort(self) -> None:
        """Give all work in flight up, at once where it runs in children; callable from any thread."""
        for opened in list(self._open.values()):
            if isinstance(opened, Remote):
                opened.kill()

    def _start(self, backend: Backend):
        raise TypeError("Placement is abstract: use Workers or Inline.")


class Inline(Placement):
    """Backends in this process: torch is imported here, and only now."""

    def _start(self, backend: Backend):
        return open_backend(backend)


class Workers(Placement):
    """One child process per backend."""

    def _start(self, backend: Backend):
        return Remote(backend, self.logs)


class Remote:
    """A backend in a child process. Answers as the backend itself would; a child's death is a WorkerDied.

    Starts loading at once and does not wait for it: what goes wrong there is raised by the first call. Calls from several
    threads take turns.
    """

    def __init__(self, backend: Backend, logs: Path):
        logs.mkdir(parents=True, exist_ok=True)
        read_end, write_end = os.pipe()
        self._backend, self.dead = backend, False
        self._log = logs / f"{backend.name}-{os.getpid()}-{id(self):x}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*child_command(backend), str(write_end)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[write_end],
                start_new_session=True,
                cwd=ROOT,
                env=child_environment(backend.seat.get("gpu")),
            )
        os.close(write_end)
        self._answers: queue.Queue[bytes | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(read_end,), name=f"{backend.name} pipe", daemon=True)
        self._reader.start()
        self._turn = threading.Lock()
        self._opened = False
        self._send(asdict(backend))

    @property
    def pid(self) -> int:
        return self._process.pid

    def sample(self, requests: Sequence[Request], settings: SamplingSettings) -> Iterator[list[Response]]:
        yield from self._call("sample", list(requests), settings)

    def score(self, items: Sequence[tuple[str, str]]) -> list[StepScores]:
        (scores,) = self._call("score", list(items))
        return scores

    def train(self, task: TrainingTask, should_stop: Callable[[], bool]) -> Iterator[Event]:
        stop_sent = False
        for event in self._call("train", task):
            yield event
            if should_stop() and not stop_sent:
                self._send({"stop": True})
                stop_sent = True

    def kill(self) -> None:
        """End the child and all it started at once, the ranks of a launched one too; whoever waits for it gets WorkerDied."""
        self.dead = True
        self._end_group()
        self._process.wait()
        self._reader.join(timeout=30)  # the pipe closes when the last rank is gone

    close = kill

    def _call(self, method: str, *arguments) -> Iterator[Any]:
        with self._turn:
            finished = False
            try:
                if not self._opened:
                    list(self._results("open"))
                    self._opened = True
                self._send({"call": method, "arguments": wire.dump_arguments(method, arguments)})
                yield from self._results(method)
                finished = True
            finally:
                if not finished:
                    self.kill()

    def _results(self, method: str) -> Iterator[Any]:
        while True:
            line = self._answers.get()
            if line is None:
                self.dead = True
                raise self._death()
            message = json.loads(line)
            if "error" in message:
                kind = getattr(errors, message["kind"], EngineError)
                raise kind(message["error"])
            if "end" in message:
                return
            yield wire.load_result(method, message["result"])

    def _send(self, message: dict) -> None:
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._death() from None

    def _read(self, read_end: int) -> None:
        with os.fdopen(read_end, "rb") as pipe:
            for line in pipe:
                self._answers.put(line)
        self._answers.put(None)

    def _end_group(self) -> None:
        """Kill the child's session while the child, dead or alive, still holds its number."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _death(self) -> WorkerDied:
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        self._end_group()
        code = self._process.wait()
        tail = self._log.read_text(errors="replace").strip().splitlines()[-3:]
        said = f' Its last words: "{" / ".join(tail)}".' if tail else ""
        return WorkerDied(
            f"The worker for {self._backend.name} ended unexpectedly (exit code {code}).{said} What it had finished is stored. "
            f"If memory is short, lower sampling.batch_size; then resume the job. Its log: {self._log}"
        )


def child_command(backend: Backend) -> list[str]:
    """The command of a child process, less its pipe; several training processes start through accelerate's launcher."""
    n_processes = backend.options.get("n_processes", 1)
    if n_processes == 1:
        return [sys.executable, "-m", "engine.worker"]
    file = backend.options.get("accelerate_config")
    if file and not Path(file).is_file():
        raise TrainingError(f"training.accelerate_config is {file}: there is no such file. Give a file that accelerate can read.")
    kind = ["--config_file", file] if file else ["--multi_gpu", "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", str(n_processes), "--main_process_port", "0"]
    return [*launch, *kind, "--module", "engine.worker"]


def child_environment(gpu: int | None = None) -> dict[str, str]:
    """The environment of a child process, which sees one GPU if it is given one, by its number on the PCI bus."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TOKENIZERS_PARALLELISM": "false"}
    if gpu is not None:
        environment |= {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(gpu)}
    if shutil.which("nvidia-smi"):
        return environment
    return {**CPU_ENVIRONMENT, **environment}
