"""A study of one's own from nothing but the browser: problems uploaded, a policy folder, settings
that are refused and accepted, a walk to Compare, a copy, a sweep, an archive and a deletion.
"""

import json
import re
import shutil

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from engine.paths import STARTER
from tests.browser.studio import own_tab
from tests.browser.studio import settled as settle

pytestmark = pytest.mark.browser
LIMIT_MS, JOB_LIMIT_MS = 60_000, 420_000
N_TRAIN, N_HELD_OUT = 16, 8
HEADER, ROW = 35, 35
"""Pixels of the table's head and of a row."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A policy in a folder of a person's own, and problems as they would bring them."""
    made = tmp_path_factory.mktemp("mine")
    shutil.copytree(STARTER / "policy", made / "my-policy")
    for name in ("held_out", "train"):
        lines = (STARTER / f"{name}.jsonl").read_text().splitlines()[:40]
        rows = [{k: json.loads(line)[k] for k in ("question", "answer")} for line in lines]
        (made / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return made


@pytest.fixture
def tab(chromium, folder):
    with own_tab(chromium, folder) as page:
        yield page


def go(tab, name, heading=None):
    tab.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    tab.get_by_role("heading", name=heading or name, level=1).wait_for()
    settle(tab)


def number(tab, name, value):
    found = tab.get_by_role("spinbutton", name=re.compile(f"^{re.escape(name)}")).first
    found.fill(str(value))
    found.press("Enter")
    settle(tab)


def group(tab, name):
    title = re.compile(rf"{name}( · \d+ changed)?$")
    tab.locator("summary").filter(has_text=title).first.click()
    settle(tab)


def bring(tab, folder, name):
    tab.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        folder / f"{name}.jsonl"
    )
    tab.get_by_role("button", name=re.compile("^Store ")).click()
    tab.get_by_text("Stored as").wait_for()
    tab.reload()
    tab.get_by_role("heading", name="Data", level=1).wait_for()
    settle(tab)


def start_button(tab):
    return tab.get_by_role("button", name=re.compile("^Start "))


def pick(tab, *rows):
    """Select rows of the board by their place."""
    canvas = tab.get_by_test_id("stDataFrame").first.locator("canvas").first
    canvas.wait_for()
    settle(tab)
    box = canvas.bounding_box()
    for row in rows:
        tab.mouse.click(box["x"] + 16, box["y"] + HEADER + ROW * row + ROW / 2)
        settle(tab)


def done(tab):
    """Until nothing runs or is queued any more."""
    sync_api.expect(tab.locator(".st-key-job_banner")).to_have_count(0, timeout=JOB_LIMIT_MS)
    settle(tab)


def build_it_and_start(tab, folder):
    """New study over the problems that were brought: refused first, accepted next."""
    start_button(tab).wait_for()
    assert start_button(tab).is_disabled(), "the file holds fewer problems than are wanted"
    number(tab, "Problems per iteration (N)", N_TRAIN)
    number(tab, "Iterations", 1)
    group(tab, "Problems")
    number(tab, "Held-out problems used", N_HELD_OUT)
    policy = tab.get_by_role("combobox", name="Policy", exact=True)
    policy.fill(str(folder / "my-policy"))
    policy.press("Enter")
    tab.get_by_text("LlamaForCausalLM").first.wait_for()
    number(tab, "Responses per problem (n)", 6)
    number(tab, "Temperature", 0.9)
    number(tab, "LoRA rank", 4)
    number(tab, "Pre-samples per problem", 6)
    tab.get_by_text("below n").first.wait_for()
    number(tab, "Pre-samples per problem", 3)
    tab.get_by_text("Run the first iteration").click()
    settle(tab)
    sync_api.expect(start_button(tab)).to_be_enabled()
    start_button(tab).click()


def name_it_and_look_at_it(tab):
    """The finished run gets a name; its journey and its gain."""
    tab.get_by_role("heading", name="Studies", level=1).wait_for()
    done(tab)
    pick(tab, 0)
    tab.get_by_role("button", name="Name, tags, note").click()
    name = tab.get_by_role("textbox", name="Name", exact=True)
    name.fill("My study")
    tab.get_by_role("button", name="Save", exact=True).click()
    settle(tab)
    go(tab, "This run", "My study")
    go(tab, "Compare")
    tab.get_by_text("Paired gain over M0").wait_for()


def copy_it_as_a_sweep(tab):
    """A copy, as two methods on two seeds."""
    go(tab, "Home", "Studies")
    pick(tab, 0)
    tab.get_by_role("button", name="Copy into a new study").click()
    tab.get_by_text("a copy of My study").wait_for()
    start_button(tab).wait_for()
    assert tab.get_by_role("textbox", name="Name", exact=True).input_value() == "My study 2"
    tab.get_by_text("Run all iterations, for every method and seed").click()
    settle(tab)
    methods = tab.get_by_role("combobox", name="Methods")
    for method in ("HS-STaR", "Uniform DPO"):
        methods.fill(method)
        tab.get_by_role("option", name=method, exact=True).click()
        settle(tab)
    tab.keyboard.press("Escape")
    seeds = tab.get_by_role("textbox", name="Seeds")
    seeds.fill("1, 2")
    seeds.press("Enter")
    tab.get_by_role("button", name="Start 4 runs, one after the other").click()
    tab.get_by_role("heading", name="Studies", level=1).wait_for()
    done(tab)


def compare_the_sweep(tab):
    """Its four runs side by side."""
    pick(tab, 0, 1, 2, 3)
    tab.get_by_role("button", name="Compare", exact=True).click()
    tab.get_by_role("heading", name="Compare", level=1).wait_for()
    tab.get_by_text("Same budget.").wait_for()
    tab.locator(".js-plotly-plot").first.wait_for()


def archive_one_and_delete_it(tab):
    """Asked twice; the file is compacted at the next start."""
    go(tab, "Home", "Studies")
    pick(tab, 0)
    tab.get_by_role("button", name="Archive", exact=True).click()
    tab.get_by_text("Archive (1)").wait_for()
    settle(tab)
    pick(tab, 0)
    tab.get_by_role("button", name="Delete …").click()
    tab.get_by_text("responses").first.wait_for()
    assert tab.get_by_role("button", name="Delete", exact=True).is_disabled()
    tab.get_by_text("I want this gone").click()
    settle(tab)
    tab.get_by_role("button", name="Delete", exact=True).click()
    tab.get_by_role("dialog").wait_for(state="detached")
    settle(tab)


def test_a_study_is_built_started_compared_copied_swept_and_deleted(tab, folder):
    go(tab, "Data")
    for name in ("held_out", "train"):
        bring(tab, folder, name)
    tab.get_by_test_id("stBaseButton-primary").filter(has_text="Build a study").first.click()
    tab.get_by_role("heading", name="New study", level=1).wait_for()
    build_it_and_start(tab, folder)
    name_it_and_look_at_it(tab)
    copy_it_as_a_sweep(tab)
    compare_the_sweep(tab)
    archive_one_and_delete_it(tab)
    assert (folder / "studio.duckdb.compact").exists(), "the file is compacted at the next start"
