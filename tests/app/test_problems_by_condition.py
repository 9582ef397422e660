"""Problems that a condition selects, on Difficulty and on Plan: what a selection can do, it can."""

import pytest

from engine import store
from engine.method.conditions import parse
from engine.store.problem_columns import COLUMNS
from engine.study import decisions, plans
from engine.study.fitting import fitting
from engine.types import Choice
from tests.app.shown import press, read, show, unfold

CHOICE = Choice(tau_l=0.25, tau_h=0.65)
MIXED = "0 < pass_rate < 1"


@pytest.fixture
def mixed(studio):
    """Ids of the problems that are right sometimes."""
    studio.presampled()
    e = store.samples.estimates(studio.it)
    return e.problem_ids[(e.n_correct > 0) & (e.n_correct < e.n)].tolist()


def fit(studio, text):
    e = store.samples.estimates(studio.it)
    rows = fitting(studio.it, parse(text, COLUMNS), e, plans.classes(studio.it, e, CHOICE))
    return e.problem_ids[rows].tolist()


def test_every_column_can_be_asked_for_before_the_commit_and_after(studio, mixed):
    e = store.samples.estimates(studio.it)
    everything = " and ".join(f"({name} == none or {name} != none)" for name in COLUMNS)
    boundary = e.problem_ids[plans.classes(studio.it, e, CHOICE) == 1].tolist()
    for _ in range(2):
        assert fit(studio, everything) == e.problem_ids.tolist()
        assert fit(studio, MIXED) == mixed
        assert fit(studio, "class == 'boundary'") == boundary
        assert fit(studio, f"problem_id == '{mixed[0]}'") == mixed[:1]
        if not store.commits.find(studio.it):
            assert fit(studio, "n_more != none or in_pool") == []
            plan = plans.commit(studio.it, CHOICE, made_by="tab 1")
    assert fit(studio, "n_more > 0") == [id for id in e.problem_ids if id in plan.allocation]


def test_what_fits_is_selected_and_left_out_with_who_and_when(studio, mixed):
    at = show("difficulty", problems_where=MIXED)
    assert f"{len(mixed)} selected" in read(at)
    press(at, "Leave out of the plan")
    assert decisions.excluded(studio.it) == set(mixed)
    (who,) = {d.made_by for d in store.decisions.holding(studio.it)}
    assert who.startswith("tab ") and f"{len(mixed)} problems left out" in read(at)
    at.text_input(key="look_problems_where").set_value("pass_rate > 1").run()
    assert "No problem fits that condition" in read(at)
    at.text_input(key="look_problems_where").set_value("n_tokens > 1").run()
    assert "no column n_tokens" in read(at) and "selected" not in read(at)


def test_the_plan_lists_its_problems_before_the_commit_and_after(studio, mixed):
    at = show("plan", problems_where=MIXED)
    press(at, "Leave out of the plan")
    assert decisions.excluded(studio.it) == set(mixed)
    press(at, "Take back all")
    plan = plans.commit(studio.it, CHOICE, made_by="tab 1")
    at = show("plan")
    assert not [f for f in at.dataframe if "More" in f.value], "drawn when somebody opens it"
    rows = next(f.value for f in unfold(at, "plan_problems").dataframe if "More" in f.value)
    assert rows["More"].sum() == sum(plan.allocation.values()) and len(rows) == 12
    at.text_input(key="look_problems_where").set_value("n_more > 0 and in_pool").run()
    rows = next(f.value for f in at.dataframe if "More" in f.value)
    assert set(rows["Problem"]) == set(plan.allocation)
    assert "Leave out of the plan" not in [b.label for b in at.button]
    link = next(x.proto for x in at.get("page_link") if x.label == "Difficulty")
    assert "problems_where" in link.query_string
