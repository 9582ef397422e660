"""Every page in every state it can be found in: nothing there yet, running, done, failed."""

from dataclasses import replace

import pytest

from engine import store
from engine.config.toml import as_toml
from engine.events import Graded, OptimiserStep, Sampled
from engine.export.run import TABLES
from engine.method.difficulty import class_counts, classify
from engine.store import record
from engine.study import calibration, overrides, pairing, plans
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.study.runs import create_run
from engine.types import Choice, Response, Verdict
from tests.app.shown import metrics, n_to_resample, press, said, show, title_of, titles

PAGES = (
    "home",
    "difficulty",
    "plan",
    "responses",
    "pairs",
    "training",
    "compare",
    "export",
    "data",
)
NOTHING_SAMPLED = {
    "home": "**Pre-sample**  \n:blue-badge[next]",
    "difficulty": "No problem is finished yet; 12 are pending.",
    "plan": "Nothing is committed in this iteration yet.",
    "responses": "No response is drawn yet.",
    "pairs": "Pairs are built when the resampling is done.",
    "training": "There are no pairs to train on yet.",
    "compare": "No policy is evaluated yet.",
    "export": "No policy is trained yet.",
    "data": "Nothing is stored, and no run begins, before you say so.",
}
FINISHED = {
    "home": "**Compare**  \n:blue-badge[next]",
    "difficulty": "Committed by tab 1 at",
    "plan": "pairs** came of it",
    "responses": " responses. Choose a row to read it.",
    "pairs": ":blue-badge[chosen] process reward 0.",
    "training": "**Done** · 2 of 2 steps",
    "compare": "95 % intervals",
    "export": "Policy ffffffffffffffff: a model folder",
    "data": "Nothing is stored, and no run begins, before you say so.",
}


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


@pytest.mark.parametrize("page", PAGES[1:-1])
def test_a_page_without_a_run_says_where_to_start(database, page):
    assert "no run yet" in said(show(page))


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


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_run_where_nothing_is_sampled_yet_says_so_under_its_title(studio, page):
    at = show(page)
    assert titles(at) == [title_of(studio, page)] and NOTHING_SAMPLED[page] in said(at)


@pytest.mark.parametrize("page", PAGES)
def test_a_running_job_shows_its_progress_and_a_way_to_cancel_on_every_page(studio, page):
    studio.job("presample", "running")
    at = show(page)
    assert "Cancel" in [button.label for button in at.button]


@pytest.mark.parametrize("page", PAGES)
def test_a_failed_job_says_why_on_every_page_and_offers_to_resume(studio, page):
    studio.job("presample", "failed", error="The <b>policy</b> is gone.")
    at = show(page)
    assert "The <b>policy</b> is gone." in said(at)
    assert "Resume" in [button.label for button in at.button]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_finished_iteration_shows_what_came_of_it(studio, page):
    studio.trained()
    at = show(page)
    assert titles(at) == [title_of(studio, page)] and FINISHED[page] in said(at)


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
    assert "Committed by tab abc123" in said(tab)
    assert tab.slider(key="tau_l_slider").disabled and tab.slider(key="tau_l_slider").value == 0.2
    assert "Commit …" not in [button.label for button in tab.button]


def test_responses_can_be_filtered_by_verdict_and_class(studio):
    studio.resampled()
    at = show("responses")
    everything = len(at.dataframe[0].value)
    at.button_group[1].set_value(["wrong"]).run()
    only_wrong = at.dataframe[0].value
    assert set(only_wrong["Verdict"]) == {"Wrong"} and 0 < len(only_wrong) < everything
    at.button_group[0].set_value(["OUTLIER"]).run()
    outliers = {
        row.problem_id
        for row in store.commits.allocation(Iteration(studio.db, studio.run_id, 0))
        if row.difficulty == 2
    }
    assert set(at.dataframe[0].value["Problem"]) == outliers


def test_a_problem_in_the_url_is_the_one_that_is_listed(studio):
    studio.presampled()
    wanted = list(store.problems.of_run(studio.db, studio.run_id, "train", 0))[3]
    at = show("home", problem=wanted, run=studio.run_id, iteration="0")
    at.switch_page("../pages/responses.py").run()
    assert set(at.dataframe[0].value["Problem"]) == {wanted}


