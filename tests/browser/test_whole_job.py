"""The main job as a person does it: the literal command from another directory, a real browser, the
starter models.
"""

import re
from contextlib import suppress

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from benchmarks.serving import serve
from engine.paths import ROOT

pytestmark = pytest.mark.browser
JOB_LIMIT_MS = 420_000


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    with serve(
        ROOT / "app" / "main.py",
        "--db",
        str(folder / "studio.duckdb"),
        log=folder / "log.txt",
        cwd=folder,
    ) as url:
        yield url


@pytest.fixture
def tab(chromium):
    """A tab that fails the test if a page raises or asks anyone but this machine for anything."""
    page, wrong = chromium.new_page(viewport={"width": 1440, "height": 1000}), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda r: (
            wrong.append(r.url)
            if not re.match(r"(http|ws)s?://127\.0\.0\.1|data:|blob:", r.url)
            else None
        ),
    )
    page.set_default_timeout(60_000)
    yield page
    page.close()
    assert wrong == []


def go(tab, name):
    tab.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    tab.get_by_role("heading", name=name, level=1).wait_for()


PLOT_COUNTS = """() => [...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(Boolean)
    .flatMap(root => [...root.querySelectorAll('li[data-class] output')]).map(o => \
+o.innerText.replaceAll(',', ''))"""
TO_RESAMPLE = """() => +([...document.querySelectorAll('p')].map(p => p.innerText.match(/ \
responses for ([\\d,]+) problems/)).find(Boolean)?.[1]
    .replaceAll(',', '') ?? -1)"""
CLASSIFIED = """() => [...document.querySelectorAll('[role=dialog] \
[data-testid=stMetricValue]')].map(v => +v.innerText.replaceAll(',', ''))"""


def agreed_counts(tab, *, other_than=None):
    """Inlier, Boundary, Outlier of the legend once the page, which asks engine.classify, plans for
    as many Boundary problems.
    """
    tab.wait_for_function(
        f"""before => {{ const plot = ({PLOT_COUNTS})();
            return plot.length === 3 && plot[1] === ({TO_RESAMPLE})() && `${{plot}}` !== before \
}}""",
        arg=",".join(map(str, other_than)) if other_than else "",
    )
    return tab.evaluate(PLOT_COUNTS)


def drag(tab, label, by_pixels):
    handle = tab.get_by_role("slider", name=re.compile(label, re.IGNORECASE)).first
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x, y + by_pixels / 2, steps=5)
    tab.mouse.move(x, y + by_pixels, steps=5)
    tab.mouse.up()


def test_a_new_user_walks_one_whole_iteration(served, tab, chromium):
    tab.goto(served)
    tab.get_by_role("button", name="Try it on the starter models").dblclick()
    tab.get_by_text("Pre-sampling, iteration 0").first.wait_for()
    tab.reload()
    tab.get_by_text("Pre-sampling, iteration 0").first.wait_for()
    tab.get_by_role("combobox", name="Run").click()
    tab.get_by_role("option").first.wait_for()
    assert tab.get_by_role("option").count() == 1, "a second press begins no second run"
    tab.keyboard.press("Escape")
    second = chromium.new_page()
    second.goto(served)
    second.get_by_text("Pre-sampling, iteration 0").first.wait_for(timeout=60_000)
    second.close()

    go(tab, "Difficulty")
    tab.wait_for_function(
        "() => [...document.querySelectorAll('button')].some(b => b.innerText.startsWith('Commit')"
        " && !b.disabled)",
        timeout=JOB_LIMIT_MS,
    )
    tab.get_by_role("button", name="Cancel", exact=True).wait_for(state="detached")
    tab.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    before = agreed_counts(tab)
    assert sum(before) == 400
    drag(tab, "upper", 60)
    moved = agreed_counts(tab, other_than=before)
    assert sum(moved) == 400 and moved[0] > before[0]
    tab.wait_for_url(re.compile(r"tau_h=0\.(?!650)"))

    late = chromium.new_page(viewport={"width": 1440, "height": 1000})
    late.goto(tab.url)
    for page in (tab, late):
        page.get_by_role("button", name="Commit …").click(timeout=60_000)
        page.get_by_role("dialog").get_by_text("A commit binds").wait_for(timeout=60_000)
        page.wait_for_function(
            f"wanted => `${{({CLASSIFIED})()}}` === wanted",
            arg=",".join(map(str, moved)),
            timeout=60_000,
        )
    tab.get_by_role("button", name="Commit and resample").click()
    with suppress(
        sync_api.TimeoutError
    ):  # the late tab may have been shown the winner before it could click
        late.get_by_role("button", name="Commit and resample").click(timeout=3_000)
    winner = [
        page.get_by_text(re.compile("^Committed by (this|another) tab")) for page in (tab, late)
    ]
    for shown in winner:
        shown.wait_for(timeout=60_000)
    said = [shown.inner_text() for shown in winner]
    assert sorted(text.split()[2] for text in said) == ["another", "this"]
    assert len({text.partition(" at ")[2] for text in said}) == 1, "one commit was made"
    late.close()

    go(tab, "Responses")
    tab.get_by_text("Reference answer").first.wait_for()

    go(tab, "Pairs")
    tab.get_by_text("Problems with pairs").wait_for(timeout=JOB_LIMIT_MS)

    go(tab, "Training")
    tab.get_by_role("button", name="Train with DPO").click()
    tab.get_by_text("Reward margin").first.wait_for(timeout=JOB_LIMIT_MS)
    tab.get_by_role("link", name="Compare before and after").wait_for(timeout=JOB_LIMIT_MS)

    go(tab, "Compare")
    tab.get_by_text("Paired gain over M0").wait_for(timeout=JOB_LIMIT_MS)
    tab.get_by_role("button", name="Next iteration").click()
    tab.get_by_text("Pre-sampling, iteration 1").first.wait_for()
    tab.get_by_role("button", name="Cancel", exact=True).click()
    tab.get_by_text("was cancelled").first.wait_for()
