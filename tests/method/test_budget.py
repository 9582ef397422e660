"""The budget adds up exactly, whatever the numbers, and never depends on the order of the problems."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ConfigError, allocate
from engine.method.budget import STRATEGIES, cap_plan, plan_resample, remaining_budget
from engine.types import Difficulty

ids = st.lists(st.text("abcdef0123", min_size=1, max_size=6), unique=True, max_size=40)


@given(budget=st.integers(0, 10_000), ids=ids, seed=st.integers(0, 2**64 - 1))
def test_an_allocation_sums_to_the_budget_and_differs_by_one_at_most(budget, ids, seed):
    given_out = allocate(budget, ids, seed=seed)
    if not ids:
        assert given_out == {}
        return
    assert sum(given_out.values()) == budget
    assert set(given_out) == set(ids)
    assert max(given_out.values()) - min(given_out.values()) <= 1
    assert min(given_out.values()) == budget // len(ids)


@given(budget=st.integers(0, 1000), ids=ids, seed=st.integers(0, 99))
def test_an_allocation_does_not_depend_on_the_order_of_the_problems(budget, ids, seed):
    shuffled = random.Random(seed).sample(ids, len(ids))
    assert allocate(budget, ids, seed=seed) == allocate(budget, shuffled, seed=seed)


def test_another_seed_gives_the_remainder_to_others():
    names = [f"p{i}" for i in range(50)]
    picked = {tuple(k for k, v in allocate(25, names, seed=seed).items() if v) for seed in range(5)}
    assert len(picked) == 5


@pytest.mark.parametrize(("budget", "names"), [(-1, ["a"]), (1.5, ["a"]), (3, ["a", "a"])])
def test_a_budget_or_a_list_of_ids_that_makes_no_sense_is_refused(budget, names):
    with pytest.raises(ConfigError):
        allocate(budget, names, seed=0)


@given(
    classes=st.lists(st.sampled_from(Difficulty), min_size=1, max_size=40),
    strategy=st.sampled_from(sorted(STRATEGIES)),
    n=st.integers(2, 12),
    n_pending=st.integers(0, 5),
)
def test_presampled_resampled_and_unspent_always_add_up_to_all(classes, strategy, n, n_pending):
    n_presample = max(1, n // 3)
    difficulty = {f"p{i}": d for i, d in enumerate(classes)}
    pending = [f"q{i}" for i in range(n_pending)]
    plan = plan_resample(difficulty, strategy=strategy, n=n, n_presample=n_presample, seed=1, pending=pending)
    n_problems = len(classes) + n_pending
    assert n_problems * n_presample + sum(plan.allocation.values()) + plan.n_unspent == n_problems * n
    assert all(difficulty[id] in STRATEGIES[strategy] for id in plan.allocation)
    assert 0 not in plan.allocation.values()


def test_an_empty_class_allocates_nothing_and_says_what_is_unspent():
    plan = plan_resample({"a": Difficulty.INLIER}, strategy="boundary", n=8, n_presample=3, seed=0)
    assert (plan.allocation, plan.n_unspent) == ({}, 5)


@pytest.mark.parametrize(("n_problems", "n", "n_presample"), [(0, 8, 3), (5, 3, 3), (5, 8, 0), (5, 3, 8)])
def test_a_budget_without_room_for_resampling_is_refused(n_problems, n, n_presample):
    with pytest.raises(ConfigError):
        remaining_budget(n_problems, n, n_presample)


def test_every_union_of_classes_is_a_strategy():
    assert {frozenset(targets) for targets in STRATEGIES.values()} == {
        frozenset(d for d, used in zip(Difficulty, bits) if used)
        for bits in [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)]
    }


@given(ids=ids, seed=st.integers(0, 99), data=st.data())
def test_a_plan_capped_by_what_is_recorded_keeps_its_sum_and_gives_nobody_more_than_there_is(ids, seed, data):
    classes = {id: data.draw(st.sampled_from(Difficulty)) for id in ids}
    if not classes:
        return
    plan = plan_resample(classes, strategy="boundary", n=8, n_presample=3, seed=seed)
    available = {id: data.draw(st.integers(0, 9)) for id in plan.allocation}
    capped = cap_plan(plan, available)
    assert sum(capped.allocation.values()) + capped.n_unspent == 5 * len(ids)
    assert all(0 < n_more <= available[id] for id, n_more in capped.allocation.items())
    assert capped.info["n_not_recorded"] == capped.n_unspent - plan.n_unspent
    assert capped.difficulty == plan.difficulty
