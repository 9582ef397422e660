"""How long until something is there: importing the engine, and the first page in a browser against
an empty Streamlit app.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.rows import Row, against, interleaved
from benchmarks.serving import CHROMIUM, CHROMIUM_FLAGS, serve
from engine.paths import ROOT

N_RUNS = 5


def measure() -> list[Row]:
    imported, bare = interleaved(
        lambda: _python("import engine"), lambda: _python("import numpy"), N_RUNS
    )
    return [
        against("startup: import engine (against import numpy)", imported, bare, "s"),
        first_page("startup: first page"),
    ]


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def first_page(name: str) -> Row:
    """The first page of a new database against an empty Streamlit app, in a browser."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        empty = Path(folder) / "empty.py"
        empty.write_text("import streamlit as st\nst.title('HS-STaR Studio')\n")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        with (
            serve(ROOT / "app" / "main.py", "--db", f"{folder}/bench.duckdb") as ours,
            serve(empty) as theirs,
        ):

            def visit(url: str) -> None:
                page = browser.new_page()
                page.goto(url)
                page.get_by_role("heading", name="HS-STaR Studio").wait_for()
                page.close()

            return against(
                name, *interleaved(lambda: visit(ours), lambda: visit(theirs), N_RUNS), "s"
            )
