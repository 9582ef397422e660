"""The plot on the page it is made for: its selection and the table, a job that ends around it, the
address, and what axe finds.
"""

import re

import pytest

from tests.browser.plot_by_hand import PLOT, handle, hold_and_move, tau

pytestmark = pytest.mark.browser


@pytest.fixture
def open_tab(chromium):
    tabs = []

    def opened(**options):
        tabs.append(chromium.new_page(viewport={"width": 1440, "height": 1000}, **options))
        tabs[-1].set_default_timeout(60_000)
        return tabs[-1]

    yield opened
    for tab in tabs:
        tab.close()


@pytest.fixture
def tab(open_tab):
    return open_tab()


def settle(tab, title):
    tab.get_by_role("heading", name=title, level=1, exact=True).wait_for()
    tab.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def open_difficulty(tab, studio):
    tab.goto(studio.at("difficulty", studio.fresh))
    settle(tab, "Difficulty")
    tab.wait_for_function(f"() => ({PLOT})()?.stats.frames > 0")


def is_inside(corners, x, y):
    """Whether a point is on the same side of every edge."""
    sides = [
        (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0
        for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]])
    ]
    return all(sides) or not any(sides)


def test_a_lasso_lists_exactly_the_problems_inside_it_with_their_count(studio, tab):
    open_difficulty(tab, studio)
    tab.get_by_role("button", name="Lasso").click()
    dots = tab.evaluate(
        f"() => {{ const p = ({PLOT})(); return p.points.texts.map((text, row) => [text,"
        " ...p.picture.centre(row)]) }"
    )
    left, right, top, bottom = tab.evaluate(
        f"() => {{ const l = ({PLOT})().layout; return [l.stripX(0), l.right, l.top, l.bottom] }}"
    )
    triangle = [
        (left + 2, top + 2),
        (left + 0.7 * (right - left), bottom - 2),
        (left + 2, bottom - 2),
    ]
    inside = sorted(text for text, x, y in dots if is_inside(triangle, x, y))
    assert 1 < len(inside) < len(dots)
    stage = tab.locator(".dp-stage").bounding_box()
    for i, (x, y) in enumerate([*triangle, triangle[0]]):
        tab.mouse.move(stage["x"] + x, stage["y"] + y, steps=8)
        if i == 0:
            tab.mouse.down()
    tab.mouse.up()
    tab.get_by_role("heading", name=f"{len(inside)} selected", exact=True).wait_for()
    tab.get_by_test_id("stDataFrame").first.scroll_into_view_if_needed()
    table = tab.get_by_test_id("stDataFrame").first.locator("table[role=grid]")
    table.locator("tbody tr").first.wait_for(state="attached")
    names = [name.strip() for name in table.locator("thead th").all_text_contents()]
    listed = [
        row.locator("td").all_text_contents()[names.index("Question")]
        for row in table.locator("tbody tr").all()
    ]
    assert sorted(question[:160] for question in listed) == inside


def test_a_line_in_hand_survives_a_job_that_ends_in_another_tab(studio, tab, open_tab):
    other = open_tab()
    other.goto(studio.url)
    other.get_by_role("button", name="Try it on the starter models").click()
    cancel = other.get_by_role("button", name="Cancel", exact=True)
    cancel.wait_for()
    open_difficulty(tab, studio)
    tab.get_by_role("button", name="Cancel", exact=True).wait_for()
    before = tau(tab, "high")
    hold_and_move(tab, "high", 40)
    held = tau(tab, "high")
    assert held < before
    cancel.click()
    tab.get_by_test_id("stToast").get_by_text("was cancelled").wait_for(timeout=120_000)
    settle(tab, "Difficulty")
    assert tau(tab, "high") == held
    assert "held" in handle(tab, "high").get_attribute("class")
    tab.mouse.up()
    tab.wait_for_url(re.compile(f"tau_h={held}"))
    settle(tab, "Difficulty")
    assert tau(tab, "high") == held
    assert float(tab.get_by_role("spinbutton").first.input_value()) == held


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_plot(studio, open_tab, theme):
    from axe_playwright_python.base import AXE_SCRIPT

    tab = open_tab(color_scheme=theme)
    open_difficulty(tab, studio)
    tab.evaluate(AXE_SCRIPT)
    found = tab.evaluate(
        """async () => {
        const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', \
'wcag21aa'] });
        return violations.flatMap(v => v.nodes.filter(n => Array.isArray(n.target[0])).map(n => \
[v.id, n.html.slice(0, 200)])) }"""
    )  # in a shadow root
    assert found == []


def test_one_press_of_back_leaves_the_difficulty_page_whatever_was_moved_there(studio, tab):
    tab.goto(studio.at("pairs", studio.fresh))
    settle(tab, "Pairs")
    tab.get_by_test_id("stSidebar").get_by_role("link", name="Difficulty", exact=True).click()
    settle(tab, "Difficulty")
    line = tab.get_by_role("slider", name="Upper threshold (tau high)", exact=True)
    line.press("ArrowUp")
    tab.wait_for_url(re.compile("tau_h="))
    settle(tab, "Difficulty")
    field = tab.get_by_role("spinbutton").nth(1)
    field.fill("0.123")
    field.press("Enter")
    tab.wait_for_url(re.compile("tau_l=0.123"))
    settle(tab, "Difficulty")
    tab.get_by_role("combobox", name="Signals").click()
    tab.get_by_role("option", name="Reward only").click()
    tab.wait_for_url(re.compile("mode=reward"))
    settle(tab, "Difficulty")
    moved = tab.url
    tab.go_back()
    settle(tab, "Pairs")
    tab.go_forward()
    settle(tab, "Difficulty")
    assert tab.url == moved
    tab.wait_for_function(
        "() => document.querySelectorAll('input[type=number]')[1]?.value === '0.123'"
    )


def test_a_panel_opened_with_a_key_keeps_the_focus_and_follows_a_line_that_is_moved(studio, tab):
    open_difficulty(tab, studio)
    panel = tab.locator("summary", has_text="What would this buy?")
    panel.focus()
    panel.press("Enter")
    tab.get_by_text("Expected pairs", exact=True).first.wait_for()
    settle(tab, "Difficulty")
    assert tab.evaluate("() => document.activeElement.innerText").endswith("What would this buy?")
    cards = (
        "() => [...document.querySelectorAll('details')].find(d => d.innerText.includes('What would"
        " this buy?')).innerText"
    )
    before = tab.evaluate(cards)
    for _ in range(3):
        tab.get_by_role("slider", name="Upper threshold (tau high)", exact=True).press("PageDown")
    tab.wait_for_function(f"before => ({cards})() !== before", arg=before)


def test_another_run_is_a_step_and_has_its_own_thresholds(studio, tab):
    tab.goto(studio.at("difficulty", studio.fresh, tau_l="0.111", tau_h="0.888"))
    settle(tab, "Difficulty")
    tab.get_by_role("combobox", name="Run", exact=True).click()
    tab.get_by_role("option", name=re.compile("^Trainable")).click()
    tab.wait_for_url(re.compile(studio.trainable))
    settle(tab, "Difficulty")
    assert "tau_l" not in tab.url
    tab.go_back()
    tab.wait_for_url(re.compile(studio.fresh))
    settle(tab, "Difficulty")
    assert "tau_l=0.111" in tab.url
