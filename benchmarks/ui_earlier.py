"""The dashboard against another checkout of it: both over the same stored rows, in turn, in one
browser.

The other checkout writes the database, and a copy of it is opened by this one, which brings its
schema up to date.
"""

import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import ui
from benchmarks.rows import Row, against
from benchmarks.serving import CHROMIUM, CHROMIUM_FLAGS, serve

N_ROUNDS = 9


def measure(other: Path) -> list[Row]:
    """Releases and switches of pages; the baseline is the other checkout.

    Args:
        other: The root of a checkout that has `benchmarks.stored`.
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        return [
            *(_release(browser, other, Path(folder), n) for n in ui.SIZES),
            *_switches(browser, other, Path(folder)),
        ]


def _databases(other: Path, folder: Path, call: str) -> tuple[Path, Path]:
    """(ours, theirs) with the same rows, in a folder of their own: nothing of other ones, such as a
    log, may lie beside them.
    """
    folder = Path(tempfile.mkdtemp(dir=folder))
    theirs, ours = folder / "theirs.duckdb", folder / "ours.duckdb"
    code = f"from pathlib import Path; from benchmarks import stored; stored.{call}"
    code = code.replace("PATH", f"Path({str(theirs)!r})")
    subprocess.run([sys.executable, "-c", code], cwd=other, check=True)
    shutil.copyfile(theirs, ours)
    return ours, theirs


def _release(browser, other: Path, folder: Path, n_problems: int) -> Row:
    ours, theirs = _databases(other, folder, f"presampled(PATH, n_problems={n_problems})")
    with ExitStack() as stack:
        pages = [
            ui.opened(browser, f"{stack.enter_context(serve(app, '--db', str(db)))}/difficulty")
            for app, db in ((ui.APP, ours), (other / "app" / "main.py", theirs))
        ]
        runs = [
            [ui.release(page, 8 if run % 2 else -9) for page in pages]
            for run in range(ui.N_RELEASES + 1)
        ][1:]
    our, their = map(list, zip(*runs))
    return against(f"ui: release, {n_problems:,} problems, other checkout", our, their, "ms")


def _switches(browser, other: Path, folder: Path) -> list[Row]:
    """Every page that both have; what showed one run under Home is here a page of its own."""
    ours, theirs = _databases(
        other, folder, f"resampled(PATH, n_problems={ui.N_PROBLEMS}, n={ui.N_EACH})"
    )
    with ExitStack() as stack:
        here = ui.new_page(browser, stack.enter_context(serve(ui.APP, "--db", str(ours))))
        there = ui.new_page(
            browser, stack.enter_context(serve(other / "app" / "main.py", "--db", str(theirs)))
        )
        has_board = there.get_by_role("link", name="This run", exact=True).count() > 0
        shared = [
            name
            for name in ui.PAGES
            if there.get_by_role("link", name=name, exact=True).count() or name == "This run"
        ]
        shared = [name for name in shared if has_board or name != "Home"]
        rounds = [
            [
                (
                    ui.switch(here, name),
                    ui.switch(there, name, is_earlier=not has_board),
                )
                for name in shared
            ]
            for _ in range(N_ROUNDS + 1)
        ][1:]
    return [
        against(
            f"ui: switch to {name}, other checkout",
            [taken[i][0] for taken in rounds],
            [taken[i][1] for taken in rounds],
            "s",
        )
        for i, name in enumerate(shared)
    ]
