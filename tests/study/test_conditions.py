"""Saved conditions: by a name that can be typed behind @, with who and when, and said in a sentence
where they do not fit.
"""

import pytest

from engine import store
from engine.errors import ConfigError
from engine.method.conditions import parse
from engine.study import conditions

COLUMNS = {"n_tokens": "number", "correct": "bool"}


def test_a_condition_is_typed_or_named(db):
    assert conditions.read(db, "  ", COLUMNS) is None
    conditions.save(db, "short", " n_tokens < 800 ", COLUMNS, made_by="tab 1")
    wanted = parse("n_tokens < 800", COLUMNS)
    assert conditions.read(db, " @short", COLUMNS) == wanted
    assert conditions.read(db, "n_tokens < 800", COLUMNS) == wanted


def test_a_name_is_replaced_copied_and_forgotten(db):
    conditions.save(db, "@short", "n_tokens < 800", COLUMNS, made_by="tab 1")
    conditions.save(db, "short", "n_tokens < 80", COLUMNS, made_by="tab 2")
    conditions.save(db, "also", "@short", COLUMNS, made_by="tab 3")
    also, short = store.saved_conditions.listed(db)
    assert (short.name, short.text, short.made_by) == ("short", "n_tokens < 80", "tab 2")
    assert also.text == short.text and also.made_at
    store.saved_conditions.remove(db, "short")
    with pytest.raises(ConfigError, match="No condition is saved as @short. Saved are: @also"):
        conditions.read(db, "@short", COLUMNS)


def test_a_saved_condition_about_other_rows_is_said_with_what_these_have(db):
    conditions.save(db, "short", "correct and n_tokens < 800", COLUMNS, made_by="cli")
    with pytest.raises(ConfigError, match="@short .*names correct and n_tokens, which these rows"):
        conditions.read(db, "@short", {"pass_rate": "number"})


@pytest.mark.parametrize("name", ["", " ", "two words", "a'b", "x" * 41, "a@b"])
def test_a_name_that_could_not_be_typed_is_refused(db, name):
    with pytest.raises(ConfigError, match="cannot be used"):
        conditions.save(db, name, "correct", COLUMNS, made_by="cli")


def test_what_cannot_be_read_is_not_saved(db):
    with pytest.raises(ConfigError, match="no column wrong"):
        conditions.save(db, "a", "wrong", COLUMNS, made_by="cli")
    assert store.saved_conditions.listed(db) == []
