"""A whole iteration through the pages on each kind of process reward that no classifier gives."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("torch")

from engine.store import Database
from engine.study.runs import create_run
from tests.browser.studio import own_tab, settled
from tests.rewards.kinds import KINDS, assert_whole, study_of
from tests.small_runs import small

pytestmark = pytest.mark.browser
JOB_LIMIT_MS = 240_000
CAN_COMMIT = """() => [...document.querySelectorAll('button')]
    .some(b => b.innerText.startsWith('Commit') && !b.disabled)"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_iteration_goes_through_the_pages(kind, chromium, tmp_path):
    database = tmp_path / "studio.duckdb"
    with study_of(kind, tmp_path) as changes:
        db = Database(database)
        run_id = create_run(db, small(**changes))
        db.close()
        with own_tab(chromium, tmp_path, f"run?run={run_id}&iteration=0") as tab:
            tab.get_by_role("button", name="Pre-sampling", exact=True).click()
            go(tab, "Difficulty")
            tab.wait_for_function(CAN_COMMIT, timeout=JOB_LIMIT_MS)
            tab.get_by_role("button", name="Cancel", exact=True).wait_for(state="detached")
            settled(tab)
            tab.get_by_role("button", name="Commit …").click()
            tab.get_by_role("button", name="Commit and resample").click()
            tab.get_by_text("Committed by this tab").wait_for()
            go(tab, "Pairs")
            tab.get_by_text("Problems with pairs").wait_for(timeout=JOB_LIMIT_MS)
            go(tab, "Verdicts")
            tab.get_by_text("What the reward model sees of it").wait_for()
            go(tab, "Training")
            tab.get_by_role("button", name="Train with DPO").click(timeout=JOB_LIMIT_MS)
            tab.get_by_role("link", name="Compare before and after").wait_for(timeout=JOB_LIMIT_MS)
            go(tab, "Compare")
            tab.get_by_text("Paired gain over M0").wait_for(timeout=JOB_LIMIT_MS)
    db = Database(database)
    assert_whole(db, run_id, kind)
    db.close()


def go(tab, name: str) -> None:
    tab.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    tab.get_by_role("heading", name=name, level=1).wait_for()
