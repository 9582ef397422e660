"""Forks: what they share and what is their own. No model is loaded."""

from engine import store
from engine.figures.summary import summarise
from engine.store import Database
from engine.study import pairing
from engine.study.handle import Iteration
from engine.study.runs import begin_next_iteration, fork
from tests.small_runs import judge
from tests.study.small_studies import (
    committed,
    finish_training,
    high_and_low,
    some_right,
    whole_iteration,
)


def test_a_fork_shares_the_presamples_and_counts_a_whole_budget_of_its_own(db, run_id):
    judge(db, run_id, correct=some_right, reward=high_and_low)
    committed(db, run_id)
    other = fork(Iteration(db, run_id, 0)).run_id
    mine, theirs = (
        Iteration(db, other, 0).row,
        Iteration(db, run_id, 0).row,
    )
    assert mine.presample_set == theirs.presample_set and mine.resample_set != theirs.resample_set
    assert (
        store.commits.find(Iteration(db, other, 0)) is None
        and store.runs.get(db, other).parent_id == run_id
    )
    plan = committed(db, other, strategy="uniform")
    more = {
        row.problem_id: range(3, 3 + row.n_more)
        for row in store.commits.allocation(Iteration(db, other, 0))
        if row.n_more
    }
    judge(db, other, which="resample_set", owed=more)
    budget = summarise(db, other)["iterations"][0]["budget"]
    assert budget == {
        "total": 96,
        "presampled": 36,
        "resampled": sum(plan.allocation.values()),
        "reused": 0,
        "drawn": 0,
        "discarded": 0,
        "tuned": 0,
        "calibrated": 0,
        "unspent": 0,
    }
    assert budget["presampled"] + budget["resampled"] + budget["unspent"] == budget["total"]
    assert summarise(db, run_id)["iterations"][0]["budget"]["resampled"] == 0


def test_a_fork_of_a_later_iteration_carries_the_history_and_the_unused_problems(db, run_id):
    whole_iteration(db, run_id, 0, "m1")
    begin_next_iteration(db, run_id)
    whole_iteration(db, run_id, 1, "m2")
    begin_next_iteration(db, run_id)
    other = fork(Iteration(db, run_id, 1)).run_id
    assert [row.policy_id for row in store.runs.iterations(db, other)] == [
        Iteration(db, run_id, 0).row.policy_id,
        "m1",
    ]
    for number, read in [
        (0, store.pairs.texts),
        (0, store.commits.allocation),
        (0, store.pairs.pool),
    ]:
        mine, theirs = (read(Iteration(db, id, number)) for id in (other, run_id))
        assert mine == theirs != []
    assert (
        store.commits.find(Iteration(db, other, 1)) is None
        and store.pairs.find_set(Iteration(db, other, 1)) is None
    )
    assert (
        store.runs.next_policy(Iteration(db, other, 0)) == "m1"
        and store.runs.next_policy(Iteration(db, other, 1)) is None
    )
    assert summarise(db, other)["iterations"][0]["policy"]["after"] == "m1"
    whole_iteration_of_fork(db, other)
    assert list(store.problems.of_run(db, other, "train", 2)) == list(
        store.problems.of_run(db, run_id, "train", 2)
    )


def whole_iteration_of_fork(db: Database, run_id: str) -> None:
    """Its pre-samples are there already: only the rest is owed."""
    committed(db, run_id, 1, strategy="uniform")
    more = {
        row.problem_id: range(3, 3 + row.n_more)
        for row in store.commits.allocation(Iteration(db, run_id, 1))
    }
    judge(db, run_id, 1, which="resample_set", owed=more)
    pairing.make_pairs(Iteration(db, run_id, 1))
    finish_training(db, run_id, 1, "m2 of the fork")
    begin_next_iteration(db, run_id)
