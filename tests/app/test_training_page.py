"""The Training page: what is launched, and what there is to see of it."""

from dataclasses import fields, replace

from app.training.names import names
from engine import store
from engine.config import TrainingConfig
from engine.config.used import unused
from engine.events import (
    CheckpointKept,
    InterimAnswer,
    InterimEvaluated,
    OptimiserStep,
    PolicySaved,
)
from engine.store import record
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Choice, Response, Verdict
from tests.app.shown import drawn, press, read, said, show, unfold
from tests.small_runs import judge, small


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


def test_a_training_that_draws_says_its_own_settings_and_why_it_has_no_divergence(studio):
    losses = {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 0.5]}
    groups = {"method": "grpo", "n_epochs": 1, "group_size": 4, "batch_size": 8}
    training = {**groups, **losses, "micro_batch_size": 4}
    run_id = create_run(studio.db, small(training=training))
    judge(studio.db, run_id)
    it = Iteration(studio.db, run_id, 0)
    plans.commit(it, Choice(0.02, 0.99, "both", "boundary"), made_by="tab 1")
    at = show("training", run=run_id)
    assert "It draws 56 of the 60 responses that the plan gives." in read(at)
    next(n for n in at.number_input if n.label == "Batch size").set_value(256).run()
    assert "fills no step: take smaller groups or fewer" in read(at)
    assert next(b for b in at.button if b.label == "Train with GRPO").disabled
    job = store.jobs.add(it, "train", {})
    store.jobs.set_state(studio.db, job, "running")
    assert "Both evaluations follow the training." in read(show("compare", run=run_id))
    for step, name in ((1, "reward"), (2, "kl")):
        assert ("No KL: with kl_weight = 0" in read(show("training", run=run_id))) == (step == 2)
        record(studio.db, job, 1, OptimiserStep(step, 2, {"loss": 0.5, "reward": 0.5, name: 0.1}))
    said_of_it = read(show("training", run=run_id))
    assert "GRPO, " in said_of_it and "group_size 4" in said_of_it
    assert "loss_type" not in said_of_it and "No KL" not in said_of_it


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


def test_the_second_training_of_an_iteration_is_evaluated_too(studio):
    from engine.jobs import kinds

    studio.trained()
    first = store.jobs.latest(Iteration(studio.db, studio.run_id, 0), "train")
    second = replace(first, id=store.jobs.add(studio.it, "train", {"beta": 0.2}))
    studio.db.cursor().execute("UPDATE jobs SET policy_id = 'e' || id WHERE id = ?", [second.id])
    assert kinds.follow_ups(studio.db, first) != kinds.follow_ups(studio.db, second)


def test_every_training_setting_is_in_the_form_and_a_wrong_one_is_refused(studio):
    studio.resampled()
    at = show("training")
    at.session_state["training_settings"] = True
    at.run()
    draft = next(iter(at.session_state["training_drafts"].values()))
    drawn = {e.key for kind in (at.number_input, at.text_input, at.selectbox) for e in kind}
    drawn |= {e.key for kind in (at.toggle, at.multiselect) for e in kind}
    names = {f.name for f in fields(TrainingConfig)} - {*unused("dpo")}
    wanted = {draft.widget(f"training.{name}") for name in names}
    assert wanted <= drawn and draft.widget("training.group_size") not in drawn
    assert "Not shown, because DPO does not use them: Keep responses above," in read(at)
    at.number_input(key=draft.widget("training.batch_size")).set_value(7).run()
    press(at, "Train with DPO")
    assert "is 7: it must be a multiple of" in read(at)
    assert store.jobs.latest(studio.it, "train") is None


def test_what_cannot_be_read_is_named_beneath_the_button_and_goes_with_its_field(studio):
    studio.resampled()
    at = unfold(show("training"), "training_settings")
    (draft,) = at.session_state["training_drafts"].values()
    button = lambda: next(b for b in at.button if b.label == "Train with DPO")
    at.text_input(key=draft.widget("training.loss_weights")).set_value("one")
    unfold(at, "training_settings")
    assert button().disabled
    assert "It cannot be started yet: training.loss_weights holds 'one'" in read(at)
    at.session_state["training_settings"] = False
    assert at.run() and not button().disabled


def test_a_training_says_its_settings_and_siblings_what_was_changed(studio):
    studio.trained()
    store.jobs.add(studio.it, "train", {"beta": 0.2, "loss_type": ["ipo", "sft"]})
    at = show("training")
    assert "DPO, learning_rate" in read(at).replace("\\_", "_")
    (table,) = [f.value for f in at.dataframe if "Changed for it" in f.value]
    assert table["Changed for it"].tolist() == ["nothing", "beta 0.2, loss_type ipo + sft"]


def test_each_page_says_what_comes_next(studio):
    studio.resampled()
    labels = lambda page: [link.label for link in show(page).get("page_link")]
    for page in ("plan", "pairs", "responses"):
        assert "Next: train on the pairs" in str(labels(page)), page


