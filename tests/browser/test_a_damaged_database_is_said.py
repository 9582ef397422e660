"""A database that opens and cannot be read to its end: every page says so in a sentence."""

import os
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from benchmarks import stored
from engine.errors import StoreError
from engine.store import Database
from tests.browser.studio import own_tab, settled

pytestmark = pytest.mark.browser
PAGES = ("", "run", "data", "difficulty", "plan", "responses", "pairs", "compare", "export")


def cut(path: Path) -> None:
    """Take tenths off the end until responses cannot be read any more."""
    size = path.stat().st_size
    for tenths in range(9, 0, -1):
        os.truncate(path, size * tenths // 10)
        db = Database(path)
        try:
            db.rows("SELECT sum(length(text)) FROM responses")
        except StoreError:
            return
        finally:
            db.close()
    raise AssertionError("however short, it could be read")


def test_no_page_over_a_cut_database_shows_a_traceback(chromium, tmp_path):
    path = tmp_path / "studio.duckdb"
    stored.presampled(path, n_problems=2000)
    cut(path)
    said = []
    with own_tab(chromium, tmp_path) as tab:
        home = tab.url.rstrip("/")
        for name in PAGES:
            tab.goto(f"{home}/{name}")
            settled(tab)
            assert tab.get_by_test_id("stException").count() == 0, name
            said += tab.get_by_test_id("stAlert").all_inner_texts()
    assert any("The database could not be read" in text for text in said), said
