"""The field for conditions: typed or saved by name, the same wherever rows are listed."""

from app import visitor
from engine import store
from engine.login import Role
from engine.store.problem_columns import COLUMNS
from engine.study import conditions
from tests.app.shown import press, read, show, unfold

PASSING = "0 < pass_rate < 1"


def field(at, name="where"):
    return at.text_input(key=f"look_{name}")


def test_a_condition_is_saved_chosen_and_forgotten(studio):
    studio.presampled()
    at = unfold(show("responses", where=PASSING), "where_popover")
    at.text_input(key="where_name").set_value("mixed").run()
    press(at, "Save what is typed")
    (saved,) = store.saved_conditions.listed(studio.db)
    assert (saved.name, saved.text) == ("mixed", PASSING)
    assert field(at).value == "@mixed" and f"@mixed: {PASSING}" in read(at)
    assert "Saved by this tab" in read(at)
    field(at).set_value("").run()
    at.selectbox(key="where_saved").set_value("@mixed").run()
    assert field(at).value == "@mixed" and not at.exception
    at.button(key="where_forget").click().run()
    assert store.saved_conditions.listed(studio.db) == []
    assert field(at).value == PASSING, "what it said stays"


def test_a_name_that_cannot_be_typed_is_said_and_nothing_is_saved(studio):
    studio.presampled()
    at = unfold(show("responses", where=PASSING), "where_popover")
    at.text_input(key="where_name").set_value("two words").run()
    press(at, "Save what is typed")
    assert "The name 'two words' cannot be used" in read(at) and field(at).value == PASSING
    assert store.saved_conditions.listed(studio.db) == []


def test_a_saved_condition_about_other_rows_and_one_that_is_not_there_are_said(studio):
    studio.presampled()
    conditions.save(studio.db, "odd", "phi_r > 0.5", COLUMNS, made_by="tab 1")
    at = show("responses", where="@odd")
    assert "The saved condition @odd (phi_r > 0.5) names phi_r, which these rows" in read(at)
    at = show("responses", where="@none")
    assert "No condition is saved as @none. Saved are: @odd." in read(at)


def test_a_reader_chooses_and_saves_nothing(studio, monkeypatch):
    studio.presampled()
    conditions.save(studio.db, "mixed", PASSING, COLUMNS, made_by="tab 1")
    monkeypatch.setattr(visitor, "role", lambda: Role.READ_ONLY)
    at = show("responses", where="@mixed")
    assert f"@mixed: {PASSING}" in read(at)
    unfold(at, "where_popover")
    assert at.button(key="where_save").disabled and at.button(key="where_forget").disabled
