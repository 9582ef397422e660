"""Decisions on problems: they bind the plan, can be taken back before the commit, and go with a
fork. No model is loaded.
"""

import numpy as np
import pytest

from engine import store
from engine.errors import ConfigError
from engine.figures.offers import offer
from engine.method.strategies import strategies
from engine.study import decisions, plans
from engine.study.handle import Iteration
from engine.study.runs import fork
from engine.types import Choice, Difficulty
from tests.small_runs import judge
from tests.study.small_studies import committed, high_and_low, some_right

CHOICE = Choice(0.25, 0.65)


@pytest.fixture
def it(db, run_id):
    judge(db, run_id, correct=some_right, reward=high_and_low)
    return Iteration(db, run_id, 0)


def boundary(it):
    plan = plans.plan(it, CHOICE)
    return [id for id, d in plan.difficulty.items() if d is Difficulty.BOUNDARY]


@pytest.mark.parametrize("strategy", strategies())
def test_an_excluded_problem_gets_nothing_and_the_whole_budget_goes_to_the_others(it, strategy):
    choice = Choice(0.25, 0.65, strategy=strategy)
    before = plans.plan(it, choice)
    gone = sorted(before.allocation)[:1]
    decisions.decide(it, gone, "exclude", made_by="tab 1")
    plan = plans.plan(it, choice)
    assert not {*gone} & {*plan.allocation, *plan.pool} and plan.difficulty == before.difficulty
    assert sum(plan.allocation.values()) + plan.n_later + plan.n_unspent == 12 * 5
    bought = offer(it, choice)
    assert sum(bought.n_responses.values()) == sum(plan.allocation.values()) + plan.n_later


def test_a_forced_class_stands_against_the_thresholds_in_the_plan_and_in_the_commit(it):
    outsider = (plans.plan(it, CHOICE).difficulty.keys() - boundary(it)).pop()
    decisions.decide(it, [outsider], "boundary", made_by="tab 1")
    plan = committed(it.db, it.run_id)
    assert plan.difficulty[outsider] is Difficulty.BOUNDARY and plan.allocation[outsider] > 0
    bound = {row.problem_id: row.difficulty for row in store.commits.allocation(it)}
    assert bound[outsider] == Difficulty.BOUNDARY


def test_a_decision_that_is_taken_back_leaves_the_plan_as_it_was(it):
    before, ids = plans.plan(it, CHOICE), boundary(it)
    decisions.decide(it, ids[:2], "exclude", made_by="tab 1")
    decisions.decide(it, ids[1:3], "outlier", made_by="tab 2")
    assert [(d.problem_id, d.what, d.made_by) for d in store.decisions.holding(it)] == [
        (ids[0], "exclude", "tab 1"),
        (ids[1], "outlier", "tab 2"),
        (ids[2], "outlier", "tab 2"),
    ]
    assert plans.plan(it, CHOICE) != before
    decisions.decide(it, ids[:3], None, made_by="tab 1")
    assert store.decisions.holding(it) == [] and plans.plan(it, CHOICE) == before


def test_without_decisions_the_classes_are_the_estimated_ones_themselves(it):
    estimated = np.zeros(12, dtype=np.int8)
    ids = store.samples.estimates(it).problem_ids
    assert decisions.forced(it, ids, estimated) is estimated


def test_a_fork_begins_with_the_decisions_that_a_commit_has_made_final(it):
    [first, *_] = boundary(it)
    decisions.decide(it, [first], "exclude", made_by="tab 1")
    committed(it.db, it.run_id)
    with pytest.raises(ConfigError, match="Fork the run to decide otherwise"):
        decisions.decide(it, [first], None, made_by="tab 1")
    forked = fork(it)
    assert decisions.excluded(forked) == {first}
    decisions.decide(forked, [first], None, made_by="tab 2")
    assert first in plans.plan(forked, CHOICE).allocation


def test_the_exported_plan_says_who_decided_what(it):
    kept, taken_back, *_ = boundary(it)
    decisions.decide(it, [kept, taken_back], "exclude", made_by="tab 1")
    decisions.decide(it, [taken_back], None, made_by="tab 1")
    committed(it.db, it.run_id)
    batches = store.exports.batches(it.db, "plan", it.run_id)
    rows = [row for batch in batches for row in batch.to_pylist()]
    said = {row["problem_id"]: (row["decision"], row["decided_by"]) for row in rows}
    assert len(rows) == 12 and said.pop(kept) == ("exclude", "tab 1")
    assert set(said.values()) == {(None, None)}


def test_only_training_problems_of_the_iteration_are_decided_on(it):
    with pytest.raises(ConfigError, match="is no training problem of iteration 0"):
        decisions.decide(it, ["ffff"], "exclude", made_by="tab 1")
