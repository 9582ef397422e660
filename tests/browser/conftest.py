"""One Chromium per module, and the plot page in it; without Playwright or a Chromium the tests are
skipped.
"""

from pathlib import Path

import pytest

from benchmarks.serving import CHROMIUM, CHROMIUM_FLAGS, serve
from tests.browser.plot_by_hand import PLOT
from tests.browser.studio import running

START_LIMIT_S = 60


@pytest.fixture(scope="module", autouse=True)
def browser_is_here():
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}; set CHROMIUM to its path")


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=START_LIMIT_S * 1000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A dashboard of this module's own, with runs in it."""
    with running(tmp_path_factory.mktemp("studio")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(chromium):
    """A window for the plot; what it has loaded once stays in it for the whole module."""
    return chromium.new_context(viewport={"width": 1280, "height": 900})


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a plot page served by a real `streamlit run`."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with serve(Path(__file__).with_name("plot_page.py"), log=log) as url:
        yield url


@pytest.fixture
def open_page(browser, address):
    """Opens the plot page with the given address parameters; fails the test on any error in the
    console.
    """
    errors, pages = [], []

    def opened(**parameters):
        page = browser.new_page()
        pages.append(page)
        page.on(
            "console",
            lambda message: errors.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(
            f"{address}/?" + "&".join(f"{name}={value}" for name, value in parameters.items())
        )
        page.wait_for_function(f"() => ({PLOT})()?.stats.frames > 0", timeout=START_LIMIT_S * 1000)
        return page

    yield opened
    for page in pages:
        page.close()
    assert errors == []
