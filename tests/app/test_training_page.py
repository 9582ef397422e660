"""The Training page: what is launched, and what there is to see of it."""

from dataclasses import fields, replace

from app.training.names import names
from engine import store
from engine.config import TrainingConfig
from engine.events import OptimiserStep, PolicySaved
from engine.store import record
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.sample_sets import evaluation_sets, make_known
from engine.types import Choice
from tests.app.shown import drawn, press, read, said, show


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
    wanted = {draft.widget(f"training.{f.name}") for f in fields(TrainingConfig)}
    assert wanted <= drawn
    at.number_input(key=draft.widget("training.batch_size")).set_value(7).run()
    press(at, "Train with DPO")
    assert "is 7: it must be a multiple of" in read(at)
    assert store.jobs.latest(studio.it, "train") is None


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


def trained_again(studio, policy_id="e" * 16):
    """A second training of the iteration, done and evaluated."""
    studio.trained()
    second = store.jobs.add(studio.it, "train", {"beta": 0.2})
    store.jobs.set_state(studio.db, second, "running")
    record(studio.db, second, 1, OptimiserStep(1, 1, {"loss": 0.4}))
    record(studio.db, second, 1, PolicySaved(policy_id, "/nowhere"))
    store.jobs.set_state(studio.db, second, "done")
    for samples in evaluation_sets(studio.it.config, policy_id, 1):
        make_known(studio.db, samples)
        n = 1 if samples.purpose == "greedy" else 8
        studio.answer(samples.id, "held_out", lambda id, n=n: range(n), scored=False)


def test_a_second_training_is_shown_as_a_sibling_with_its_settings_and_accuracy(studio):
    trained_again(studio)
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
    trained_again(studio)
    newest, first = store.jobs.trainings(studio.db)
    assert names([first], newest) == {first.id: "beta 0.1"}
    twins = [replace(first, id="x"), replace(first, id="y", number=9)]
    assert names(twins, newest) == {
        "x": f"beta 0.1, training {first.number}",
        "y": "beta 0.1, training 9",
    }
