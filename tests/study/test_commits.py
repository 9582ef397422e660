"""The plan that a commit binds: its numbers, who may commit when, and that one commit wins. No
model is loaded.
"""

import threading
from collections import Counter

import pytest

from engine import store
from engine.errors import ConfigError
from engine.figures.summary import summarise
from engine.method.budget import remaining_budget
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.plans import AlreadyCommitted
from engine.study.runs import begin_next_iteration
from engine.types import Choice, Difficulty
from tests.small_runs import judge
from tests.study.small_studies import committed, high_and_low, some_right


def test_the_plans_numbers_add_up_and_are_what_is_committed(db, run_id):
    judge(db, run_id, correct=some_right, reward=high_and_low)
    choice = Choice(0.25, 0.65)
    plan = plans.plan(Iteration(db, run_id, 0), choice)
    assert Counter(plan.difficulty.values()) == {
        Difficulty.INLIER: 1,
        Difficulty.BOUNDARY: 10,
        Difficulty.OUTLIER: 1,
    }
    assert sum(plan.allocation.values()) + plan.n_unspent == remaining_budget(12, 8, 3) == 60
    assert set(plan.allocation.values()) == {6} and plan.n_pending == 0
    assert plans.commit(Iteration(db, run_id, 0), choice, made_by="a test") == plan
    stored = store.commits.allocation(Iteration(db, run_id, 0))
    assert {row.problem_id: row.difficulty for row in stored} == plan.difficulty
    assert {row.problem_id: row.n_more for row in stored if row.n_more} == plan.allocation


@pytest.mark.parametrize(
    ("strategy", "n_targets"),
    [("inlier", 1), ("outlier", 1), ("uniform", 12), ("inlier+outlier", 2)],
)
def test_every_strategy_spends_the_same_budget_on_its_own_classes(db, run_id, strategy, n_targets):
    judge(db, run_id, correct=some_right, reward=high_and_low)
    plan = committed(db, run_id, strategy=strategy)
    assert sum(plan.allocation.values()) == 60 and len(plan.allocation) == n_targets


def test_a_commit_waits_for_the_last_verdict_and_score(db, run_id):
    judge(db, run_id)
    set_id = Iteration(db, run_id, 0).row.presample_set
    lost = db.row("SELECT * FROM step_scores WHERE set_id = ? LIMIT 1", [set_id])
    db.cursor().execute(
        "DELETE FROM step_scores WHERE set_id = ? AND problem_id = ? AND idx = ?",
        [set_id, lost["problem_id"], lost["idx"]],
    )
    with pytest.raises(ConfigError, match="not all drawn, graded and scored yet"):
        committed(db, run_id)
    assert store.commits.find(Iteration(db, run_id, 0)) is None


def test_thresholds_out_of_order_commit_nothing(db, run_id):
    judge(db, run_id)
    with pytest.raises(ConfigError, match="tau_l"):
        committed(db, run_id, tau_l=0.7, tau_h=0.3)
    assert store.commits.find(Iteration(db, run_id, 0)) is None


def test_the_second_commit_is_shown_the_winner(db, run_id):
    judge(db, run_id)
    committed(db, run_id, made_by="tab 1", tau_l=0.125)
    with pytest.raises(
        AlreadyCommitted, match=r"committed by tab 1 at \d\d:\d\d:\d\d UTC with tau_l 0\.125"
    ):
        committed(db, run_id, made_by="tab 2")
    assert store.commits.find(Iteration(db, run_id, 0)).made_by == "tab 1"


def test_of_two_commits_at_once_one_wins_and_its_plan_alone_is_stored(db, run_id, monkeypatch):
    judge(db, run_id)
    barrier, outcomes = threading.Barrier(2, timeout=30), {}
    plan = plans.plan

    def plan_together(*arguments, **named):
        made = plan(*arguments, **named)
        barrier.wait()
        return made

    monkeypatch.setattr(plans, "plan", plan_together)

    def press(who, tau_l):
        try:
            outcomes[who] = committed(db, run_id, made_by=who, tau_l=tau_l)
        except AlreadyCommitted as error:
            outcomes[who] = error

    threads = [threading.Thread(target=press, args=(f"tab {i}", i / 10)) for i in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = store.commits.find(Iteration(db, run_id, 0))
    (loser,) = outcomes.keys() - {winner.made_by}
    assert isinstance(outcomes[loser], AlreadyCommitted) and winner.made_by in str(outcomes[loser])
    assert winner.tau_l == int(winner.made_by[-1]) / 10
    assert len(store.commits.allocation(Iteration(db, run_id, 0))) == 12


def test_an_empty_boundary_class_leaves_the_budget_unspent_and_gives_no_pair(db, run_id):
    judge(
        db, run_id, correct=lambda p, i: p % 2 == 0, reward=lambda p, i: 0.9 if p % 2 == 0 else 0.1
    )
    plan = committed(db, run_id)
    assert (plan.allocation, plan.n_unspent) == ({}, 60)
    assert (
        pairing.make_pairs(Iteration(db, run_id, 0)) == 0
        and store.pairs.texts(Iteration(db, run_id, 0)) == []
    )
    (told,) = summarise(db, run_id)["iterations"]
    assert (told["n_pairs"], told["budget"]) == (
        0,
        {
            "total": 96,
            "presampled": 36,
            "resampled": 0,
            "reused": 0,
            "drawn": 0,
            "discarded": 0,
            "tuned": 0,
            "calibrated": 0,
            "unspent": 60,
        },
    )
    assert begin_next_iteration(db, run_id).number == 1
    assert Iteration(db, run_id, 1).row.policy_id == Iteration(db, run_id, 0).row.policy_id