def test_a_second_training_is_shown_as_a_sibling_with_its_settings_and_accuracy(studio):
    studio.trained_again()
    for page in ("training", "compare"):
        at = show(page)
        (table,) = [f.value for f in at.dataframe if "Changed for it" in f.value]
        assert table["Policy"].tolist() == ["M1", "M1b"]
        assert table["Changed for it"].tolist() == ["nothing", "beta 0.2"]
        assert "beta 0.2" in table["Settings"][1] and (table["Mean %"] != "–").all()
        assert "The run goes on with M1b" in read(at)
    (figure,) = [figure for title, figure in drawn(at) if "by training" in title]
    assert [line["name"] for line in figure["data"]] == ["M1: as the run says", "M1b: beta 0.2"]


def test_trainings_are_named_by_what_differs_from_the_one_they_stand_beside(studio):
    studio.trained_again()
    newest, first = store.jobs.trainings(studio.db)
    assert names([first], newest) == {first.id: "beta 0.1"}
    twins = [replace(first, id="x"), replace(first, id="y", number=9)]
    assert names(twins, newest) == {
        "x": f"beta 0.1, training {first.number}",
        "y": "beta 0.1, training 9",
    }


def evaluated_on_the_way(studio, job):
    """Steps 2 and 4 of a training, each evaluated on three held-out problems."""
    ids = list(store.problems.of_run(studio.db, studio.run_id, "held_out"))[:3]
    for step in (2, 4):
        wrong = Verdict(False, "7", "wrong", "7 is not 4.")
        text = f"After {step} steps: [a link](https://a.b) ![](https://a.b/c.png)"
        samples = [InterimAnswer(Response(id, 0, 0, text, "stop", 9), wrong) for id in ids]
        record(studio.db, job, 1, InterimEvaluated(step, 3, step // 2, samples))
        values = {"loss": 0.5, "held_out/accuracy": step / 6, "held_out/n": 3.0}
        record(studio.db, job, 1, OptimiserStep(step, 4, values))


def test_accuracy_on_the_way_is_a_curve_with_its_n_and_the_answers_of_a_step_are_shown(studio):
    studio.resampled()
    job = studio.job("train", "running")
    evaluated_on_the_way(studio, job)
    evaluated_on_the_way(studio, job)  # a resumed training says them again
    at = show("training")
    at.session_state["interim_open"] = True
    at.run()
    titles = [title for title, _ in drawn(at)]
    assert titles == ["Loss", "Held-out accuracy, 3 problems"]
    (figure,) = [figure for title, figure in drawn(at) if "accuracy" in title]
    assert figure["data"][0]["x"] is not None and "After step 4: 2 of 3 were right" in read(at)
    assert read(at).count("After 4 steps") == 3
    shown = said(at)
    assert "https://a.b" not in shown and "](" not in shown.replace("\\](", "")
    at.select_slider[0].set_value(2).run()
    assert "After step 2: 1 of 3 were right" in read(at) and read(at).count("After 2 steps") == 3


def test_the_form_says_what_evaluating_on_the_way_takes(studio):
    studio.resampled()
    at = show("training")
    assert "Evaluated" not in read(at)
    draft = next(iter(at.session_state["training_drafts"].values()))
    draft.set("training.evaluate_every_steps", 1)
    draft.set("training.batch_size", 4)
    draft.set("training.micro_batch_size", 4)
    draft.set("training.n_epochs", 2)
    at.run()
    n_times = -(-store.pairs.find_set(studio.it).n_pairs // 4) * 2
    assert f"Evaluated {n_times} times on the way: 6 held-out problems × 1 greedy" in read(at)
    assert f"{n_times * 6} responses in all" in read(at)


def test_weights_of_another_step_are_picked_on_the_page(studio, tmp_path):
    studio.trained()
    (tmp_path / "step-1").mkdir()
    job = store.jobs.latest(studio.it, "train")
    assert "Weights that can become the policy" not in [e.label for e in show("training").expander]
    record(studio.db, job.id, 1, CheckpointKept(1, str(tmp_path / "step-1"), 2_000_000))
    at = show("training")
    (table,) = [f.value for f in at.dataframe if "On the disk" in f.value]
    assert table["Step"].tolist() == [1, 2] and table["On the disk"].tolist() == ["2.0 MB", "–"]
    assert "reward accuracy: step 2" in read(at) and "loss (lowest): step 1" in read(at)
    next(s for s in at.selectbox if s.label == "Step").set_value(1).run()
    press(at, "Make its weights the policy")
    (queued,) = [j for j in store.jobs.of_run(studio.db, studio.run_id) if j.kind == "pick"]
    picked = store.checkpoints.get_pick(studio.db, queued.params["pick"])
    assert (picked.job_id, picked.step, picked.automatic) == (job.id, 1, False)
    record(studio.db, queued.id, 1, PolicySaved("d" * 16, "/nowhere"))
    store.jobs.set_state(studio.db, queued.id, "done")
    at = show("training")
    (table,) = [f.value for f in at.dataframe if "Changed for it" in f.value]
    assert table["Policy"].tolist() == ["M1", "M1b"]
    assert "step 1 of M1, picked by" in table["Changed for it"][1]
    assert "The run goes on with M1b" in read(at) and "those of step 1, picked by" in read(at)
    assert show("compare") and show("home") and show("run")
    (tmp_path / "step-1").rmdir()
    assert "The weights kept of step 1 are not in their place" in read(show("training"))