def test_pairs_show_their_number_and_the_problems_behind_them(studio):
    studio.resampled()
    shown = metrics(show("pairs"))
    pairs = store.pairs.texts(Iteration(studio.db, studio.run_id, 0))
    assert shown["Pairs"] == f"{len(pairs):,}" and len(pairs) > 0


def test_launching_a_training_keeps_only_what_was_changed(studio):
    studio.resampled()
    at = show("training")
    next(n for n in at.number_input if n.label == "Beta").set_value(0.2)
    next(b for b in at.button if b.label == "Train with DPO").click().run()
    job = store.jobs.latest(Iteration(studio.db, studio.run_id, 0), "train")
    assert job.params == {"beta": 0.2} and job.state in ("queued", "running", "failed")


def test_a_training_without_margins_shows_the_curves_it_has(studio):
    studio.resampled()
    job = studio.job("train", "running")
    for step in (1, 2):
        record(
            studio.db,
            job,
            1,
            OptimiserStep(step, 2, {"loss": 0.5, "grad_norm": 1.0, "learning_rate": 1e-6}),
        )
    at = show("training")
    assert len(at.get("plotly_chart")) == 3


def test_compare_shows_the_paired_gain_and_begins_the_next_iteration(studio):
    studio.trained()
    at = show("compare")
    assert "Paired gain over M0, 95 % (points)" in metrics(at)
    next(b for b in at.button if b.label == "Next iteration").click().run()
    assert len(store.runs.iterations(studio.db, studio.run_id)) == 2


def test_a_fork_shows_the_same_points_and_can_be_committed(studio):
    studio.resampled()
    at = show("difficulty")
    next(b for b in at.button if b.label == "Fork this iteration").click().run()
    assert not at.exception
    forked = store.runs.listed(studio.db)[0]
    assert forked.parent_id == studio.run_id
    assert progress(Iteration(studio.db, forked.id, 0)).presampled
    assert "Commit …" in [button.label for button in at.button]


def test_a_stopped_job_can_be_resumed_from_home_after_another_run_was_started(studio):
    studio.job("presample", "cancelled")
    other = create_run(studio.db, Iteration(studio.db, studio.run_id, 0).config)
    store.jobs.add(Iteration(studio.db, other, 0), "presample", {})
    at = show("home", run=studio.run_id, iteration="0")
    assert "Resume: Pre-sampling, iteration 0" in [button.label for button in at.button]


def test_an_iteration_without_a_pair_leads_on_with_the_same_policy(studio):
    studio.presampled()
    plans.commit(
        Iteration(studio.db, studio.run_id, 0),
        Choice(tau_l=0, tau_h=1, mode="both", strategy="inlier"),
        made_by="tab 1",
    )
    pairing.make_pairs(Iteration(studio.db, studio.run_id, 0))
    assert "Without a pair" in said(show("training"))
    at = show("compare")
    next(b for b in at.button if b.label == "Next iteration").click().run()
    first, second = store.runs.iterations(studio.db, studio.run_id)
    assert first.policy_id == second.policy_id


def test_an_iteration_number_in_other_digits_is_ignored(studio):
    at = show("home", run=studio.run_id, iteration="²")
    assert f"Run {studio.run_id} · iteration 0 ·" in said(at)


def test_the_second_training_of_an_iteration_is_evaluated_too(studio):
    from engine.jobs import kinds

    studio.trained()
    first = store.jobs.latest(Iteration(studio.db, studio.run_id, 0), "train")
    second = replace(first, id=store.jobs.add(studio.it, "train", {"beta": 0.2}))
    studio.db.cursor().execute("UPDATE jobs SET policy_id = 'e' || id WHERE id = ?", [second.id])
    assert kinds.follow_ups(studio.db, first) != kinds.follow_ups(studio.db, second)


def test_a_person_overrides_a_verdict_on_the_card_and_takes_it_back(studio):
    studio.presampled()
    at = show(
        "responses", problem=list(store.problems.of_run(studio.db, studio.run_id, "train", 0))[3]
    )
    assert set(at.dataframe[0].value["Verdict"]) == {"Correct"} and "overridden" not in said(at)
    next(field for field in at.text_input if field.label == "Note").set_value("=<b>guess</b>")
    press(at, "Mark as wrong")
    assert at.dataframe[0].value["Verdict"].tolist() == ["Wrong", "Correct", "Correct"]
    assert "overridden by tab" in said(at) and "guess" in said(at) and "<b>" not in said(at)
    assert next(field for field in at.text_input if field.label == "Note").value == ""
    press(at, "Undo")
    assert set(at.dataframe[0].value["Verdict"]) == {"Correct"} and "overridden" not in said(at)
    assert "Undo" not in [button.label for button in at.button]


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


