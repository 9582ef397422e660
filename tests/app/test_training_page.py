"""The Training page: what is launched, and what there is to see of it."""

from dataclasses import replace

from engine import store
from engine.events import OptimiserStep
from engine.store import record
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.types import Choice
from tests.app.shown import said, show


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
