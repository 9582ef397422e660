"""A dashboard that works for an hour: a tab begins one small study after another and looks at its
pages meanwhile. What grows that should not?

    python -m benchmarks soak --minutes 60

Memory, handles, threads and children are those of the server's process, the database is its file
with its log. A slope is that of a straight line through the looks behind the warm-up.
"""

import itertools
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.by_itself import BEGINS, End, prepare
from benchmarks.rows import Row, alone
from benchmarks.serving import CHROMIUM, CHROMIUM_FLAGS, free_port, start
from benchmarks.ui import APP, SETTLED
from engine.config import RunConfig
from engine.store.wal import log_of
from tests.small_runs import small

MINUTES = 60.0
PAGES = ("run", "", "difficulty", "plan", "responses", "pairs", "training", "compare", "export")
VISITS_PER_TAB = 50
"""Then the tab is closed and another one opened."""
STUDIES_PER_MINUTE = 6
"""More than two cores get through: so many are prepared."""
LIMIT_MS = 120_000
WARM_UP = 0.25
"""Share of the time before which nothing counts."""


@dataclass(frozen=True, slots=True)
class Look:
    """The server at one moment."""

    hours: float
    studies: int
    """That are over."""
    memory_mib: float
    handles: int
    threads: int
    children: int
    database_mib: float


def measure(minutes: float = MINUTES) -> list[Row]:
    """Blocks for so many minutes."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="soak-") as folder, sync_playwright() as playwright:
        path = Path(folder, "studio.duckdb")
        n_studies = max(3, round(minutes * STUDIES_PER_MINUTE))
        run_ids = prepare(path, [_config(seed) for seed in range(n_studies)])
        port = free_port()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        with start(APP, port, "--db", str(path), log=Path(folder, "log.txt")) as process:
            try:
                visits = _visits(_Tab(browser, f"http://127.0.0.1:{port}"), run_ids, path)
                looks = _looks(visits, psutil.Process(process.pid), path, minutes)
            finally:
                process.terminate()
    return rows_of(looks)


def _config(seed: int) -> RunConfig:
    return small(name="Soak", seed=seed, training={"checkpoint_every_s": 60.0})


class _Tab:
    """One tab after another."""

    def __init__(self, browser: Any, url: str):
        self._browser, self._url = browser, url
        self._page, self._n_visits = None, 0

    def visit(self, name: str, run_id: str) -> None:
        """Open a page of a run, and begin the run where the page offers it. Raises: RuntimeError
        with what a page failed with.
        """
        if self._n_visits % VISITS_PER_TAB == 0:
            self._open()
        self._n_visits += 1
        page = self._page
        assert page is not None, "a tab is open"
        page.goto(f"{self._url}/{name}?run={run_id}&iteration=0")
        page.wait_for_function(SETTLED)
        failed = page.get_by_test_id("stException")
        if failed.count():
            raise RuntimeError(f"{name}: {failed.first.inner_text()}")
        begin = page.get_by_role("button", name=BEGINS, exact=True)
        if begin.count():
            begin.click()
            page.wait_for_function(SETTLED)

    def _open(self) -> None:
        if self._page:
            self._page.close()
        self._page = self._browser.new_page(viewport={"width": 1440, "height": 1000})
        self._page.set_default_timeout(LIMIT_MS)


def _visits(tab: _Tab, run_ids: list[str], path: Path) -> Iterator[int]:
    """Work through the studies. Yields after every page how many are over."""
    for n_over, run_id in enumerate(run_ids):
        end, pages = End(path, run_id), itertools.cycle(PAGES)
        while not end.has_come():
            tab.visit(next(pages), run_id)
            yield n_over


def _looks(visits: Iterator[int], server: psutil.Process, path: Path, minutes: float) -> list[Look]:
    began, looks = time.monotonic(), []
    for n_over in visits:
        hours = (time.monotonic() - began) / 3600
        looks.append(_look(hours, n_over, server, path))
        if len(looks) % 50 == 0:
            print(looks[-1], file=sys.stderr, flush=True)
        if 60 * hours >= minutes:
            break
    return looks


def _look(hours: float, n_over: int, server: psutil.Process, path: Path) -> Look:
    n_bytes = sum(file.stat().st_size for file in (path, log_of(path)) if file.exists())
    return Look(
        hours,
        n_over,
        server.memory_info().rss / 2**20,
        server.num_fds(),
        server.num_threads(),
        len(server.children(recursive=True)),
        n_bytes / 2**20,
    )


def rows_of(looks: list[Look]) -> list[Row]:
    """Levels and slopes behind the warm-up."""
    table = np.array([astuple(look) for look in looks])
    warm = table[table[:, 0] >= WARM_UP * table[-1, 0]]
    rows = [
        alone("soak: minutes", [60 * table[-1, 0]], ""),
        alone("soak: studies", [table[-1, 1]], ""),
        alone("soak: pages", [len(looks)], ""),
    ]
    for field, values in list(zip(fields(Look), warm.T))[2:]:
        rows += [
            alone(f"soak: {field.name}", values.tolist(), ""),
            alone(f"soak: {field.name}, per hour", [slope(warm[:, 0], values)], ""),
            alone(f"soak: {field.name}, per study", [slope(warm[:, 1], values)], ""),
        ]
    return rows


def slope(x: np.ndarray, y: np.ndarray) -> float:
    """Of the straight line through the points; 0 where all have the same x."""
    return float(np.polyfit(x, y, 1)[0]) if np.ptp(x) else 0.0
