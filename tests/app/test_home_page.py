"""The Home page: a run is begun, and one that was stopped is resumed."""

from engine import store
from engine.study.handle import Iteration
from engine.study.runs import create_run
from tests.app.shown import said, show


def test_home_without_a_run_has_one_button(database):
    at = show("home")
    assert [button.label for button in at.button] == [
        "Try it on the starter models",
        "Create the run and pre-sample",
    ]


def test_a_configuration_that_cannot_be_used_is_answered_with_a_sentence(database, tmp_path):
    at = show("home")
    at.text_input[0].set_value(str(tmp_path / "missing.toml"))
    at.button[1].click().run()
    assert "There is no configuration file at" in said(at)


def test_the_home_button_makes_a_run_and_starts_its_presampling(database, monkeypatch):
    monkeypatch.setattr("engine.jobs.runner.JobRunner.run_next", lambda self: False)
    at = show("home")
    at.button[0].click().run()
    assert not at.exception
    assert "Starter study" in said(at) and "Pre-sampling, iteration 0" in said(at)


def test_a_stopped_job_can_be_resumed_from_home_after_another_run_was_started(studio):
    studio.job("presample", "cancelled")
    other = create_run(studio.db, Iteration(studio.db, studio.run_id, 0).config)
    store.jobs.add(Iteration(studio.db, other, 0), "presample", {})
    at = show("home", run=studio.run_id, iteration="0")
    assert "Resume: Pre-sampling, iteration 0" in [button.label for button in at.button]
