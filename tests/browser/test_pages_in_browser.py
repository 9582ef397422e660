"""Every page in a real browser over one real server: links, the back button, reloads, two tabs, a
killed server, hostile text, the keyboard, and what axe finds."""

import re
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from app.streamlit_internals.parts import PARTS, files
from app.widgets import PAGES
from benchmarks.serving import serve
from engine.store import Database
from engine.study.runs import create_run
from tests.browser.studio import running
from tests.small_runs import small

pytestmark = pytest.mark.browser
LIMIT_MS = 60_000
JOB_LIMIT_MS = 300_000
HERE = r"(http|ws)s?://127\.0\.0\.1|data:|blob:"
STREAMLITS_OWN = re.compile(r"/_stcore/(health|host-config)")
"""Asked for beside the page first, when a page is opened by its address; the 404 is Streamlit's, on
any app with pages.
"""
TITLES = [title for title, _ in PAGES.values()]


N_LONG = 6400
"""Responses that take two free cores half a minute or more: the job is killed on its way."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """With a run of 400 problems that wait for their pre-samples, the oldest one."""
    folder = tmp_path_factory.mktemp("studio")
    db = Database(folder / "studio.duckdb")
    long = small(
        name="Long", problems={"n_train": 400}, sampling={"n": 32, "n_presample": N_LONG // 400}
    )
    run_id = create_run(db, long)
    db.close()
    with running(folder) as made:
        made.long = run_id
        yield made


@pytest.fixture
def open_tab(chromium):
    """Opens tabs; fails the test if a page raises, its console has an error, or anyone but this
    machine is asked for anything.
    """
    wrong, tabs = [], []

    def opened(*, loses_server=False, **options):
        tab = chromium.new_page(viewport={"width": 1440, "height": 1000}, **options)
        tab.on("request", lambda r: wrong.append(r.url) if not re.match(HERE, r.url) else None)
        if not loses_server:
            tab.on("pageerror", lambda error: wrong.append(str(error)))
            tab.on(
                "console",
                lambda m: (
                    wrong.append(f"{m.text} {m.location}")
                    if m.type == "error" and not is_expected(m)
                    else None
                ),
            )
        tab.set_default_timeout(LIMIT_MS)
        tabs.append(tab)
        return tab

    yield opened
    for tab in tabs:
        tab.close()
    assert wrong == []


def is_expected(message) -> bool:
    return bool(STREAMLITS_OWN.search(message.location.get("url", "")))


@pytest.fixture
def tab(open_tab):
    return open_tab()


def heading(tab, name):
    return tab.get_by_role("heading", name=name, level=1, exact=True)


def go(tab, name):
    tab.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    settle(tab, name)


def settle(tab, name):
    """Until a page is drawn to its end."""
    if name not in ("Home", "This run"):
        heading(tab, name).wait_for()
    tab.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    sync_api.expect(tab.get_by_test_id("stSkeleton")).to_have_count(0)


def test_what_charts_need_is_loaded_while_the_first_page_is_read(studio, tab):
    assert [file.split(".")[0] for file in files()] == list(PARTS), (
        "Streamlit names its parts otherwise"
    )
    with tab.expect_request_finished(
        lambda request: request.url.endswith(f"/static/js/{files()[-1]}")
    ):
        tab.goto(studio.at("", studio.hostile))
    asked = []
    tab.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    go(tab, "Compare")
    tab.locator(".js-plotly-plot").first.wait_for()
    assert not set(asked) & set(files())


def test_a_link_opens_the_run_the_thresholds_and_the_problem_it_names(studio, tab):
    tab.goto(studio.at("difficulty", studio.fresh, tau_l="0.111", tau_h="0.888"))
    tab.get_by_role("spinbutton").first.wait_for()
    assert [field.input_value() for field in tab.get_by_role("spinbutton").all()[:2]] == [
        "0.888",
        "0.111",
    ]
    go(tab, "Pairs")
    go(tab, "Difficulty")
    tab.get_by_role("spinbutton").first.wait_for()
    assert tab.get_by_role("spinbutton").first.input_value() == "0.888"
    tab.wait_for_url(re.compile(f"(?=.*tau_l=0.111).*run={studio.fresh}"))


def test_back_returns_page_by_page_and_to_the_run_before(studio, tab):
    tab.goto(studio.at("responses", studio.trainable))
    settle(tab, "Responses")
    go(tab, "Pairs")
    go(tab, "Compare")
    tab.go_back()
    heading(tab, "Pairs").wait_for()
    tab.go_back()
    heading(tab, "Responses").wait_for()
    settle(tab, "Responses")
    picker = tab.get_by_role("combobox", name="Run", exact=True)
    picker.click()
    tab.get_by_role("option", name=re.compile("^Fresh")).click()
    tab.wait_for_url(re.compile(studio.fresh))
    settle(tab, "Responses")
    tab.go_back()
    tab.wait_for_url(re.compile(studio.trainable))
    sync_api.expect(picker).to_have_value(re.compile("^Trainable"))
    assert studio.trainable in tab.url and studio.fresh not in tab.url


def test_a_click_on_any_cell_opens_its_response_and_j_and_k_walk_on(studio, tab):
    tab.goto(studio.at("responses", studio.trainable))
    settle(tab, "Responses")
    table = tab.get_by_test_id("stDataFrame").bounding_box()
    header, row = 35, 35
    tab.mouse.click(table["x"] + table["width"] / 2, table["y"] + header + 3.5 * row)
    tab.wait_for_url(re.compile(r"row=4\b"))
    for key, number in (("j", 5), ("j", 6), ("k", 5)):
        settle(tab, "Responses")
        tab.keyboard.press(key)
        tab.wait_for_url(re.compile(rf"row={number}\b"))
    settle(tab, "Responses")
    tab.get_by_test_id("stButtonGroup").get_by_text("Wrong", exact=True).click()
    tab.wait_for_url(re.compile("verdict=wrong"))
    assert "row=" not in tab.url, "another list begins at its first response"
    settle(tab, "Responses")
    tab.go_back()
    tab.wait_for_url(lambda url: "verdict" not in url)


def test_hostile_text_is_inert_on_every_page(studio, tab):
    tab.goto(studio.at("", studio.hostile))
    tab.get_by_text("The worker said").first.wait_for()
    tab.get_by_role("button", name="Log", exact=True).click()
    for title in TITLES:
        go(tab, title)
        if title == "Responses":
            for view in ("Raw", "Difference", "Steps"):
                tab.get_by_text(view, exact=True).click()
                settle(tab, title)
        assert tab.evaluate("() => window.hacked") is None
        assert (
            tab.locator(
                "img[src*='192.0.2'], iframe[src*='192.0.2'], a[href*='192.0.2'],"
                " a[href*='example.com']"
            ).count()
            == 0
        )
        assert tab.evaluate("() => getComputedStyle(document.body).display") != "none"


CUT = """() => [...document.querySelectorAll('[data-testid=stMain] *')]
    .filter(e => e.scrollWidth > e.clientWidth && getComputedStyle(e).textOverflow === 'ellipsis')
    .map(e => e.innerText).filter(text => text)"""
"""Labels, links and buttons whose text ends in an ellipsis."""
TOO_WIDE = """() => { const main = document.querySelector('[data-testid=stMain]');
    return main.scrollWidth > main.clientWidth; }"""


def test_nothing_is_cut_in_a_narrow_window_with_the_sidebar_open(studio, tab):
    tab.set_viewport_size({"width": 800, "height": 1000})
    tab.goto(studio.at("", studio.trainable))
    cut = {}
    for title in TITLES:
        go(tab, title)
        cut[title] = tab.evaluate(CUT) + ["the page"] * tab.evaluate(TOO_WIDE)
    assert {title: what for title, what in cut.items() if what} == {}


def test_in_a_narrow_window_the_controls_are_as_wide_as_the_plot_above_them(studio, tab):
    tab.set_viewport_size({"width": 800, "height": 1000})
    tab.goto(studio.at("difficulty", studio.trainable))
    tab.wait_for_function(
        """() => {
            const parts = document.querySelectorAll('.st-key-split_difficulty > div');
            const [plot, controls] = [...parts].map(part => part.getBoundingClientRect());
            return controls?.top >= plot?.bottom && Math.abs(controls.width - plot.width) < 2;
        }"""
    )


def n_done(tab, words, **limits) -> int:
    """What a page says of a job's progress: the number in the first text that fits `words`, with N
    in its place.
    """
    pattern = re.compile(words.replace("N", "([1-9][0-9,]*)"))
    found = tab.get_by_text(pattern).first
    found.wait_for(**limits)
    return int(pattern.search(found.inner_text())[1].replace(",", ""))


def test_a_presample_survives_a_reload_another_tab_and_a_killed_server(studio, open_tab):
    tab, other = open_tab(loses_server=True), open_tab(loses_server=True)
    tab.goto(studio.at("run", studio.long))
    tab.get_by_role("button", name="Pre-sampling", exact=True).click()
    begun = n_done(tab, f"N of {N_LONG:,} responses", timeout=JOB_LIMIT_MS)
    tab.reload()
    reloaded = n_done(tab, f"N of {N_LONG:,} responses", timeout=JOB_LIMIT_MS)
    other.goto(tab.url)
    other.get_by_role("button", name="Cancel", exact=True).wait_for()
    studio.kill()
    studio.start()
    for page in (tab, other):
        page.reload()
    kept = [n_done(page, f"was interrupted at N of {N_LONG:,} responses") for page in (tab, other)]
    tab.get_by_role("button", name="Resume", exact=True).click()
    other.get_by_role("button", name="Cancel", exact=True).click()
    cancelled = n_done(other, f"was cancelled at N of {N_LONG:,} responses")
    tab.get_by_test_id("stToast").get_by_text("was cancelled").wait_for()
    assert begun <= reloaded <= kept[0] == kept[1] <= cancelled, "no response is lost on the way"
    tab.get_by_role("button", name="Hide", exact=True).click()
    sync_api.expect(tab.get_by_role("button", name="Hide", exact=True)).to_have_count(0)
    sync_api.expect(other.get_by_role("button", name="Hide", exact=True)).to_be_visible()


HEARS = """
window.heard = [];
window.Notification = class {
    static permission = "default";
    static async requestPermission() { return (this.permission = "granted"); }
    constructor(title, { body }) { window.heard.push(`${title}: ${body}`); }
};
Object.defineProperty(document, "hidden", { get: () => true });
"""
"""A browser that allows notifications when it is asked, whose tab is in the background."""


def test_a_training_goes_on_through_a_reload_and_its_queue_can_be_emptied(studio, tab):
    tab.add_init_script(HEARS)
    tab.goto(studio.at("training", studio.trainable))
    tab.get_by_role("button", name="Train with DPO").click()
    begun = n_done(tab, "N of [0-9,]+ steps", timeout=JOB_LIMIT_MS)
    tab.get_by_text("Reward margin", exact=True).first.wait_for()
    tab.reload()
    tab.get_by_text("Reward margin", exact=True).first.wait_for()
    assert n_done(tab, "N of [0-9,]+ steps") >= begun
    go(tab, "Home")
    tab.get_by_role("button", name="Try it on the starter models").click()
    tab.get_by_role("button", name=re.compile("^Queue: ")).click()
    tab.get_by_test_id("stPopoverBody").get_by_role("button", name="Cancel").click()
    sync_api.expect(tab.get_by_role("button", name=re.compile("^Queue: "))).to_have_count(0)
    sync_api.expect(
        tab.get_by_role("button", name="Resume: Pre-sampling, iteration 0")
    ).to_be_visible()
    tab.keyboard.press("Escape")
    go(tab, "Settings")
    tab.get_by_role("button", name="Notify me when a job ends").click()
    tab.get_by_text("Allowed in this browser").wait_for()
    tab.get_by_role("button", name="Stop", exact=True).click()
    tab.get_by_test_id("stToast").get_by_text("Training, iteration 0 was cancelled").wait_for(
        timeout=JOB_LIMIT_MS
    )
    tab.wait_for_function("window.heard.length")
    assert tab.evaluate("window.heard") == ["HS-STaR Studio: Training, iteration 0 was cancelled."]


def test_the_playground_asks_the_real_policy_and_grades_its_answers(studio, tab):
    tab.goto(studio.at("playground", studio.fresh))
    settle(tab, "Playground")
    tab.get_by_role("button", name="Ask", exact=True).click()
    n_correct = tab.get_by_text(re.compile("^[0-4] of 4 correct$"))
    n_correct.wait_for(timeout=JOB_LIMIT_MS)
    sync_api.expect(tab.get_by_text(re.compile("^Response [0-3]"))).to_have_count(4)
    said = int(n_correct.inner_text()[0])
    sync_api.expect(tab.get_by_text("correct", exact=True)).to_have_count(said)
    assert tab.get_by_text("correct", exact=True).count() == said


def focus_by_tab(tab, name, *, role="button"):
    """Press Tab until the control with this name has the focus."""
    wanted = tab.get_by_role(role, name=name, exact=True).first
    wanted.wait_for()
    for _ in range(120):
        if wanted.evaluate("e => e === e.getRootNode().activeElement"):
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {name}")


def test_the_whole_job_can_be_done_with_the_keyboard_alone(studio, tab):
    tab.goto(studio.at("", studio.fresh))
    focus_by_tab(tab, "Difficulty", role="link")
    tab.keyboard.press("Enter")
    settle(tab, "Difficulty")
    focus_by_tab(tab, "Upper threshold (tau high)", role="slider")
    tab.keyboard.press("ArrowDown")
    tab.wait_for_url(re.compile("tau_h=0.98"))
    focus_by_tab(tab, "Commit …")
    tab.keyboard.press("Enter")
    focus_by_tab(tab, "Commit and resample")
    tab.keyboard.press("Enter")
    tab.get_by_text(re.compile("^Committed by (this|another) tab")).wait_for()
    focus_by_tab(tab, "Training", role="link")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Train with DPO").wait_for(timeout=JOB_LIMIT_MS)
    focus_by_tab(tab, "Train with DPO")
    tab.keyboard.press("Enter")
    tab.get_by_role("link", name="Compare before and after").wait_for(timeout=JOB_LIMIT_MS)
    focus_by_tab(tab, "Compare before and after", role="link")
    tab.keyboard.press("Enter")
    gain = (
        tab.get_by_test_id("stMetric")
        .filter(has_text="Paired gain over M0")
        .get_by_test_id("stMetricValue")
    )
    gain.wait_for(timeout=JOB_LIMIT_MS)
    assert re.fullmatch(r"[+-][0-9.]+ to [+-][0-9.]+", gain.inner_text())


SERIOUS = """async () => {
    const testid = (node) => { const at = node?.closest?.('[data-testid]') ?? \
node?.getRootNode?.().host; return at?.dataset?.testid ?? '' };
    const options = { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', \
'wcag21aa'] };
    const { violations } = await axe.run(options);
    return violations.filter(v => ['serious', 'critical'].includes(v.impact)).flatMap(v => \
v.nodes.map(
        n => [`${v.id} in ${testid(document.querySelector([n.target[0]].flat()[0]))}`, \
n.html.slice(0, 160)]));
}"""
"""axe's serious and critical findings, those inside the difficulty plot too: [[rule and the widget
it is in, the element], …].
"""


def serious(tab) -> dict[str, str]:
    """An element by rule and widget."""
    from axe_playwright_python.base import AXE_SCRIPT

    if not tab.evaluate("() => 'axe' in window"):
        tab.evaluate(AXE_SCRIPT)
    return dict(tab.evaluate(SERIOUS))


@pytest.mark.parametrize(
    ("theme", "titles"),
    [
        ("light", TITLES),
        ("dark", ["Home", "Data", "Difficulty", "Responses", "Training", "Playground"]),
    ],
)
def test_axe_finds_nothing_serious_beyond_a_bare_streamlit_page(
    studio, open_tab, tmp_path, theme, titles
):
    bare, tab = open_tab(color_scheme=theme), open_tab(color_scheme=theme)
    with serve(Path(__file__).with_name("bare_page.py"), log=tmp_path / "log.txt") as url:
        bare.goto(url)
        settle(bare, "Bare")
        assert bare.get_by_test_id("stException").count() == 0
        streamlits_own = serious(bare)
        bare.close()
    tab.goto(studio.at("", studio.hostile))
    found = {}
    for title in titles:
        go(tab, title)
        found[title] = {
            what: where for what, where in serious(tab).items() if what not in streamlits_own
        }
    tab.goto(studio.at("responses", studio.hostile, view="problem"))
    settle(tab, "Responses")
    tab.get_by_text("System", exact=True).click()
    tab.get_by_text("CPU, all cores").first.wait_for(timeout=LIMIT_MS)
    found["Side by side, with System"] = {
        what: where for what, where in serious(tab).items() if what not in streamlits_own
    }
    print(f"Streamlit's own in {theme}: {sorted(streamlits_own)}")
    assert {title: findings for title, findings in found.items() if findings} == {}
