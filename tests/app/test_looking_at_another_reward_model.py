"""The Difficulty page by another reward model that read the same responses."""

import pytest

from engine import store
from engine.method.difficulty import class_counts, classify
from engine.study.handle import Iteration
from tests.app.shown import metrics, press, read, said, show


@pytest.fixture
def read_twice(studio):
    """Pre-samples that a second reward model, without bounds, has read the other way round."""
    studio.presampled()
    with studio.db.transaction() as cursor:
        cursor.execute(
            "INSERT INTO step_scores (set_id, problem_id, idx, prm_id, scores, status, reward)"
            " SELECT set_id, problem_id, idx, 'implicit-1-2', [1 - 3 * reward], 'ok',"
            " 1 - 3 * reward FROM step_scores"
        )
    return studio


def look(at):
    (field,) = [box for box in at.selectbox if box.label == "Process reward of"]
    field.set_value("implicit-1-2").run()
    assert not at.exception, at.exception[0].value
    return at


def test_with_one_reward_model_there_is_nothing_to_switch(studio):
    studio.presampled()
    assert "Process reward of" not in [box.label for box in show("difficulty").selectbox]


def test_estimates_by_another_model_differ_in_the_process_reward_alone(read_twice):
    it = Iteration(read_twice.db, read_twice.run_id, 0)
    own, other = store.samples.estimates(it), store.samples.estimates(it, "implicit-1-2")
    assert (own.n_correct == other.n_correct).all() and own.n_pending == other.n_pending == 0
    assert other.phi_r == pytest.approx(1 - 3 * own.phi_r)
    assert store.samples.estimates(it, "unknown").n_pending == 12


def test_the_plot_is_switched_and_nothing_of_the_run_can_be_committed_meanwhile(read_twice):
    at = show("difficulty")
    before = dict(at.query_params)
    assert "Commit …" in [button.label for button in at.button]
    look(at)
    assert "is looked at. The run goes by **prm**: nothing of it changes" in read(at)
    labels = [button.label for button in at.button]
    assert "Commit …" not in labels and "Leave out of the plan" not in labels
    assert not at.slider, "the run's thresholds cannot be moved here"
    assert dict(at.query_params) == before
    it = Iteration(read_twice.db, read_twice.run_id, 0)
    e = store.samples.estimates(it, "implicit-1-2")
    assert sum(int(metrics(at)[name]) for name in ("Inlier", "Boundary", "Outlier")) == len(e.n)
    press(at, "Back to the run's own")
    assert "is looked at" not in said(at)
    assert "Commit …" in [button.label for button in at.button]


def test_its_lines_cut_half_of_each_outer_strip(read_twice):
    at = look(show("difficulty"))
    e = store.samples.estimates(Iteration(read_twice.db, read_twice.run_id, 0), "implicit-1-2")
    right, wrong = e.phi_r[e.n_correct == e.n], e.phi_r[e.n_correct == 0]
    counts = {name.lower(): int(metrics(at)[name]) for name in ("Inlier", "Outlier")}
    assert counts["inlier"] <= len(right) and counts["outlier"] <= len(wrong)
    at_own_ends = class_counts(
        classify(e.n_correct, e.n, e.phi_r, tau_l=e.phi_r.min(), tau_h=e.phi_r.max())
    )
    assert at_own_ends["inlier"] == at_own_ends["outlier"] == 0
    assert "problems are in another class than by prm at the run's own lines" in read(at)


def test_after_a_commit_another_model_can_still_be_looked_at(read_twice):
    from engine.study import plans
    from engine.types import Choice

    it = Iteration(read_twice.db, read_twice.run_id, 0)
    plans.commit(it, Choice(0.25, 0.65), made_by="tab 1")
    at = look(show("difficulty"))
    assert "Fork this iteration" not in [button.label for button in at.button]
    assert "is looked at" in said(at)


def test_it_can_be_held_against_reference_labels(read_twice):
    at = look(show("difficulty"))
    (switch,) = [one for one in at.toggle if one.label.startswith("Against reference labels")]
    switch.set_value(True).run()
    assert not at.exception and "that no estimate has seen. None is there" in read(at)
