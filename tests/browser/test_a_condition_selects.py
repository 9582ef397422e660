"""A condition selects problems on the Difficulty page: they are marked on the plot, until a person
picks others there.
"""

import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from tests.browser.studio import settled

pytestmark = pytest.mark.browser


def selected(tab, n):
    heading = tab.get_by_role("heading", name=f"{n} selected", exact=True)
    sync_api.expect(heading).to_be_visible(timeout=60_000)
    settled(tab)


def typed(tab, text):
    field = tab.get_by_role("textbox", name="Where")
    field.fill(text)
    field.press("Enter")
    settled(tab)


def test_what_fits_is_marked_until_something_is_picked(studio, chromium):
    tab = chromium.new_page(viewport={"width": 1280, "height": 1400})
    tab.set_default_timeout(60_000)
    tab.goto(studio.at("difficulty", studio.fresh))
    sync_api.expect(tab.locator(".dp-note")).to_contain_text("Drag a line")
    settled(tab)
    tab.get_by_role("button", name="Boundary").press("Enter")
    sync_api.expect(tab.locator(".dp-note")).to_contain_text("selected")
    tab.get_by_role("heading", name=re.compile(r"^\d+ selected$")).wait_for()
    settled(tab)
    typed(tab, "n_correct >= 0")
    selected(tab, 12)
    sync_api.expect(tab.locator(".dp-note")).not_to_contain_text("selected")
    tab.get_by_role("button", name="Clear selection").click()
    sync_api.expect(tab.get_by_role("textbox", name="Where")).to_have_value("")
    tab.wait_for_url(lambda url: "problems_where" not in url)
    typed(tab, "0 < pass_rate < 1")
    tab.get_by_role("heading", name=re.compile(r"^\d+ selected$")).wait_for()
    tab.get_by_role("button", name="Boundary").press("Enter")
    sync_api.expect(tab.get_by_role("textbox", name="Where")).to_have_value("")
    sync_api.expect(tab.locator(".dp-note")).to_contain_text("selected")
    tab.close()
