"""The page is drawn anew around a pressed pointer: a job ends, more data come. What the pointer
holds stays in its hand.
"""

import numpy as np
import pytest

from tests.browser.plot_by_hand import (
    PLOT,
    counts_computed,
    counts_on_screen,
    handle,
    hold_and_move,
    strip_span,
    tau,
    told,
    wait_for_frame,
    wait_for_server,
)
from tests.browser.plot_page import made_up_columns

pytestmark = pytest.mark.browser

REDRAWS = {"New data": (500, False), "Banner": (400, True), "Banner and new data": (500, True)}
"""Button: problems after it, and whether a banner moves the plot to another place on the page."""


def redraw(page, button):
    """As if the page did it by itself: nothing is focused and the pointer stays where it is."""
    runs, before = told(page)["runs"], page.evaluate_handle(PLOT)
    page.get_by_role("button", name=button, exact=True).evaluate("button => button.click()")
    wait_for_server(page, runs=runs + 1)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    if REDRAWS[button][1]:
        page.wait_for_function(
            f"before => ({PLOT})() && ({PLOT})() !== before && ({PLOT})().stats.frames > 0",
            arg=before,
        )
    wait_for_frame(page)


def middle(page, which):
    box = handle(page, which).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("button", REDRAWS)
def test_a_line_in_hand_keeps_its_value_follows_the_pointer_and_is_told_on_release(
    open_page, button
):
    page = open_page(n=400, restless=1)
    x, y = middle(page, "high")
    hold_and_move(page, "high", -40)
    held = tau(page, "high")
    redraw(page, button)
    assert tau(page, "high") == held > 0.7
    assert "held" in handle(page, "high").get_attribute("class")
    page.mouse.move(x + 60, y - 60, steps=4)
    released = tau(page, "high")
    assert released > held + 0.03
    page.mouse.up()
    n = REDRAWS[button][0]
    n_correct, phi_r = made_up_columns(n, 3, 7)
    assert wait_for_server(page, tau_h=released)["tau_l"] == 0.25
    assert counts_on_screen(page) == counts_computed(n_correct, phi_r, 0.25, released)
    assert tau(page, "high") == released
    handle(page, "high").press("ArrowDown")
    wait_for_server(page, tau_h=round(released - 0.01, 3))


def test_a_line_let_go_of_while_there_is_no_plot_is_told_all_the_same(open_page):
    page = open_page(n=400, restless=1)
    x, y = middle(page, "high")
    hold_and_move(page, "high", -40)
    held = tau(page, "high")
    page.evaluate(
        """([clientX, clientY, pointerId]) => {
            const host = [...document.querySelectorAll('*')].find(e => \
e.shadowRoot?.difficultyPlot);
            const watch = new MutationObserver(() => {
                if (host.isConnected) return;
                watch.disconnect();
                document.body.dispatchEvent(new PointerEvent('pointerup', { clientX, clientY, \
pointerId, bubbles: true }));
            });
            watch.observe(document.body, { childList: true, subtree: true });
        }""",
        [x, y - 40, page.evaluate(f"() => ({PLOT})().pointer.gesture.id")],
    )
    redraw(page, "Banner")
    assert wait_for_server(page, tau_h=held)["tau_l"] == 0.25
    assert tau(page, "high") == held
    page.mouse.up()


def test_a_box_being_drawn_selects_among_the_data_there_are_when_it_is_closed(open_page):
    page = open_page(n=400, restless=1)
    box = page.locator(".dp-stage").bounding_box()
    left, right, top, bottom = strip_span(page, 1)
    page.mouse.move(box["x"] + left, box["y"] + top + 1)
    page.mouse.down()
    page.mouse.move(box["x"] + right - 20, box["y"] + bottom - 20, steps=4)
    redraw(page, "New data")
    page.mouse.move(box["x"] + right, box["y"] + bottom - 1, steps=4)
    page.mouse.up()
    expected = np.flatnonzero(made_up_columns(500, 3, 7)[0] == 1).tolist()
    assert wait_for_server(page, total=len(expected))["rows"] == expected


def test_escape_after_a_redraw_puts_the_line_back(open_page):
    page = open_page(n=400, restless=1)
    hold_and_move(page, "low", -40)
    redraw(page, "Banner and new data")
    page.keyboard.press("Escape")
    page.mouse.up()
    assert tau(page, "low") == 0.25
    assert told(page)["seq"] == 0


def test_what_was_zoomed_and_chosen_stays_when_the_plot_moves_on_the_page(open_page):
    page = open_page(n=400, restless=1)
    page.get_by_role("button", name="Lasso").click()
    page.evaluate(f"() => ({PLOT})().show({{ low: 10000, high: 40000 }})")
    redraw(page, "Banner")
    assert page.evaluate(f"() => ({PLOT})().view") == {"low": 10000, "high": 40000}
    assert page.get_by_role("button", name="Lasso").get_attribute("aria-pressed") == "true"
