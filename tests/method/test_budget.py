"""The budget adds up exactly, whatever the numbers, and never depends on the order of the
problems.
"""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ConfigError, allocate
from engine.method.budget import remaining_budget
from engine.method.planning import cap_plan, plan_resample, round_budget
from engine.method.strategies import Presampled, options_of, strategies
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


def seen(
    classes: dict[str, Difficulty], budget: int, *, seed: int = 1, n_rounds: int = 1
) -> Presampled:
    """Pre-samples, three of each problem, as the classes have them."""
    n_correct = np.array(
        [
            {Difficulty.INLIER: 3, Difficulty.BOUNDARY: 1, Difficulty.OUTLIER: 0}[d]
            for d in classes.values()
        ],
        dtype=int,
    )
    n, nothing = np.full(len(classes), 3), np.zeros(len(classes), dtype=int)
    return Presampled(
        list(classes),
        n_correct,
        n,
        np.full(len(classes), 0.5),
        np.array(list(classes.values()), dtype=np.int8),
        n_correct,
        n,
        nothing,
        round_budget(budget, n_rounds),
        budget,
        seed,
        options_of("boundary"),
    )


unions = st.sampled_from(
    sorted(
        name
        for name in strategies()
        if set(name.split("+")) <= {"inlier", "boundary", "outlier", "uniform"}
    )
)


@given(
    classes=st.lists(st.sampled_from(Difficulty), min_size=1, max_size=40),
    strategy=unions,
    budget=st.integers(0, 300),
    n_rounds=st.integers(1, 5),
)
def test_allocated_later_and_unspent_always_add_up_to_the_budget(
    classes, strategy, budget, n_rounds
):
    difficulty = {f"p{i}": d for i, d in enumerate(classes)}
    plan = plan_resample(seen(difficulty, budget, n_rounds=n_rounds), strategy, n_pending=2)
    assert sum(plan.allocation.values()) + plan.n_unspent + plan.n_later == budget
    targets = (
        set(Difficulty)
        if strategy == "uniform"
        else {Difficulty[name.upper()] for name in strategy.split("+")}
    )
    assert plan.pool == {id for id, d in difficulty.items() if d in targets}
    assert set(plan.allocation) <= plan.pool and 0 not in plan.allocation.values()
    assert (plan.difficulty, plan.n_pending) == (difficulty, 2)


@given(budget=st.integers(0, 1000), n_rounds=st.integers(1, 9))
def test_rounds_hand_out_the_whole_budget_in_nearly_equal_parts(budget, n_rounds):
    handed, left = [], budget
    for n_left in range(n_rounds, 0, -1):
        handed.append(round_budget(left, n_left))
        left -= handed[-1]
    assert left == 0 and max(handed) - min(handed) <= 1


def test_an_empty_class_allocates_nothing_and_says_what_is_unspent():
    plan = plan_resample(seen({"a": Difficulty.INLIER}, 5), "boundary")
    assert (plan.allocation, plan.n_unspent, plan.pool) == ({}, 5, frozenset())


@pytest.mark.parametrize(
    ("n_problems", "n", "n_presample"), [(0, 8, 3), (5, 3, 3), (5, 8, 0), (5, 3, 8)]
)
def test_a_budget_without_room_for_resampling_is_refused(n_problems, n, n_presample):
    with pytest.raises(ConfigError):
        remaining_budget(n_problems, n, n_presample)


def test_every_union_of_classes_is_a_strategy_and_the_papers_comes_first():
    names = {
        "inlier",
        "boundary",
        "outlier",
        "inlier+boundary",
        "inlier+outlier",
        "boundary+outlier",
        "uniform",
    }
    assert names <= set(strategies()) and next(iter(strategies())) == "boundary"


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("bondary", {}, 'difficulty.strategy is "bondary"'),
        (
            "boundary",
            {"cap": 2},
            "difficulty.options.cap is not an option of the strategy boundary: it has none",
        ),
    ],
)
def test_an_unknown_strategy_or_option_is_refused_by_name(name, options, told):
    with pytest.raises(ConfigError, match=told):
        options_of(name, options)


@given(ids=ids, seed=st.integers(0, 99), data=st.data())
def test_a_plan_capped_by_what_is_recorded_keeps_its_sum_and_gives_nobody_more_than_there_is(
    ids, seed, data
):
    classes = {id: data.draw(st.sampled_from(Difficulty)) for id in ids}
    if not classes:
        return
    plan = plan_resample(seen(classes, 5 * len(ids), seed=seed), "boundary")
    available = {id: data.draw(st.integers(0, 9)) for id in plan.allocation}
    capped = cap_plan(plan, available)
    assert sum(capped.allocation.values()) + capped.n_unspent == 5 * len(ids)
    assert all(0 < n_more <= available[id] for id, n_more in capped.allocation.items())
    assert capped.info["n_not_recorded"] == capped.n_unspent - plan.n_unspent
    assert capped.difficulty == plan.difficulty
