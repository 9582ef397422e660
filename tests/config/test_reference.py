"""The reference of all settings: every one has help, and the page of the documentation is
current.
"""

from dataclasses import MISSING, fields, is_dataclass
from types import NoneType
from typing import get_args

import pytest

from engine.config import RunConfig
from engine.config.backends import BACKENDS
from engine.config.reference import page, settings, tables
from engine.config.templates import TEMPLATES
from engine.method.strategies import strategies
from engine.paths import ROOT

SETTINGS = {f"{s.table}.{s.name}".lstrip("."): s for s in settings()}


@pytest.mark.parametrize("setting", settings(), ids=list(SETTINGS))
def test_every_setting_has_a_type_and_help_in_words(setting):
    assert setting.type and setting.help.endswith(".") and "|" not in setting.help
    assert "None" not in setting.help, "a TOML file has no None: say what leaving it out means"


def test_every_field_of_every_table_is_a_setting():
    expected = {f.name for f in fields(RunConfig) if not is_dataclass(f.type)}
    expected |= {f"{name}.{f.name}" for name, table in tables().items() for f in fields(table)}
    assert set(SETTINGS) == expected


def test_every_table_says_what_it_is_about():
    assert all(table.__doc__ and "(" not in table.__doc__[:20] for table in tables().values())


def test_what_may_be_left_out_is_left_out_by_default():
    for name, table in tables().items():
        for f in fields(table):
            is_optional = NoneType in get_args(f.type)
            assert is_optional == (SETTINGS[f"{name}.{f.name}"].default is None), f.name


def test_a_setting_says_its_default_range_and_choices():
    top_p, train = SETTINGS["sampling.top_p"], SETTINGS["problems.train"]
    assert (top_p.type, top_p.default, top_p.range) == ("number", 0.95, "above 0 and at most 1")
    assert train.is_required and train.default is MISSING and not top_p.is_required
    assert SETTINGS["placement"].choices == ("worker", "inline")
    assert SETTINGS["training.loss_type"].type == "list of choices"
    assert {*SETTINGS["sampling.sampler"].choices, *SETTINGS["reward.family"].choices} >= {
        entry.name for entry in BACKENDS.values() if entry.role not in ("trainer", "reader")
    }
    assert set(SETTINGS["difficulty.strategy"].choices) == set(strategies())


def test_a_table_that_extends_another_has_its_help_and_its_own_defaults():
    own, inherited = SETTINGS["init.learning_rate"], SETTINGS["training.learning_rate"]
    assert (own.help, own.range) == (inherited.help, inherited.range)
    assert (own.default, inherited.default) == (1e-6, 5e-7)
    assert SETTINGS["init.method"].help != SETTINGS["training.method"].help


def test_the_page_in_the_documentation_is_current():
    written = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m engine.config.reference > docs/configuration.md"
    assert all(f"- `{name}`, " in written for name in TEMPLATES)