def test_a_response_without_a_verdict_has_nothing_to_override(studio):
    studio.presampled()
    studio.db.cursor().execute("DELETE FROM verdicts")
    at = show("responses")
    assert "not graded yet" in said(at) and "Mark as wrong" not in [
        button.label for button in at.button
    ]


def test_the_export_page_offers_every_table_the_configuration_and_the_policy(studio, tmp_path):
    studio.trained()
    at = show("export")
    labels = [element.proto.label for element in at.get("download_button")]
    assert labels == [*(what.replace("_", " ").capitalize() for what in TABLES), "Configuration"]
    assert "vllm serve /nowhere" in [block.value for block in at.code]
    assert at.main.children[1].value == "Export", "a string of the source is on the page"
    at.text_input[0].set_value(str(tmp_path / "out"))
    press(at, "Write")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "config.toml",
        *(f"{what}.jsonl" for what in TABLES),
    }
    at.text_input[1].set_value(str(tmp_path / "policy"))
    press(at, "Copy")
    assert "could not be written" in said(at) and not (tmp_path / "policy").exists()


def test_what_is_too_long_for_a_browser_goes_to_a_folder(studio, monkeypatch):
    monkeypatch.setattr("engine.store.exports.n_responses", lambda *_: 1_000_000)
    studio.presampled()
    at = show("export")
    disabled = [
        element.proto.label for element in at.get("download_button") if element.proto.disabled
    ]
    assert disabled == ["Responses", "Held out responses"] and "No policy is trained yet" in said(
        at
    )


def test_outcome_scores_are_called_so_and_never_a_process_reward(studio):
    studio.resampled()
    with studio.db.transaction() as write:
        write.execute(
            "UPDATE runs SET config = replace(config::VARCHAR, '\"token_classification\"',"
            " '\"outcome\"')"
        )
        write.execute("UPDATE step_scores SET status = 'outcome', scores = [reward]")
    assert "one outcome score per response, no minimum over steps" in said(show("difficulty"))
    for page in ("responses", "pairs"):
        assert "outcome score 0." in said(show(page)) and "process reward 0." not in said(
            show(page)
        )


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


def test_a_committed_plan_has_a_page_whose_parts_add_up_to_the_whole_budget(studio):
    studio.presampled()
    plans.commit(
        Iteration(studio.db, studio.run_id, 0),
        Choice(tau_l=0.25, tau_h=0.65, mode="both", strategy="posterior"),
        made_by="tab 1",
    )
    at = show("plan")
    parts = next(frame.value for frame in at.dataframe if "Part" in frame.value)
    config = Iteration(studio.db, studio.run_id, 0).config
    assert parts["Responses"].sum() == config.problems.n_train * config.sampling.n
    assert (
        metrics(at)["Strategy"] == "Posterior"
        and "Committed by tab 1" in said(at)
        and "Options: cap 2.0, n_rounds 1." in said(at)
    )


def test_a_second_run_over_the_same_data_waits_for_its_commit_and_every_page_can_be_opened(
    studio, tmp_path
):
    studio.presampled()
    (tmp_path / "again.toml").write_text(as_toml(Iteration(studio.db, studio.run_id, 0).config))
    at = show("home")
    at.text_input[0].set_value(str(tmp_path / "again.toml"))
    press(at, "Create the run and pre-sample")
    assert "**Tune and commit**  \n:blue-badge[next]" in said(at)
    newest = store.runs.listed(studio.db)[0].id
    assert newest != studio.run_id and store.jobs.of_run(studio.db, newest) == []
    for page in PAGES:
        show(page, run=newest, iteration="0")


@pytest.mark.parametrize("page", PAGES)
def test_a_job_of_a_kind_that_is_not_known_is_shown_and_breaks_no_page(studio, page):
    studio.job("commit", "failed", error="KeyError: 'commit'\nand a page of other lines")
    at = show(page)
    assert "Job of the unknown kind “commit”, iteration 0" in said(at)
    assert "and a page of other lines" not in said(at) or page == "home"
