"""How long until something is there: importing the engine, and the first page in a browser against an empty Streamlit app."""

import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.rows import Row, against, interleaved

ROOT = Path(__file__).resolve().parent.parent
N_RUNS = 5
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def measure() -> list[Row]:
    imported, bare = interleaved(lambda: _python("import engine"), lambda: _python("import numpy"), N_RUNS)
    return [against("startup: import engine (against import numpy)", imported, bare, "s"), _first_page()]


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def _first_page() -> Row:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        empty = Path(folder) / "empty.py"
        empty.write_text("import streamlit as st\nst.title('HS-STaR Studio')\n")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        with serve(ROOT / "app" / "main.py", "--", "--db", f"{folder}/bench.duckdb") as ours, serve(empty) as theirs:

            def visit(url: str) -> None:
                page = browser.new_page()
                page.goto(url)
                page.get_by_role("heading", name="HS-STaR Studio").wait_for()
                page.close()

            return against("startup: first page", *interleaved(lambda: visit(ours), lambda: visit(theirs), N_RUNS), "s")


@contextmanager
def serve(script: Path, *arguments: str) -> Iterator[str]:
    """A real Streamlit server on a free loopback port; yields its address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port), "--server.headless", "true",
               "--server.address", "127.0.0.1", *arguments]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).read()
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()
