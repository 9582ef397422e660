"""The pictures in docs/images, taken from the real dashboard over a real run: `make screenshots`.

Runs the quick starter configuration into a temporary database (give --db FILE for one that is
there), serves it, and walks the pages in Chromium. Pictures are reduced to 256 colours, so that
they stay small.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.serving import CHROMIUM, CHROMIUM_FLAGS, serve

IMAGES = ROOT / "docs" / "images"
WIDTH, LEAST, MOST = 1280, 640, 1250
LOWER = {"new_study": 1055}
"""Pages that are cut sooner: what is below names folders of the machine that took the picture."""
JOB_LIMIT_MS = 300_000
PAGES = (
    "home",
    "run",
    "new_study",
    "data",
    "difficulty",
    "plan",
    "responses",
    "pairs",
    "training",
    "compare",
    "export",
    "playground",
    "settings",
    "glossary",
)
DARK = ("difficulty", "training")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--db", type=Path, help="a database with a finished iteration")
    parser.add_argument(
        "pages", nargs="*", default=[*PAGES, "welcome"], help="pages to take; all if none is named"
    )
    arguments = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="studio-") as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        if "welcome" in arguments.pages:
            welcome(chromium, Path(folder, "new.duckdb"))
        wanted = [page for page in PAGES if page in arguments.pages]
        if wanted:
            pages(chromium, arguments.db or finished(Path(folder, "studio.duckdb")), wanted)
        chromium.close()


def finished(path: Path) -> Path:
    """One whole quick iteration on the starter models. Minutes."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "engine",
            "run",
            ROOT / "data" / "starter" / "quick.toml",
            "--db",
            path,
        ],
        cwd=ROOT,
        check=True,
    )
    return path


def welcome(chromium: Browser, database: Path) -> None:
    """A database without a run, and then with its first job."""
    with (
        serve(ROOT / "app" / "main.py", "--db", str(database)) as url,
        opened(chromium, "light") as tab,
    ):
        tab.goto(url)
        picture(tab, "welcome")
        tab.get_by_role("button", name="Try it on the starter models").click()
        tab.get_by_text(re.compile("[1-9][0-9]* of 1,200 responses")).first.wait_for()
        picture(tab, "job")
        tab.get_by_role("button", name="Cancel", exact=True).click()
        tab.get_by_text("was cancelled").first.wait_for()


def pages(chromium: Browser, database: Path, wanted: list[str]) -> None:
    with serve(ROOT / "app" / "main.py", "--db", str(database)) as url:
        for theme in ("light", "dark"):
            with opened(chromium, theme) as tab:
                for name in wanted:
                    if theme == "light" or name in DARK:
                        tab.goto(f"{url}/{name if name != 'home' else ''}")
                        prepared(tab, name)
                        picture(tab, f"{name}_{theme}" if name in DARK else name)


def prepared(tab: Page, name: str) -> None:
    """What a person would have done on a page before it shows something."""
    tab.get_by_role("heading", level=1).first.wait_for()
    if name == "new_study":
        tab.get_by_text("A copy of a run").wait_for()
        picture(tab, "new_study_cards")
        tab.get_by_role("button", name="Begin with this").first.click()
        tab.get_by_text("Would it run?").wait_for()
    if name == "playground":
        tab.get_by_role("button", name="Ask", exact=True).click()
        tab.get_by_text(re.compile("^[0-4] of 4 correct$")).nth(1).wait_for()
        tab.get_by_role("button", name="Stop", exact=True).wait_for(state="detached")
    if name == "difficulty":
        tab.wait_for_function(
            "() => [...document.querySelectorAll('*')].some(e =>"
            " e.shadowRoot?.difficultyPlot?.stats.frames > 0)"
        )
    if name == "settings":
        tab.get_by_text("Asking a child process").wait_for(state="detached")


@contextmanager
def opened(chromium: Browser, theme: str) -> Iterator[Page]:
    tab = chromium.new_page(viewport={"width": WIDTH, "height": LEAST}, color_scheme=theme)
    tab.set_default_timeout(JOB_LIMIT_MS)
    yield tab
    tab.close()


def picture(tab: Page, name: str) -> None:
    """The whole page, cut below a reasonable height."""
    tab.get_by_role("heading", level=1).first.wait_for()
    tab.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    tab.wait_for_function(
        "() => document.fonts.status === 'loaded' &&"
        " !document.querySelector('[data-testid=stSkeleton]')"
    )
    height = tab.evaluate(
        "() => document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight"
    )
    tab.set_viewport_size(
        {"width": WIDTH, "height": max(LEAST, min(height, LOWER.get(name, MOST)))}
    )
    tab.mouse.move(WIDTH - 5, 5)
    tab.wait_for_timeout(1500)  # charts draw themselves anew for the new height
    path = IMAGES / f"{name}.png"
    tab.screenshot(path=path)
    tab.set_viewport_size({"width": WIDTH, "height": LEAST})
    Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
