"""Problems selected on the plot: a box, a lasso, a click, a class."""

import numpy as np
import pytest

from tests.browser.plot_by_hand import PLOT, drag_over, hold_and_move, strip_span, wait_for_server
from tests.browser.plot_page import made_up_columns

pytestmark = pytest.mark.browser


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
    assert (
        page.locator(".dp-note").inner_text()
        == "20,000 selected, 500 of them listed, spread evenly"
    )
    rows = state["rows"]
    assert rows == sorted(set(rows))
    for correct in range(4):
        inside = n_correct == correct
        assert (n_correct[rows] == correct).sum() == pytest.approx(inside.mean() * 500, abs=1)
        shown, all_of_it = np.sort(phi_r[rows][n_correct[rows] == correct]), np.sort(phi_r[inside])
        assert np.quantile(shown, [0.1, 0.5, 0.9]) == pytest.approx(
            np.quantile(all_of_it, [0.1, 0.5, 0.9]), abs=0.02
        )


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
