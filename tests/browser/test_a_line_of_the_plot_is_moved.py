"""The threshold lines of the plot, moved by mouse and by key; what the screen counts and what the
server hears.
"""

import pytest

from tests.browser.plot_by_hand import (
    PLOT,
    counts_computed,
    counts_on_screen,
    handle,
    hold_and_move,
    tau,
    told,
    wait_for_server,
)
from tests.browser.plot_page import made_up_columns

pytestmark = pytest.mark.browser


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
    page.evaluate(
        f"() => {{ const plot = ({PLOT})(); plot.offered = {old_echo}; plot.takeOffered(); }}"
    )
    assert page.evaluate(f"() => ({PLOT})().tau") == {"low": 250, "high": 661}


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
