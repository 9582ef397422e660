"""A sweep on the page that builds a study: all of it is examined, priced and begun, or nothing."""

import pytest

from app import state
from app.new_study import cards, outlook
from app.new_study.draft import Draft
from engine import store
from engine.doctor.finding import Finding
from engine.errors import ProblemSetError
from engine.jobs.runner import JobRunner
from engine.study import sources
from tests.app.shown import metrics, read, show
from tests.small_runs import small


@pytest.fixture
def opened(database, monkeypatch):
    """The page's own database; its runner does nothing."""
    monkeypatch.setattr(JobRunner, "run_next", lambda self, run_id=None: False)
    outlook._examined.clear()
    yield state._open(database)[0]
    outlook._examined.clear()


def sweep(*, methods=(), seeds=""):
    """The builder with a sweep over a small configuration."""
    at = show("new_study")
    at.session_state[cards.DRAFT] = Draft(small(n_iterations=1), "a test")
    at.run()
    at.radio(key="how_far").set_value("all").run()
    at.multiselect(key="sweep_methods").set_value(list(methods)).run()
    at.text_input(key="sweep_seeds").set_value(seeds).run()
    assert not at.exception, at.exception[0].value
    return at


def start_button(at):
    return next(b for b in at.button if b.label.startswith("Start"))


def test_a_sweep_is_priced_as_all_its_runs_together(opened):
    at = sweep()
    assert metrics(at)["Responses"] == "96" and "runs together" not in read(at)
    at = sweep(methods=["hs_star", "planned_grpo"], seeds="1, 2, 3")
    assert metrics(at)["Responses"] == f"{6 * 96:,}"
    assert "6 trained policies and a checkpoint" in read(at)
    assert read(at).count("of 6 runs together") == 2, "the figures, and the disk"


def test_a_method_that_could_not_run_keeps_the_whole_sweep_from_starting(opened, monkeypatch):
    def examined(config):
        is_grpo = config.training.method == "grpo"
        return [Finding("packages", "change", "Too old.")] if is_grpo else []

    monkeypatch.setattr(outlook, "examine", examined)
    at = sweep(methods=["hs_star", "planned_grpo"], seeds="1, 2")
    assert "Planned GRPO: Too old." in read(at)
    assert start_button(at).disabled and "see packages" in read(at)


def test_a_sweep_whose_last_run_cannot_be_made_makes_none(opened, monkeypatch):
    problem_sets = sources.problem_sets

    def refusing(config):
        if config.seed == 2:
            raise ProblemSetError("The file is gone.")
        return problem_sets(config)

    monkeypatch.setattr(sources, "problem_sets", refusing)
    at = sweep(seeds="1, 2")
    start_button(at).click().run()
    assert "The file is gone." in read(at)
    assert store.runs.listed(opened) == [] and store.jobs.unfinished(opened) == []
