"""The plot where no threshold decides: each problem has the class that the engine gives it."""

import numpy as np
import pytest

from engine.method.difficulty import class_counts, classify
from tests.browser.plot_by_hand import PLOT, counts_on_screen, wait_for_server
from tests.browser.plot_page import made_up_columns

pytestmark = pytest.mark.browser


def classes_of(n):
    n_correct, phi_r = made_up_columns(n, 3, 7)
    return classify(n_correct, 3, phi_r, tau_l=0.25, tau_h=0.65, mode="posterior")


@pytest.mark.parametrize("n", [400, 20_000])
def test_counts_and_colours_are_those_of_the_engine_and_no_line_is_shown(open_page, n):
    page, classes = open_page(n=n, mode="posterior"), classes_of(n)
    assert counts_on_screen(page) == list(class_counts(classes).values())
    assert page.locator(".dp-handle:visible").count() == 0
    assert (
        page.locator(".dp-note")
        .inner_text()
        .startswith("The posterior of each pass rate decides here, so there are no lines")
    )
    nearest_colour = """row => { const plot = (PLOT)(), [x, y] = plot.picture.centre(row), scale = \
devicePixelRatio;
        const at = plot.ctx.getImageData(Math.round(x * scale), Math.round(y * scale), 1, 1).data;
        const ink = new OffscreenCanvas(1, 1).getContext("2d");
        const far = (colour) => { ink.fillStyle = colour; ink.fillRect(0, 0, 1, 1); const c = \
ink.getImageData(0, 0, 1, 1).data;
            return Math.hypot(c[0] - at[0], c[1] - at[1], c[2] - at[2]); };
        const distances = plot.colours.classes.map(far);
        return distances.indexOf(Math.min(...distances)) }""".replace("PLOT", PLOT)
    last_drawn = [int(np.flatnonzero(classes == cls)[-1]) for cls in range(3)]
    shown = [page.evaluate(nearest_colour, row) for row in last_drawn]
    assert shown == [0, 1, 2]


def test_selecting_a_class_lists_the_engines_problems_and_the_tooltip_names_the_class(open_page):
    page, classes = open_page(n=400, mode="posterior"), classes_of(400)
    page.get_by_role("button", name="Outlier").press("Enter")
    outliers = np.flatnonzero(classes == 2).tolist()
    assert wait_for_server(page, total=len(outliers))["rows"] == outliers
    box = page.locator(".dp-stage").bounding_box()
    x, y = page.evaluate(f"row => ({PLOT})().picture.centre(row)", outliers[0])
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.locator(".dp-tip").wait_for(state="visible")
    assert page.locator(".dp-tip > *").nth(2).inner_text() == "Outlier: its most probable class"


def test_the_classes_travel_once_and_again_when_the_browser_has_lost_them(open_page):
    page = open_page(n=400, mode="posterior", forget=1)
    page.get_by_role("button", name="Inlier").press("Enter")
    assert len(wait_for_server(page, total=int((classes_of(400) == 0).sum()))["have"]) == 2
