"""The Difficulty page: thresholds, what they count, what binds, calibration."""

import re

import pytest

from engine import store
from engine.events import Graded, Sampled
from engine.method.difficulty import class_counts, classify
from engine.store import record
from engine.study import calibration, overrides, plans
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.types import Choice, Response, Verdict
from tests.app.shown import metrics, n_to_resample, press, read, said, show


def test_the_difficulty_page_finds_read_what_home_read_ahead(studio, monkeypatch):
    asked, estimates = [], store.samples.estimates
    monkeypatch.setattr(
        store.samples, "estimates", lambda *about: (asked.append(about), estimates(*about))[1]
    )
    show("home")
    assert not asked, "pre-samples that are not complete change with every batch"
    studio.presampled()
    at = show("home")
    assert len(asked) == 1
    at.switch_page("../pages/difficulty.py").run()
    assert not at.exception and len(asked) == 1


def test_the_difficulty_page_counts_what_classify_counts_and_follows_the_url(studio):
    studio.presampled()
    e = store.samples.estimates(Iteration(studio.db, studio.run_id, 0))
    for tau_l, tau_h in ((0.25, 0.65), (0.05, 0.85)):
        counts = class_counts(classify(e.n_correct, e.n, e.phi_r, tau_l=tau_l, tau_h=tau_h))
        for strategy, classes in (
            ("boundary", ["boundary"]),
            ("inlier+boundary", ["inlier", "boundary"]),
            ("uniform", list(counts)),
        ):
            at = show("difficulty", tau_l=str(tau_l), tau_h=str(tau_h), strategy=strategy)
            assert n_to_resample(at) == sum(counts[name] for name in classes)


@pytest.mark.parametrize("strategy", ["boundary", "inlier", "dast", "posterior", "uniform"])
def test_the_line_beside_the_plot_and_the_dialog_say_what_the_plan_gives(studio, strategy):
    studio.presampled()
    chosen = {"tau_l": 0.25, "tau_h": 0.65, "mode": "both", "strategy": strategy}
    plan = plans.plan(Iteration(studio.db, studio.run_id, 0), Choice(**chosen))
    at = show("difficulty", **{name: str(value) for name, value in chosen.items()})
    given = f"**{sum(plan.allocation.values()):,} responses** for {len(plan.allocation)} problems"
    assert said(at).count(given) == 1
    press(at, "Commit …")
    assert said(at).count(given) == 2


def test_pending_problems_are_counted_apart(studio):
    studio.answer(studio.row.presample_set, "train", lambda id: range(3 if id < "8" else 2))
    e = store.samples.estimates(Iteration(studio.db, studio.run_id, 0))
    assert 0 < e.n_pending < 12
    assert f"{e.n_pending} problems are pending" in said(show("difficulty"))


def test_a_slider_stops_at_the_other_threshold_and_moves_the_number_field(studio):
    studio.presampled()
    at = show("difficulty")
    at.slider(key="tau_l_slider").set_value(0.9).run()
    assert at.number_input(key="tau_l_number").value == 0.65
    at.number_input(key="tau_h_number").set_value(0.7).run()
    assert at.slider(key="tau_h_slider").value == 0.7


def test_thresholds_survive_a_page_switch(studio):
    studio.presampled()
    at = show("difficulty")
    at.slider(key="tau_h_slider").set_value(0.8).run()
    at.switch_page("../pages/responses.py").run()
    at.switch_page("../pages/difficulty.py").run()
    assert at.slider(key="tau_h_slider").value == 0.8


def test_hostile_values_in_the_url_are_ignored(studio):
    studio.presampled()
    at = show(
        "difficulty",
        run="no such",
        iteration="-7",
        tau_l="nan",
        tau_h="<b>",
        mode="x",
        strategy="'",
    )
    assert at.slider(key="tau_h_slider").value == 0.65


