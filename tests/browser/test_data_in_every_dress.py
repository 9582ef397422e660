"""Files as people have them, through the real Data page: a semicolon CSV with a long row, an
unclosed quote and sentinels; golds inside structures; a recording like OpenR1's.
"""

import json

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from engine.problems.stored import stored_sets
from engine.recorded import imported_sets
from tests.browser.studio import own_tab
from tests.browser.studio import settled as settle

pytestmark = pytest.mark.browser

SEMICOLONS = (
    "question;answer\r\n"
    "Half of 1?;0,5\r\n"
    f'"{"A long story. " * 20_000}How long?";7\r\n'
    "too;many;cells\r\n"
    '"an open quote;4\r\n'
    "Prove that it holds.;proof\r\n"
)
NESTED = [
    {
        "task": {"turns": [{"speaker": "u", "say": f"What is {n} + 1?"}]},
        "check": json.dumps({"gold": [n + 1]}),
    }
    for n in range(3)
]
OPENR1 = {
    "problem": "What is 3 + 4?",
    "answer": "7",
    "generations": ["So \\boxed{7}.", "So \\boxed{8}."],
    "correctness_math_verify": [True, False],
    "finish_reasons": ["stop", "length"],
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.csv").write_bytes(SEMICOLONS.encode("utf-16"))
    (tmp_path / "nested.jsonl").write_text("".join(json.dumps(row) + "\n" for row in NESTED))
    (tmp_path / "openr1.jsonl").write_text(json.dumps(OPENR1) + "\n")
    return tmp_path


@pytest.fixture
def tab(chromium, folder):
    with own_tab(chromium, folder, "data") as page:
        page.get_by_role("heading", name="Data", level=1).wait_for()
        settle(page)
        yield page


def bring(tab, path, place=0):
    tab.get_by_test_id("stFileUploaderDropzoneInput").nth(place).set_input_files(path)
    tab.wait_for_timeout(500)
    settle(tab)


def artifacts(folder):
    return folder / "studio.duckdb.files"


def test_a_semicolon_csv_is_read_reported_and_stored(tab, folder):
    bring(tab, folder / "mine.csv")
    for said in (
        "mine.csv is read as utf-16.",
        "cells separated by a semicolon",
        "1 references are no answer.",
        "Rejected rows: 2",
    ):
        sync_api.expect(tab.get_by_text(said).first).to_be_visible()
    tab.get_by_role("button", name="Store 3 problems").click()
    tab.get_by_text("Stored as").wait_for()
    assert [(s.name, s.n_problems) for s in stored_sets(artifacts(folder))] == [("mine.csv", 3)]


def choose(tab, role, path):
    """Type a path into a role's box, offered there or not."""
    box = tab.get_by_role("combobox", name=role).first
    box.click()
    box.fill(path)
    tab.wait_for_timeout(300)
    box.press("Enter")
    settle(tab)


def test_nested_golds_are_typed_as_a_path_and_stored(tab, folder):
    bring(tab, folder / "nested.jsonl")
    choose(tab, "Question", "task.turns[-1].say")
    choose(tab, "Answer", "check.gold[0]")
    tab.get_by_role("button", name="Store 3 problems").click()
    tab.get_by_text("Stored as").wait_for()
    (kept,) = stored_sets(artifacts(folder))
    lines = [json.loads(line) for line in kept.path.read_text().splitlines()]
    assert [line["answer"] for line in lines] == ["1", "2", "3"]


def test_a_recording_like_openr1_is_shown_and_imported(tab, folder):
    tab.get_by_role("tab", name="Recorded responses").click()
    bring(tab, folder / "openr1.jsonl", place=1)
    tab.get_by_text("1 read, 2 responses, 2 with a flag").wait_for()
    tab.get_by_role("button", name="Import the responses").click()
    tab.get_by_text("2 responses of 1 problems").first.wait_for()
    (one,) = imported_sets(artifacts(folder))
    assert (one.n_flagged, one.n_truncated, one.n_rejected) == (2, 1, 0)
