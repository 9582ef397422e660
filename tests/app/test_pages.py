"""Every page in every state it can be found in: nothing there yet, running, done, failed."""

import pytest

from engine import store
from engine.config.toml import as_toml
from engine.study.handle import Iteration
from tests.app.shown import press, said, show, title_of, titles

PAGES = (
    "run",
    "difficulty",
    "plan",
    "responses",
    "pairs",
    "training",
    "compare",
    "export",
    "data",
)


NOTHING_SAMPLED = {
    "run": "**Pre-sample**  \n:blue-badge[next]",
    "difficulty": "No problem is finished yet; 12 are pending.",
    "plan": "Nothing is committed in this iteration yet.",
    "responses": "No response is drawn yet.",
    "pairs": "Pairs are built when the resampling is done.",
    "training": "There are no pairs to train on yet.",
    "compare": "No policy is evaluated yet.",
    "export": "No policy is trained yet.",
    "data": "Nothing is stored, and no run begins, before you say so.",
}


FINISHED = {
    "run": "**Compare**  \n:blue-badge[next]",
    "difficulty": "Committed by another tab at",
    "plan": "pairs** came of it",
    "responses": " responses. Click any cell to read its row.",
    "pairs": ":blue-badge[chosen] process reward 0.",
    "training": "**Done** · 2 of 2 steps",
    "compare": "95 % intervals",
    "export": "Policy ffffffffffffffff: a model folder",
    "data": "Nothing is stored, and no run begins, before you say so.",
}


@pytest.mark.parametrize("page", PAGES[1:-1])
def test_a_page_without_a_run_says_where_to_start(database, page):
    assert "no run yet" in said(show(page))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_run_where_nothing_is_sampled_yet_says_so_under_its_title(studio, page):
    at = show(page)
    assert titles(at) == [title_of(studio, page)] and NOTHING_SAMPLED[page] in said(at)


@pytest.mark.parametrize("page", PAGES)
def test_a_running_job_shows_its_progress_and_a_way_to_cancel_on_every_page(studio, page):
    studio.job("presample", "running")
    at = show(page)
    assert "Cancel" in [button.label for button in at.button]


@pytest.mark.parametrize("page", PAGES)
def test_a_failed_job_says_why_on_every_page_and_offers_to_resume(studio, page):
    studio.job("presample", "failed", error="The <b>policy</b> is gone.")
    at = show(page)
    assert "The <b>policy</b> is gone." in said(at)
    assert "Resume" in [button.label for button in at.button]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_finished_iteration_shows_what_came_of_it(studio, page):
    studio.trained()
    at = show(page)
    assert titles(at) == [title_of(studio, page)] and FINISHED[page] in said(at)


def test_an_iteration_number_in_other_digits_is_ignored(studio):
    at = show("run", run=studio.run_id, iteration="²")
    assert f"Run {studio.run_id} · iteration 0 ·" in said(at)


def test_a_second_run_over_the_same_data_waits_for_its_commit_and_every_page_can_be_opened(
    studio, tmp_path
):
    studio.presampled()
    (tmp_path / "again.toml").write_text(as_toml(Iteration(studio.db, studio.run_id, 0).config))
    at = show("new_study")
    at.text_input(key="configuration_path").set_value(str(tmp_path / "again.toml")).run()
    at.button(key="begin_file").click().run()
    press(at, "Start the study")
    newest = store.runs.listed(studio.db)[0].id
    assert "**Tune and commit**  \n:blue-badge[next]" in said(show("run", run=newest))
    assert newest != studio.run_id and store.jobs.of_run(studio.db, newest) == []
    for page in PAGES:
        show(page, run=newest, iteration="0")


@pytest.mark.parametrize("page", PAGES)
def test_a_job_of_a_kind_that_is_not_known_is_shown_and_breaks_no_page(studio, page):
    studio.job("commit", "failed", error="KeyError: 'commit'\nand a page of other lines")
    at = show(page)
    assert "Job of the unknown kind “commit”, iteration 0" in said(at)
    assert "and a page of other lines" not in said(at)
