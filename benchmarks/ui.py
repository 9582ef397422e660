"""The dashboard in a real browser: dragging, releasing, the first page, and switching pages over a
million responses.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import stored
from benchmarks.dragging import PLOT, drag_ours, drag_plotly, hold_upper, in_turn, open_plotly
from benchmarks.rows import Row, against, alone, interleaved
from benchmarks.serving import CHROMIUM, CHROMIUM_FLAGS, OUR_RUNNER, free_port, serve, start
from benchmarks.startup import first_page
from engine.paths import ROOT

APP, BARE = ROOT / "app" / "main.py", ROOT / "benchmarks" / "bare_plot.py"
N_RUNS = 5
N_RELEASES = 21
"""Releases vary more than anything else here, with the frames that happen to be drawn."""
SIZES = (10_000, 1_000_000)
N_PLOTLY = (10_000, 100_000)
N_PROBLEMS, N_EACH = 125_000, 8
PAGES = (
    "This run",
    "New study",
    "Data",
    "Difficulty",
    "Plan",
    "Responses",
    "Verdicts",
    "Pairs",
    "Training",
    "Compare",
    "Export",
    "Arena",
    "Playground",
    "Settings",
    "Glossary",
    "Home",
)
HEADINGS = {"Home": "Studies", "This run": f"{N_PROBLEMS:,} made-up problems"}
"""Of pages whose title is not their name."""
N_RUNS_ON_BOARD = 500
LIMIT_MS = 180_000
IDLE = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
FRESH = "!document.querySelector('[data-stale=true]')"
DRAWN = "!document.querySelector('[data-testid=stSkeleton]')"
SETTLED = f"{IDLE} && {FRESH} && {DRAWN}"
RELEASED = f"""() => new Promise(done => {{
    const plot = {PLOT}, isBare = !location.pathname.startsWith('/difficulty');
    window.addEventListener('pointerup', () => {{
        const start = performance.now();
        const look = () => {{
            const plan = [...document.querySelectorAll('p')].find(p => p.innerText.includes(' \
responses for '));
            const isCounted = isBare || !plan || plan.innerText.includes(`for \
${{plot.counts[1].toLocaleString('en')}} problems`);
            if (plot.sent > 0 && plot.offered.seq === plot.sent && isCounted && {FRESH}) \
done(performance.now() - start);
            else requestAnimationFrame(look);
        }};
        requestAnimationFrame(look);
    }}, {{ once: true, capture: true }});
}})"""
TWO_PAGES = """import streamlit as st
st.navigation([st.Page(lambda: st.title("One"), title="One", url_path="one"), st.Page(lambda: \
st.title("Two"), title="Two", url_path="two")]).run()
"""


def measure() -> list[Row]:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        rows = [
            *_drags(browser),
            *_releases(browser, Path(folder)),
            *_switches(browser, Path(folder)),
            _board(browser, Path(folder)),
        ]
    return [*rows, first_page("ui: first page")]


def _drags(browser) -> list[Row]:
    with serve(BARE) as url:
        ours = [opened(browser, f"{url}/?n={n}") for n in SIZES]
        theirs = [browser.new_page() for _ in N_PLOTLY]
        for page, n in zip(theirs, N_PLOTLY):
            open_plotly(page, n)
        drags = [lambda p=p: drag_ours(p) for p in ours] + [
            lambda p=p: drag_plotly(p) for p in theirs
        ]
        found = in_turn(drags, N_RUNS)
        for page in (*ours, *theirs):
            page.close()
    rows = []
    for n, our, n_plotly, their in zip(SIZES, found[:2], N_PLOTLY, found[2:]):
        name = f"ui: drag at {n:,} (Plotly: {n_plotly:,}),"
        rows.append(
            against(f"{name} script p95", [d.work for d in our], [d.work for d in their], "ms")
        )
        rows.append(
            against(f"{name} frame p95", [d.frame for d in our], [d.frame for d in their], "ms")
        )
    return rows


def _releases(browser, folder: Path) -> list[Row]:
    """Against the bare page as Streamlit runs it, and as it runs under our settings."""
    rows = []
    for n in SIZES:
        database = folder / f"{n}.duckdb"
        stored.presampled(database, n_problems=n)
        with (
            serve(APP, "--db", str(database)) as ours,
            serve(BARE) as bare,
            serve(BARE, settings=OUR_RUNNER) as alike,
        ):
            pages = [
                opened(browser, url)
                for url in (f"{ours}/difficulty", f"{bare}/?n={n}", f"{alike}/?n={n}")
            ]
            runs = [
                [release(page, 8 if run % 2 else -9) for page in pages]
                for run in range(N_RELEASES + 1)
            ][1:]
            for page in pages:
                page.close()
        our, their, their_alike = map(list, zip(*runs))
        rows.append(against(f"ui: release to all figures, {n:,} problems", our, their, "ms"))
        rows.append(
            against(
                f"ui: the same, bare page under our settings, {n:,} problems",
                our,
                their_alike,
                "ms",
            )
        )
        database.unlink()
    return rows


def release(page, by_pixels: int) -> float:
    """Milliseconds from letting go of the upper threshold until the plot has its echo, the page the
    plot's counts, and nothing is stale.

    Call it with distances that do not add up to 0: what was worked out for the same threshold
    before may be remembered.
    """
    page.bring_to_front()
    page.wait_for_function(SETTLED)
    x, y = hold_upper(page)
    page.mouse.move(x, y + by_pixels, steps=4)
    page.evaluate(f"() => {{ window.released = ({RELEASED})(); }}")
    page.mouse.up()
    return page.evaluate("() => window.released")


def _switches(browser, folder: Path) -> list[Row]:
    """Every page in turn, against a switch between the two pages of an empty app in the same
    rounds.
    """
    database, empty = folder / "million.duckdb", folder / "two_pages.py"
    stored.resampled(database, n_problems=N_PROBLEMS, n=N_EACH)
    empty.write_text(TWO_PAGES)
    with ExitStack() as stack:
        url, pid = stack.enter_context(_server(APP, "--db", str(database)))
        started = time.perf_counter()
        ours = new_page(browser, url)
        first_home = time.perf_counter() - started
        theirs = new_page(browser, stack.enter_context(serve(empty)))
        first = {name: switch(ours, name) for name in PAGES}
        taken, bare = {name: [] for name in PAGES}, []
        for _ in range(N_RUNS):
            for name in PAGES:
                taken[name].append(switch(ours, name))
                bare.append(switch(theirs, ("Two", "One")[len(bare) % 2]))
        memory = _mebibytes(pid)
    slowest = max(PAGES, key=lambda name: statistics.median(taken[name]))
    rows = [
        against(
            f"ui: switch to {name}, 1,000,000 responses", taken[name], bare[i :: len(PAGES)], "s"
        )
        for i, name in enumerate(PAGES)
    ]
    coldest = max(first, key=first.get)
    return [
        *rows,
        alone(f"ui: slowest switch ({slowest})", taken[slowest], "s"),
        alone(f"ui: slowest first switch ({coldest})", [first[coldest]], "s"),
        alone("ui: Home as the first page, 1,000,000 responses", [first_home], "s"),
        alone("ui: server memory after all pages", [memory], "MiB"),
    ]


def _board(browser, folder: Path) -> Row:
    """The board with many runs as a tab's first page, against that of a database without any."""
    many = folder / "many.duckdb"
    stored.begun(many, n_runs=N_RUNS_ON_BOARD)
    with (
        serve(APP, "--db", str(many)) as ours,
        serve(APP, "--db", str(folder / "none.duckdb")) as theirs,
    ):
        taken = interleaved(
            lambda: new_page(browser, ours).close(),
            lambda: new_page(browser, theirs).close(),
            N_RUNS,
        )
    return against(f"ui: board with {N_RUNS_ON_BOARD} runs as the first page", *taken, "s")


def switch(page, name: str, *, is_earlier: bool = False) -> float:
    """Seconds from the click to the page's title, the end of its script, and every part of it
    drawn.

    Args:
        is_earlier: The page is of a version whose Home showed one run.
    """
    heading = HEADINGS.get(name, name)
    if is_earlier and name == "This run":
        name = "Home"
    page.bring_to_front()
    page.wait_for_function(SETTLED)
    started = time.perf_counter()
    page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=heading, level=1).wait_for()
    page.wait_for_function(SETTLED)
    return time.perf_counter() - started


def opened(browser, url: str):
    page = new_page(browser, url)
    page.wait_for_function(f"() => {PLOT}?.stats.frames > 0")
    return page


def new_page(browser, url: str):
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.set_default_timeout(LIMIT_MS)
    page.goto(url)
    page.wait_for_function(SETTLED)
    return page


@contextmanager
def _server(script: Path, *arguments: str) -> Iterator[tuple[str, int]]:
    port = free_port()
    with start(script, port, *arguments) as process:
        try:
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()


def _mebibytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
