"""The offer to try a real small language model: how to get it, the conversion, and the run."""

import pytest

from app.small_lm import LABEL
from engine.errors import ConversionError
from engine.paths import STARTER, artifacts_of
from engine.small_lm import INSTALL, SmallLm
from tests.app.shown import said, show


@pytest.fixture
def nothing_runs(monkeypatch):
    monkeypatch.setattr("engine.jobs.runner.JobRunner.run_next", lambda self: False)


def labels(at):
    return [button.label for button in at.button]


def press(at):
    next(button for button in at.button if button.label == LABEL).click().run()
    assert not at.exception
    return at


def test_where_it_is_not_installed_the_page_says_how_to_get_it(database):
    at = show("home")
    assert LABEL not in labels(at)
    assert INSTALL in said(at) and "make run SMALL_LM=1" in said(at)


def test_where_it_is_installed_it_is_converted_once_and_then_run(
    database, monkeypatch, nothing_runs
):
    asked = []

    def build(folder):
        asked.append(folder)
        return SmallLm(folder, STARTER / "quick.toml", is_new=True)

    monkeypatch.setattr("engine.small_lm.is_installed", lambda: True)
    monkeypatch.setattr("engine.small_lm.build", build)
    at = show("home")
    assert "The first time, its weights are converted" in said(at)
    assert "Quick starter run" in said(press(at))
    assert asked == [artifacts_of(database) / "small-lm"]


def test_a_model_that_was_converted_before_is_run_at_once(database, monkeypatch, nothing_runs):
    monkeypatch.setattr("engine.small_lm.configuration_in", lambda folder: STARTER / "quick.toml")
    monkeypatch.setattr("engine.small_lm.build", None)
    at = show("home")
    assert "converted" not in said(at)
    assert "Quick starter run" in said(press(at))


def test_a_conversion_that_fails_is_answered_with_its_sentence(database, monkeypatch):
    def build(folder):
        raise ConversionError("The disk is full.")

    monkeypatch.setattr("engine.small_lm.is_installed", lambda: True)
    monkeypatch.setattr("engine.small_lm.build", build)
    at = press(show("home"))
    assert "The disk is full" in said(at) and LABEL in labels(at)
