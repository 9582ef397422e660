"""What the plot draws and says of its data: every mode, any number of problems, tooltips, zoom,
earlier commits.
"""

import numpy as np
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
    assert counts_on_screen(page) == counts_computed(
        n_correct, phi_r, 0.25, tau(page, "high"), n_each
    )


def test_a_question_that_did_not_come_along_is_read_when_the_pointer_rests_and_is_never_markup(
    open_page,
):
    page = open_page(n=20_001)
    box = page.locator(".dp-stage").bounding_box()
    x, y = page.evaluate(f"() => ({PLOT})().picture.centre(0)")
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.wait_for_function(
        """() => [...document.querySelectorAll('*')].some(e => \
e.shadowRoot?.querySelector('.dp-tip p')?.innerText.startsWith('Problem'))"""
    )
    row = page.evaluate(f"() => ({PLOT})().tip.row")
    assert page.locator(".dp-tip p").inner_text() == f"Problem {row}: <img src=x onerror=alert(1)>"
    assert page.locator(".dp-tip img").count() == 0


def test_earlier_commits_are_shown_when_asked_for(open_page):
    page = open_page(n=400, ghosts=2)
    key = page.locator(".dp-ghosts")
    assert key.is_hidden()
    page.get_by_role("button", name="Earlier commits").click()
    assert key.locator("span").all_inner_texts() == [
        "iteration 0 0.300 / 0.700",
        "the original 0.200 / 0.600",
    ]
    page.get_by_role("button", name="Earlier commits").click()
    key.wait_for(state="hidden")
    assert told(page)["runs"] == 1


@pytest.mark.parametrize(
    ("score", "label"), [("outcome score", "outcome score φr"), ("", "not scored")]
)
def test_the_height_is_called_what_it_is(open_page, score, label):
    page = open_page(n=400, score=score)
    assert page.locator(".score-name").text_content() == label
