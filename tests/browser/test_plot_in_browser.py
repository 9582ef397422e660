"""The difficulty plot in a real browser, on a real Streamlit server: dragging, selecting, keys, hovering."""

import json
from pathlib import Path

import numpy as np
import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from benchmarks.serving import CHROMIUM, CHROMIUM_FLAGS, serve
from engine.method.difficulty import class_counts, classify
from tests.browser.plot_page import made_up_columns

START_LIMIT_S = 60
PLOT = """() => [...document.querySelectorAll('*')].map(e => e.shadowRoot?.difficultyPlot).find(Boolean)"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"no Chromium at {CHROMIUM}; set CHROMIUM to its path"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a plot page served by a real `streamlit run`."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with serve(Path(__file__).with_name("plot_page.py"), log=log) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium.new_context(viewport={"width": 1280, "height": 900})
        chromium.close()


@pytest.fixture
def open_page(browser, address):
    """Opens the plot page with the given address parameters; fails the test on any error in the console."""
    errors, pages = [], []

    def opened(**parameters):
        page = browser.new_page()
        pages.append(page)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/?" + "&".join(f"{name}={value}" for name, value in parameters.items()))
        page.wait_for_function(f"() => ({PLOT})()?.stats.frames > 0", timeout=START_LIMIT_S * 1000)
        return page

    yield opened
    for page in pages:
        page.close()
    assert errors == []


def told(page):
    """What the server says its state is."""
    return json.loads(page.locator("[data-testid=stCode]").inner_text())


def wait_for_server(page, **expected):
    checks = " && ".join(f"s.{name} === {json.dumps(value)}" for name, value in expected.items())
    page.wait_for_function(
        "() => { const s = JSON.parse(document.querySelector('[data-testid=stCode]').innerText); return " + checks + "}"
    )
    return told(page)


def handle(page, which):
    name = {"low": "Lower threshold (tau low)", "high": "Upper threshold (tau high)"}[which]
    return page.get_by_role("slider", name=name, exact=True)


def wait_for_frame(page):
    """Until what was asked for before is drawn."""
    page.evaluate("() => new Promise(requestAnimationFrame)")


def tau(page, which):
    wait_for_frame(page)
    return float(handle(page, which).get_attribute("aria-valuenow"))


def counts_on_screen(page):
    wait_for_frame(page)
    names = ("inlier", "boundary", "outlier")
    return [int(page.locator(f'[data-class="{n}"] output').inner_text().replace(",", "")) for n in names]


def counts_computed(n_correct, phi_r, tau_l, tau_h, n_p=3):
    return list(class_counts(classify(n_correct, n_p, phi_r, tau_l=tau_l, tau_h=tau_h)).values())


def hold_and_move(page, which, dy):
    """Press a handle and move it by `dy` pixels in many steps; the button stays down."""
    box = handle(page, which).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + dy, steps=25)


def drag_over(page, left, top, right, bottom):
    """Drag from corner to corner, in pixels of the drawing area."""
    box = page.locator(".dp-stage").bounding_box()
    page.mouse.move(box["x"] + left, box["y"] + top)
    page.mouse.down()
    page.mouse.move(box["x"] + right, box["y"] + bottom, steps=8)
    page.mouse.up()


def strip_span(page, strip):
    """Left and right edge of a strip, top and bottom of the plot, in pixels of the drawing area."""
    return page.evaluate(
        f"i => {{ const l = ({PLOT})().layout; return [l.stripX(i), l.stripX(i) + l.stripWidth, l.top, l.bottom]; }}", strip
    )


@pytest.mark.parametrize("n", [400, 20_000])
def test_counts_follow_a_drag_exactly_and_the_server_hears_once(open_page, n):
    page = open_page(n=n)
    n_correct, phi_r = made_up_columns(n, 3, 7)
    assert counts_on_screen(page) == counts_computed(n_correct, phi_r, 0.25, 0.65)
    hold_and_move(page, "high", -70)
    held = tau(page, "high")
    assert held > 0.75
    assert counts_on_screen(page) == counts_computed(n_correct, phi_r, 0.25, held)
    assert told(page)["runs"] == 1
    page.mouse.up()
    state = wait_for_server(page, tau_h=held)
    assert (state["seq"], state["runs"], state["tau_l"]) == (1, 2, 0.25)


def test_a_drag_is_told_in_words(open_page):
    page = open_page(n=400)
    n_correct, phi_r = made_up_columns(400, 3, 7)
    before = counts_computed(n_correct, phi_r, 0.25, 0.65)
    hold_and_move(page, "low", -40)
    page.mouse.up()
    after = counts_computed(n_correct, phi_r, tau(page, "low"), 0.65)
    words = f"Boundary {before[1]} → {after[1]}, Outlier {before[2]} → {after[2]}"
    assert page.locator(".dp-note").inner_text() == words
    assert page.locator(".dp-spoken").text_content() == words


def test_escape_in_mid_drag_puts_the_line_back_and_tells_nobody(open_page):
    page = open_page(n=400)
    hold_and_move(page, "high", -50)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert tau(page, "high") == 0.65
    handle(page, "low").press("ArrowUp")
    assert wait_for_server(page, tau_l=0.26)["seq"] == 1


@pytest.mark.parametrize("mode", ["both", "reward"])
def test_a_line_dragged_past_the_other_stops_at_it(open_page, mode):
    page = open_page(n=400, mode=mode)
    hold_and_move(page, "low", -300)
    page.mouse.up()
    assert tau(page, "low") == tau(page, "high") == 0.65
    assert wait_for_server(page, tau_l=0.65)["tau_h"] == 0.65


def test_lines_on_the_same_spot_come_apart_in_either_direction(open_page):
    page = open_page(n=400, mode="reward")
    hold_and_move(page, "low", -300)
    page.mouse.up()
    hold_and_move(page, "high", 60)
    page.mouse.up()
    assert tau(page, "low") < 0.65
    assert tau(page, "high") == 0.65


def test_reward_mode_counts_every_strip(open_page):
    page = open_page(n=3000, mode="reward")
    _, phi_r = made_up_columns(3000, 3, 7)
    inlier, outlier = int((phi_r > 0.65).sum()), int((phi_r < 0.25).sum())
    assert counts_on_screen(page) == [inlier, 3000 - inlier - outlier, outlier]


def test_accuracy_mode_hides_the_lines_and_counts_by_accuracy(open_page):
    page = open_page(n=400, mode="accuracy")
    n_correct, _ = made_up_columns(400, 3, 7)
    right, wrong = int((n_correct == 3).sum()), int((n_correct == 0).sum())
    assert counts_on_screen(page) == [right, 400 - right - wrong, wrong]
    assert page.locator(".dp-handle:visible").count() == 0


def test_a_run_of_arrow_keys_is_one_release(open_page):
    page = open_page(n=400)
    low = handle(page, "low")
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "Shift+ArrowUp"):
        low.press(key)
    state = wait_for_server(page, tau_l=0.281)
    assert (state["seq"], state["runs"]) == (1, 2)
    low.press("PageDown")
    wait_for_server(page, tau_l=0.181)
    low.press("End")
    assert wait_for_server(page, tau_l=0.65)["seq"] == 3


def test_the_pages_slider_moves_the_line_but_an_old_echo_does_not(open_page):
    page = open_page(n=400)
    page.locator("[data-testid=stSlider]").nth(1).get_by_role("slider").press("ArrowRight")
    page.wait_for_function(f"() => ({PLOT})().tau.high === 651")
    handle(page, "high").press("ArrowUp")
    wait_for_server(page, tau_h=0.661)
    old_echo = "{ tau: { low: 100, high: 900 }, seq: 0 }"
    page.evaluate(f"() => {{ const plot = ({PLOT})(); plot.offered = {old_echo}; plot.takeOffered(); }}")
    assert page.evaluate(f"() => ({PLOT})().tau") == {"low": 250, "high": 661}


def test_a_box_over_a_strip_selects_its_problems_and_escape_clears(open_page):
    page = open_page(n=400)
    n_correct, _ = made_up_columns(400, 3, 7)
    left, right, top, bottom = strip_span(page, 1)
    drag_over(page, left, top + 1, right, bottom - 1)
    expected = np.flatnonzero(n_correct == 1).tolist()
    state = wait_for_server(page, total=len(expected))
    assert state["rows"] == expected
    assert page.locator(".dp-note").inner_text() == f"{len(expected)} selected"
    page.keyboard.press("Escape")
    assert wait_for_server(page, total=0)["rows"] == []


def test_a_selection_beyond_the_cap_gives_every_strip_and_every_height_its_share(open_page):
    page = open_page(n=20_000)
    n_correct, phi_r = made_up_columns(20_000, 3, 7)
    (left, _, top, bottom), (_, right, _, _) = strip_span(page, 0), strip_span(page, 3)
    drag_over(page, left, top + 1, right, bottom - 1)
    state = wait_for_server(page, total=20_000, picked=500)
    assert page.locator(".dp-note").inner_text() == "20,000 selected, 500 of them listed, spread evenly"
    rows = state["rows"]
    assert rows == sorted(set(rows))
    for correct in range(4):
        inside = n_correct == correct
        assert (n_correct[rows] == correct).sum() == pytest.approx(inside.mean() * 500, abs=1)
        shown, all_of_it = np.sort(phi_r[rows][n_correct[rows] == correct]), np.sort(phi_r[inside])
        assert np.quantile(shown, [0.1, 0.5, 0.9]) == pytest.approx(np.quantile(all_of_it, [0.1, 0.5, 0.9]), abs=0.02)


def test_the_same_selection_lists_the_same_problems(open_page):
    first, second = open_page(n=20_000), open_page(n=20_000)
    rows = []
    for page in (first, second):
        left, right, top, bottom = strip_span(page, 2)
        drag_over(page, left, top + 1, right, bottom - 1)
        rows.append(wait_for_server(page, picked=500)["rows"])
    assert rows[0] == rows[1]


def test_pressing_a_class_selects_it_without_a_mouse(open_page):
    page = open_page(n=400)
    n_correct, phi_r = made_up_columns(400, 3, 7)
    page.get_by_role("button", name="Outlier").press("Enter")
    expected = np.flatnonzero((n_correct == 0) & (phi_r < 0.25)).tolist()
    assert wait_for_server(page, total=len(expected))["rows"] == expected


def test_a_lasso_and_a_click_select_too_and_a_button_clears(open_page):
    page = open_page(n=400)
    page.get_by_role("button", name="Lasso").click()
    box = page.locator(".dp-stage").bounding_box()
    left, right, top, bottom = strip_span(page, 3)
    page.mouse.move(box["x"] + left, box["y"] + top + 2)
    page.mouse.down()
    for x, y in ((right, top + 2), (right, bottom - 2), (left, bottom - 2)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
    page.mouse.up()
    n_correct, _ = made_up_columns(400, 3, 7)
    wait_for_server(page, total=int((n_correct == 3).sum()))
    x, y = page.evaluate(f"() => ({PLOT})().picture.centre(0)")
    page.mouse.click(box["x"] + x, box["y"] + y)
    assert wait_for_server(page, total=1)["rows"] == [0]
    page.get_by_role("button", name="Clear selection").click()
    wait_for_server(page, total=0)


def test_a_click_on_a_handle_keeps_the_selection_and_a_click_on_nothing_clears_it(open_page):
    page = open_page(n=1)
    x, y = page.evaluate(f"() => ({PLOT})().picture.centre(0)")
    box = page.locator(".dp-stage").bounding_box()
    page.mouse.click(box["x"] + x, box["y"] + y)
    wait_for_server(page, total=1)
    hold_and_move(page, "low", 0)
    page.mouse.up()
    assert page.locator(".dp-note").inner_text() == "1 selected"
    left, right, top, _ = strip_span(page, 1)
    page.mouse.click(box["x"] + (left + right) / 2, box["y"] + top + 20)
    assert wait_for_server(page, total=0)["picked"] == 0


def test_hovering_shows_the_problem_and_its_text_is_never_markup(open_page):
    page = open_page(n=400, texts=1)
    n_correct, phi_r = made_up_columns(400, 3, 7)
    row = int(np.flatnonzero((n_correct == 3) & (phi_r > 0.9))[0])
    box = page.locator(".dp-stage").bounding_box()
    x, y = page.evaluate(f"i => ({PLOT})().picture.centre(i)", row)
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.locator(".dp-tip").wait_for(state="visible")
    lines = [page.locator(".dp-tip > *").nth(i).inner_text() for i in range(3)]
    assert lines[0] == f"Problem {row}: <b>how many</b> apples has Ada on day {row % 7}?"
    assert lines[1] == f"3 of 3 correct, process reward {phi_r[row]:.3f}"
    assert lines[2] == f"Inlier: {phi_r[row] - 0.65:.3f} above τ high"


def test_zooming_keeps_counts_and_a_button_shows_all_again(open_page):
    page = open_page(n=400)
    before = counts_on_screen(page)
    box = page.locator(".dp-stage").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -600)
    page.keyboard.up("Control")
    page.wait_for_function(f"() => ({PLOT})().view.high < 64000")
    assert counts_on_screen(page) == before
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function(f"() => ({PLOT})().view.high > 64000")


def test_points_travel_once_and_again_when_the_browser_has_lost_them(open_page):
    page = open_page(n=400, forget=1)
    assert told(page)["have"] == []
    handle(page, "high").press("ArrowUp")
    state = wait_for_server(page, tau_h=0.66)
    assert len(state["have"]) == 1
    n_correct, phi_r = made_up_columns(400, 3, 7)
    assert counts_on_screen(page) == counts_computed(n_correct, phi_r, 0.25, 0.66)


@pytest.mark.parametrize(("n", "n_p"), [(0, 3), (1, 3), (500, 1), (500, 8), (500, 12)])
def test_any_number_of_problems_and_responses_is_drawn(open_page, n, n_p):
    page = open_page(n=n, n_p=n_p)
    n_correct, phi_r = made_up_columns(n, n_p, 7)
    assert counts_on_screen(page) == counts_computed(n_correct, phi_r, 0.25, 0.65, n_p)
    assert page.locator(".strip-count").count() == (min(n_p + 1, 9) if n else 2)


def test_unequal_numbers_of_responses_share_the_plot(open_page):
    page = open_page(n=500, unequal=1)
    n_correct, phi_r = made_up_columns(500, 3, 7)
    n_each = 3 + np.arange(500) % 2
    assert counts_on_screen(page) == counts_computed(n_correct, phi_r, 0.25, 0.65, n_each)
    labels = [label.split(" ")[0] for label in page.locator(".strip-label").all_text_contents()]
    assert labels == ["0", "1/4", "1/3", "1/2", "2/3", "3/4", "1"]
    hold_and_move(page, "high", -40)
    page.mouse.up()
    assert counts_on_screen(page) == counts_computed(n_correct, phi_r, 0.25, tau(page, "high"), n_each)


def test_a_question_that_did_not_come_along_is_read_when_the_pointer_rests_and_is_never_markup(open_page):
    page = open_page(n=20_001)
    box = page.locator(".dp-stage").bounding_box()
    x, y = page.evaluate(f"() => ({PLOT})().picture.centre(0)")
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.wait_for_function("""() => [...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector('.dp-tip p')?.innerText.startsWith('Problem'))""")
    row = page.evaluate(f"() => ({PLOT})().tip.row")
    assert page.locator(".dp-tip p").inner_text() == f"Problem {row}: <img src=x onerror=alert(1)>"
    assert page.locator(".dp-tip img").count() == 0


def test_locked_lines_say_so_and_move_neither_by_hand_nor_by_key(open_page):
    page = open_page(n=400, locked=1)
    assert handle(page, "high").get_attribute("aria-disabled") == "true"
    hold_and_move(page, "high", -50)
    page.mouse.up()
    handle(page, "high").press("ArrowUp")
    assert tau(page, "high") == 0.65
    assert page.locator(".dp-note").inner_text().startswith("Committed: the lines stay.")
    assert told(page)["runs"] == 1


def test_reset_goes_back_to_where_the_lines_began(open_page):
    page = open_page(n=400)
    reset = page.get_by_role("button", name="Reset")
    assert reset.is_disabled()
    handle(page, "low").press("PageUp")
    wait_for_server(page, tau_l=0.35)
    reset.click()
    wait_for_server(page, tau_l=0.25, tau_h=0.65)
    assert reset.is_disabled()


def test_earlier_commits_are_shown_when_asked_for(open_page):
    page = open_page(n=400, ghosts=2)
    key = page.locator(".dp-ghosts")
    assert key.is_hidden()
    page.get_by_role("button", name="Earlier commits").click()
    assert key.locator("span").all_inner_texts() == ["iteration 0 0.300 / 0.700", "the original 0.200 / 0.600"]
    page.get_by_role("button", name="Earlier commits").click()
    key.wait_for(state="hidden")
    assert told(page)["runs"] == 1


def test_a_line_tells_its_value_in_words_and_is_reached_by_tab(open_page):
    page = open_page(n=400)
    n_correct, phi_r = made_up_columns(400, 3, 7)
    outlier = counts_computed(n_correct, phi_r, 0.25, 0.65)[2]
    assert handle(page, "low").get_attribute("aria-valuetext") == f"0.250, {outlier} Outlier"
    page.get_by_role("button", name="Lasso").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+ArrowUp")
    assert tau(page, "low") == 0.251
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert wait_for_server(page, tau_h=0.64)["tau_l"] == 0.251


@pytest.mark.parametrize(("score", "label"), [("outcome score", "outcome score φr"), ("", "not scored")])
def test_the_height_is_called_what_it_is(open_page, score, label):
    page = open_page(n=400, score=score)
    assert page.locator(".score-name").text_content() == label
