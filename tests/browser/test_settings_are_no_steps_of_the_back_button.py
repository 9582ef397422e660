"""Thresholds are in the address, and one press of the back button still leaves the page."""

import re

import pytest

from tests.browser.studio import Studio

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    made = Studio(tmp_path_factory.mktemp("studio"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def tab(chromium):
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    page.set_default_timeout(60_000)
    yield page
    page.close()


def settle(tab, title):
    tab.get_by_role("heading", name=title, level=1, exact=True).wait_for()
    tab.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


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
    tab.wait_for_function("() => document.querySelectorAll('input[type=number]')[1]?.value === '0.123'")


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
