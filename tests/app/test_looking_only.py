"""Those who may only look see every page, and start, write and delete nothing: neither by a button
nor by a message that pretends one was pressed.
"""

import inspect
from dataclasses import replace

import pytest

from app import state, visitor
from app.door.guard import Guard
from app.new_study import cards, outlook
from app.new_study.draft import Draft
from app.widgets import PAGES
from engine import store
from engine.config import load_config, named_paths
from engine.errors import ConfigError
from engine.jobs.looking import LookingRunner
from engine.jobs.runner import JobRunner
from engine.login import NotAllowed, Role
from engine.paths import ROOT
from engine.store.looking import Looking
from tests.app.shown import press, read, show
from tests.small_runs import small

HARMLESS = {
    "Look",
    "Begin with this",
    "Begin with something else",
    "Build a study",
    "Clear the filters",
    "Compare",
    "Copy into a new study",
    "Hide",
    "Next",
    "Open",
    "Overlay their curves",
    "Read it again",
    "Reset",
    "Show all rewards",
    "Use",
}
"""Buttons that change nothing but what this tab shows."""


@pytest.fixture
def looking(monkeypatch):
    monkeypatch.setattr(visitor, "role", lambda: Role.READ_ONLY)
    monkeypatch.setattr("engine.doctor.machine.device", lambda: "cpu")


@pytest.mark.parametrize("page", [file.removesuffix(".py") for file in PAGES])
def test_every_page_is_shown_and_none_of_its_buttons_does_anything(studio, looking, page):
    studio.trained()
    studio.job("train", "failed", error="No.")
    before = studio.db.version
    at = show(page)
    live = {
        b.label for b in at.button if not b.disabled and not (b.key or "").startswith("shortcut")
    }
    presets = {label for label in live if " / " in label}
    assert live - presets - HARMLESS == set()
    for button in at.button:
        if button.disabled:
            button._value = True  # as a client does that is no browser
    at.run()
    assert not at.exception and studio.db.version == before, "nothing was written"


def test_the_views_of_those_who_look_refuse_every_command(studio):
    runner, db = LookingRunner(studio.runner), Looking(studio.db)
    for name, _ in inspect.getmembers(JobRunner, inspect.isfunction):
        if not name.startswith("_"):
            with pytest.raises(NotAllowed):
                getattr(runner, name)("job")
    with pytest.raises(NotAllowed), runner.db.transaction():
        pass
    for write in (lambda: db.insert("notes", {"text": ["x"]}), db.checkpoint, db.close):
        with pytest.raises(NotAllowed):
            write()
    assert db.value("SELECT count(*) FROM runs") == 1 and runner.pace is None


def test_a_configuration_and_a_path_are_refused_to_those_who_look(database, looking):
    with pytest.raises(NotAllowed, match="logged in to look"):
        visitor.path(str(database), "The path")
    with pytest.raises(NotAllowed, match="logged in to look"):
        visitor.check(load_config(ROOT / "data" / "starter" / "default.toml"))


def test_where_others_can_come_in_fields_name_paths_within_the_roots_alone(database, monkeypatch):
    monkeypatch.setattr(visitor, "role", lambda: Role.FULL)
    assert str(visitor.path("/etc/passwd", "The path")) == "/etc/passwd"
    monkeypatch.setattr(Guard, "are_paths_limited", True)
    with pytest.raises(NotAllowed, match="The path names /etc/passwd, which is outside"):
        visitor.path("/etc/passwd", "The path")
    assert visitor.path(str(database.with_name("a.jsonl")), "The path")
    assert visitor.model("starter", "policy.path") == "starter"
    visitor.check(load_config(ROOT / "data" / "starter" / "default.toml"))


def refused_to_look(monkeypatch, config):
    """The builder over a configuration, in which nothing may be looked at."""
    for what in ("examine", "outlook"):
        monkeypatch.setattr(outlook, what, lambda *_: pytest.fail("it was looked at"))
    at = show("new_study")
    at.session_state[cards.DRAFT] = Draft(config, "a test")
    at.run()
    assert not at.exception, at.exception[0].value
    (button,) = [b for b in at.button if b.label == "Start the study"]
    assert button.disabled
    return at


OUTSIDE = {"problems": {"train": "/etc/passwd"}}


def test_what_a_study_would_take_is_not_worked_out_for_those_who_look(
    database, looking, monkeypatch
):
    at = refused_to_look(monkeypatch, small(**OUTSIDE))
    assert "not worked out for you, because its fields can name any file" in read(at)


def test_what_is_outside_of_the_roots_is_not_looked_at_before_it_is_refused(database, monkeypatch):
    monkeypatch.setattr(visitor, "role", lambda: Role.FULL)
    monkeypatch.setattr(Guard, "are_paths_limited", True)
    at = refused_to_look(monkeypatch, small(**OUTSIDE))
    assert "problems.train names /etc/passwd, which is outside" in read(at)


@pytest.mark.parametrize(
    "setting",
    [
        "problems.train",
        "problems.held_out",
        "policy.path",
        "reward.path",
        "implicit.reference",
        "training.accelerate_config",
        "init.accelerate_config",
    ],
)
def test_every_setting_that_names_a_path_is_taken_within_the_roots_alone(
    database, monkeypatch, setting
):
    monkeypatch.setattr(visitor, "role", lambda: Role.FULL)
    monkeypatch.setattr(Guard, "are_paths_limited", True)
    config, (table, _, name) = small(), setting.partition(".")
    named = replace(getattr(config, table), **{name: "/etc/passwd"})
    config = replace(config, **{table: named})
    assert named_paths(config)[setting] == "/etc/passwd"
    with pytest.raises(NotAllowed, match=f"{setting} names /etc/passwd, which is outside"):
        visitor.check(config)
    visitor.check(config, known=config)


def test_a_file_of_accelerate_is_taken_within_the_roots_alone_for_one_training_too(
    studio, monkeypatch
):
    monkeypatch.setattr(visitor, "role", lambda: Role.FULL)
    monkeypatch.setattr(Guard, "are_paths_limited", True)
    studio.resampled()
    at = show("training")
    draft = next(iter(at.session_state["training_drafts"].values()))
    wanted = {"n_processes": 2, "batch_size": 4, "micro_batch_size": 2}
    for name, value in (wanted | {"accelerate_config": "/etc/hostname"}).items():
        draft.set(f"training.{name}", value)
    press(at.run(), "Train with DPO")
    assert "training.accelerate_config names /etc/hostname, which is outside" in read(at)
    assert store.jobs.latest(studio.it, "train") is None


def test_nobody_sees_a_page_that_the_door_did_not_let_in(database, monkeypatch):
    monkeypatch.setattr(visitor, "role", lambda: None)
    at = show("home")
    assert [error.value for error in at.error] == ["Log in first."] and not at.button


def test_a_login_file_that_cannot_be_read_makes_nobody_a_visitor(database, monkeypatch):
    def damaged(guard: Guard) -> bool:
        raise ConfigError("It cannot be read.")

    monkeypatch.setattr(Guard, "needs_login", property(damaged))
    assert visitor.role() is None and not visitor.may_write()
    assert state.database_path() == database
