"""Decisions on problems that are selected on the plot: made on Difficulty, shown and taken back on
Plan, bound by the commit.
"""

import pytest

import app.difficulty.selection
from engine import store
from engine.study import decisions, plans
from engine.types import Choice
from tests.app.shown import n_to_resample, press, said, show

CHOICE = Choice(tau_l=0.25, tau_h=0.65)


@pytest.fixture
def boundary(studio):
    """Problems that the plan gives responses to."""
    studio.presampled()
    return sorted(plans.plan(studio.it, CHOICE).allocation)


def selected(at, ids, *, total=None):
    """The page with these problems selected."""
    rows = store.samples.estimates(at.it).problem_ids.tolist()
    at.session_state["picked"] = {
        "of": at.it.key,
        "ids": ids,
        "rows": [rows.index(id) for id in ids],
        "total": total or len(ids),
    }
    at.run()
    assert not at.exception
    return at


def difficulty(studio):
    at = show("difficulty", run=studio.run_id, iteration="0")
    at.it = studio.it
    return at


def labels(at):
    return [button.label for button in at.button]


def test_selected_problems_are_left_out_and_the_plan_says_so_at_once(studio, boundary):
    at = difficulty(studio)
    before = n_to_resample(at)
    press(selected(at, boundary[:2]), "Leave out of the plan")
    assert n_to_resample(at) == before - 2
    assert "By hand: 2 problems left out." in said(at)
    press(at, "Take back")
    assert n_to_resample(at) == before and "By hand" not in said(at)


def test_selected_problems_are_put_into_a_class(studio, boundary):
    at = difficulty(studio)
    before = n_to_resample(at)
    press(selected(at, boundary[:1]), "Outlier")
    assert n_to_resample(at) == before - 1 and "1 problem put into a class" in said(at)
    picked = next(f.value for f in at.dataframe if "Class" in f.value)
    assert picked["Class"].tolist() == ["Outlier"]


def test_ids_are_exported_and_one_problem_goes_to_the_playground(studio, boundary):
    at = selected(difficulty(studio), boundary[:1])
    assert [b.label for b in at.get("download_button")] == ["Export ids"]
    links = [link.proto for link in at.get("page_link")]
    query = [x.query_string for x in links if x.label == "Ask it in the playground"]
    assert query and f"problem={boundary[0]}" in query[0]


def test_a_selection_that_is_not_known_whole_decides_nothing_and_says_why(studio, boundary):
    at = selected(difficulty(studio), boundary[:2], total=11)
    assert next(b for b in at.button if b.label == "Leave out of the plan").disabled
    assert "Only 2 of the 11 selected problems are known here" in said(at)


def test_the_table_of_a_large_selection_is_a_sample_and_the_decision_is_for_all(
    studio, boundary, monkeypatch
):
    monkeypatch.setattr(app.difficulty.selection, "TABLE_ROWS", 2)
    at = selected(difficulty(studio), boundary[:3])
    assert "3 selected, 2 of them shown" in said(at)
    press(at, "Leave out of the plan")
    assert decisions.excluded(studio.it) == set(boundary[:3])


def test_the_plan_page_shows_decisions_and_takes_them_back_until_the_commit(studio, boundary):
    decisions.decide(studio.it, boundary[:2], "exclude", made_by="tab abc")
    at = show("plan", run=studio.run_id, iteration="0")
    table = at.dataframe[0].value
    assert table["Decision"].tolist() == ["Left out"] * 2 and set(table["By"]) == {"another tab"}
    press(at, "Take back all")
    assert decisions.excluded(studio.it) == frozenset()
    decisions.decide(studio.it, boundary[:1], "inlier", made_by="tab abc")
    plans.commit(studio.it, CHOICE, made_by="tab 1")
    at = show("plan", run=studio.run_id, iteration="0")
    assert "1 decided by hand" in said(at) and "Take back all" not in labels(at)
    at = selected(difficulty(studio), boundary[:1])
    assert "Leave out of the plan" not in labels(at) and "would be in another class" not in said(at)


def test_a_decision_after_a_commit_in_another_tab_is_refused_in_a_sentence(studio, boundary):
    at = selected(difficulty(studio), boundary[:1])
    plans.commit(studio.it, CHOICE, made_by="tab 2")
    press(at, "Leave out of the plan")
    assert "Fork the run to decide otherwise" in said(at)
    assert decisions.excluded(studio.it) == frozenset()


def test_what_is_picked_in_one_run_is_not_picked_in_another(studio, boundary):
    at = selected(difficulty(studio), boundary[:2])
    assert "2 selected" in said(at)
    at.session_state["picked"] |= {"of": ["another", 0]}
    assert " selected" not in said(at.run())