def test_what_another_tab_committed_is_shown_as_binding(studio):
    studio.presampled()
    tab = show("difficulty")
    plans.commit(
        Iteration(studio.db, studio.run_id, 0),
        Choice(tau_l=0.2, tau_h=0.7, mode="both", strategy="boundary"),
        made_by="tab abc123",
    )
    tab.run()
    assert "Committed by another tab" in said(tab)
    assert tab.slider(key="tau_l_slider").disabled and tab.slider(key="tau_l_slider").value == 0.2
    assert "Commit …" not in [button.label for button in tab.button]


def test_a_fork_shows_the_same_points_and_can_be_committed(studio):
    studio.resampled()
    at = show("difficulty")
    next(b for b in at.button if b.label == "Fork this iteration").click().run()
    assert not at.exception
    forked = store.runs.listed(studio.db)[0]
    assert forked.parent_id == studio.run_id
    assert progress(Iteration(studio.db, forked.id, 0)).presampled
    assert "Commit …" in [button.label for button in at.button]


def test_class_counts_follow_an_override_until_the_commit_and_stay_after_it(studio):
    studio.presampled()
    inlier = list(store.problems.of_run(studio.db, studio.run_id, "train", 0))[3]
    key = (studio.row.presample_set, inlier, 0)
    before = n_to_resample(show("difficulty"))
    overrides.override(studio.db, *key, correct=False, made_by="tab 1")
    assert n_to_resample(show("difficulty")) == before + 1
    plans.commit(
        Iteration(studio.db, studio.run_id, 0),
        Choice(tau_l=0.25, tau_h=0.65, mode="both", strategy="boundary"),
        made_by="tab 1",
    )
    at = show("difficulty")
    assert "overridden since" not in said(at) and n_to_resample(at) == before + 1
    overrides.override(studio.db, *key, correct=None, made_by="tab 1")
    at = show("difficulty")
    assert int(metrics(at)["Boundary"]) == n_to_resample(at) == before + 1
    assert "would be in another class now: 1." in said(at)


def calibrating(studio):
    at = show("difficulty")
    at.session_state["calibration"] = True
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def test_calibration_is_ordered_at_its_price_and_its_labels_measure_every_mode(studio):
    studio.presampled()
    at = calibrating(studio)
    assert any(
        label.startswith("Sample ") and "of the remaining" in label
        for label in (button.label for button in at.button)
    )
    assert "None is there yet" in said(at) and "Half of each outer strip is cut" in said(at)
    assert "are more than the rest of the budget" in read(at)
    at.number_input(key=f"n_calibrate_{studio.run_id}_0").set_value(3).run()
    cost = re.search(r"give labels and no pairs and cost (\d+) of (\d+) expected pairs", read(at))
    assert 0 <= int(cost[1]) <= int(cost[2])
    ordered = calibration.order(Iteration(studio.db, studio.run_id, 0), 3)
    keys = [(id, index) for id in ordered.problem_ids for index in range(12)]
    record(
        studio.db,
        "no job",
        1,
        Sampled(ordered.set_id, [Response(id, i, i, f"{id} {i}", "stop", 3) for id, i in keys]),
    )
    record(
        studio.db,
        "no job",
        1,
        Graded(ordered.set_id, [(key, Verdict(key[1] % 2 == 0, "1", "correct")) for key in keys]),
    )
    at = calibrating(studio)
    assert "3 problems with a label" in said(at) and "Meets most labels, both signals" in said(at)
    table = next(frame.value for frame in at.dataframe if "Agreement" in frame.value)
    assert table["Mode"].tolist() == ["Both signals", "Accuracy only", "Reward only", "Posterior"]


def test_responses_without_an_answer_are_counted_with_what_to_do(studio):
    studio.presampled()
    assert "no answer that is found" not in said(show("difficulty"))
    studio.db.cursor().execute("UPDATE verdicts SET status = 'no_answer', correct = false")
    n = studio.db.value("SELECT count(*) FROM verdicts")
    warning = said(show("difficulty"))
    assert f"{n:,} of {n:,} responses have no answer that is found" in warning
    assert 'grading.extraction = "lenient"' in warning
