"""A real Streamlit server and a real Chromium, for benchmarks and browser tests."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_LIMIT_S = 90
OUR_RUNNER = ("--runner.magicEnabled", "false", "--runner.postScriptGC", "false")
"""What the program's own config.toml sets and Streamlit does not, for a page that it is compared
with.
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serve(
    script: Path,
    *arguments: str,
    settings: Sequence[str] = (),
    log: Path | None = None,
    cwd: Path | None = None,
) -> Iterator[str]:
    """`streamlit run script settings -- arguments` on a free loopback port; yields its address once
    it answers.

    Raises: RuntimeError with the log's end if it does not start.
    """
    port = free_port()
    with start(script, port, *arguments, settings=settings, log=log, cwd=cwd) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def start(
    script: Path,
    port: int,
    *arguments: str,
    settings: Sequence[str] = (),
    log: Path | None = None,
    cwd: Path | None = None,
    new_session: bool = False,
) -> subprocess.Popen:
    """Start a server and wait until it is healthy. In a session of its own it can be killed with
    its children.
    """
    streamlit = Path(sys.executable).with_name("streamlit")
    command = [
        str(streamlit),
        "run",
        str(script),
        "--server.port",
        str(port),
        "--server.address",
        "127.0.0.1",
        "--server.headless",
        "true",
        "--browser.gatherUsageStats",
        "false",
        *settings,
        "--",
        *arguments,
    ]
    out = log.open("ab") if log else subprocess.DEVNULL
    process = subprocess.Popen(
        command, stdout=out, stderr=out, cwd=cwd, start_new_session=new_session
    )
    if answers(process, f"http://127.0.0.1:{port}/_stcore/health", limit_s=START_LIMIT_S):
        return process
    process.kill()
    raise RuntimeError(f"{script} did not start. {log.read_text()[-2000:] if log else ''}")


def answers(process: subprocess.Popen, url: str, *, limit_s: float) -> bool:
    """Block until a server answers at this address; False if its process ends first or the limit
    passes.
    """
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except OSError:
            time.sleep(0.1)
    return False
