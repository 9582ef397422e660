"""The Plan page: what was committed."""

from engine import store
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import fork
from engine.types import Choice
from tests.app.shown import metrics, said, show, table_with


def test_a_committed_plan_has_a_page_whose_parts_add_up_to_the_whole_budget(studio):
    studio.presampled()
    plans.commit(
        Iteration(studio.db, studio.run_id, 0),
        Choice(tau_l=0.25, tau_h=0.65, mode="both", strategy="posterior"),
        made_by="tab 1",
    )
    at = show("plan")
    parts = table_with(at, "Part")
    config = Iteration(studio.db, studio.run_id, 0).config
    assert parts["Responses"].astype(int).sum() == config.problems.n_train * config.sampling.n
    assert (
        metrics(at)["Strategy"] == "Posterior"
        and "Committed by another tab" in said(at)
        and "Options: cap 2.0, n_rounds 1, pairs_per_problem 0." in said(at)
    )


def test_resamples_of_another_run_are_said_to_be_reused(studio):
    studio.resampled()
    assert "were drawn by another run" not in said(show("plan"))
    other = fork(Iteration(studio.db, studio.run_id, 0))
    bound = store.commits.get(Iteration(studio.db, studio.run_id, 0)).choice
    plans.commit(other, bound, made_by="tab 2")
    n_reused = store.resamples.reuse(other)
    assert n_reused > 0
    told = said(show("plan", run=other.run_id))
    assert f"{n_reused} of the resamples were drawn by another run with the same" in told
