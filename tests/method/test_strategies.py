"""Strategies hand out exactly their budget, and the posterior one puts it where brute force finds
the most pairs.
"""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.method.handing_out import greatest
from engine.method.posterior import FEW, expected_pairs, posterior_shapes
from engine.method.strategies import Presampled, options_of, spread, strategies
from engine.method.strategies.posterior import _worth_of_each
from engine.types import Difficulty


def seen(
    strategy: str, n_correct, *, budget: int, phi_r=None, options=None, n_given=None, seed: int = 3
) -> Presampled:
    """Pre-samples, three of each problem, classified by accuracy."""
    n_correct = np.asarray(n_correct)
    difficulty = np.where(
        n_correct == 3,
        Difficulty.INLIER,
        np.where(n_correct == 0, Difficulty.OUTLIER, Difficulty.BOUNDARY),
    ).astype(np.int8)
    n, phi_r = (
        np.full(len(n_correct), 3),
        np.full(len(n_correct), np.nan) if phi_r is None else np.asarray(phi_r),
    )
    return Presampled(
        [f"p{i}" for i in range(len(n))],
        n_correct,
        n,
        phi_r,
        difficulty,
        n_correct,
        n,
        np.zeros(len(n), dtype=int) if n_given is None else np.asarray(n_given),
        budget,
        budget,
        seed,
        options_of(strategy, options),
    )


@pytest.mark.parametrize("name", strategies())
@settings(max_examples=15)
@given(data=st.data())
def test_every_strategy_hands_out_its_whole_budget_or_nothing_whatever_the_order_of_the_problems(
    name, data
):
    n_problems = data.draw(st.sampled_from([1, 7, FEW + 20]))
    n_correct = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 4, n_problems)
    view = seen(name, n_correct, budget=data.draw(st.integers(0, 5 * n_problems)))
    given_out = strategies()[name].spread(view)
    assert given_out.n_more.sum() in (0, view.budget) and (given_out.n_more >= 0).all()
    assert (given_out.in_pool | (given_out.n_more == 0)).all()
    order = np.random.default_rng(1).permutation(n_problems)
    other = Presampled(
        [view.problem_ids[i] for i in order],
        view.n_correct[order],
        view.n[order],
        view.phi_r[order],
        view.difficulty[order],
        view.first_n_correct[order],
        view.first_n[order],
        view.n_given[order],
        view.budget,
        view.budget_left,
        view.seed,
        view.options,
    )
    assert (strategies()[name].spread(other).n_more == given_out.n_more[order]).all()


@settings(max_examples=30)
@given(
    counts=st.lists(st.integers(0, 3), min_size=3, max_size=3),
    budget=st.integers(0, 5),
    data=st.data(),
)
def test_greedy_by_the_concave_hull_is_within_one_block_of_the_best_possible_spread(
    counts, budget, data
):
    alpha = np.array(data.draw(st.lists(st.floats(0.2, 5), min_size=3, max_size=3)))
    beta = np.array(data.draw(st.lists(st.floats(0.2, 5), min_size=3, max_size=3)))
    view = seen("posterior", counts, budget=budget)
    worth = _worth_of_each(alpha, beta, view, 5)
    assert (np.diff(worth, axis=1) <= 1e-12).all()
    n_more = greatest(worth, budget, view.problem_ids, seed=view.seed)

    def value(spread) -> float:
        return float(expected_pairs(alpha, beta, view.n_correct, view.n, np.array(spread)).sum())

    best = max(
        value(spread) for spread in product(range(budget + 1), repeat=3) if sum(spread) == budget
    )
    assert n_more.sum() == budget
    assert best - value(n_more) <= worth.max() + 1e-9
    assert np.cumsum(worth, axis=1)[:, -1] == pytest.approx(
        expected_pairs(alpha, beta, view.n_correct, view.n, 5)
        - expected_pairs(alpha, beta, view.n_correct, view.n, 0)
    )


def test_the_posterior_gives_more_expected_pairs_than_an_even_boundary_and_keeps_its_cap():
    rng = np.random.default_rng(0)
    rates = rng.beta(0.6, 0.6, 800)
    n_correct = rng.binomial(3, rates)
    phi_r = np.clip(rates + rng.normal(0, 0.1, 800), 0, 1)
    view = seen("posterior", n_correct, budget=4000, phi_r=phi_r)
    alpha, beta, fitted = posterior_shapes(view.n_correct, view.n, view.phi_r)
    greedy, even = (strategies()[name].spread(view).n_more for name in ("posterior", "boundary"))
    assert fitted

    def pairs(n_more) -> float:
        return float(expected_pairs(alpha, beta, view.n_correct, view.n, n_more).sum())

    assert pairs(greedy) > 1.02 * pairs(even)
    n_boundary = int((view.difficulty == Difficulty.BOUNDARY).sum())
    assert greedy.max() <= np.ceil(2 * 4000 / n_boundary)


def test_a_later_round_never_lifts_a_problem_above_the_cap_of_the_whole_budget():
    n_correct = np.tile([0, 1, 2, 3], 100)
    given_before = np.where((n_correct == 1) | (n_correct == 2), 10, 0)
    view = seen("posterior", n_correct, budget=600, n_given=given_before)
    cap = np.ceil(2 * (600 + given_before.sum()) / 200)
    assert (strategies()["posterior"].spread(view).n_more + given_before).max() <= cap


def test_with_few_problems_the_posterior_spreads_evenly_over_the_boundary():
    view = seen("posterior", [0, 1, 2, 3], budget=10)
    assert strategies()["posterior"].spread(view).n_more.tolist() == [0, 5, 5, 0]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"cap": 0.5}, "options.cap is 0.5"),
        ({"n_rounds": 0}, "options.n_rounds is 0"),
        ({"n_rounds": 1.5}, "must be a whole number"),
    ],
)
def test_options_that_cannot_be_used_are_refused_by_name(options, told):
    with pytest.raises(ConfigError, match=told):
        options_of("posterior", options)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_option_of_any_strategy_is_infinite_or_no_number(value):
    for name, known in strategies().items():
        for option, default in known.options.items():
            given = (value,) * len(default) if isinstance(default, tuple) else value
            with pytest.raises(ConfigError, match=rf"difficulty\.options\.{option} is"):
                options_of(name, {option: given})


def test_the_sharpest_density_of_coba_is_computed_and_a_sharper_one_refused():
    given_out = spread("coba", seen("coba", [0, 1, 2, 3], budget=20, options={"kappa": 1000.0}))
    assert given_out.n_more.sum() == 20 and (given_out.n_more >= 0).all()
    with pytest.raises(ConfigError, match=r"options\.kappa is 1025.0"):
        options_of("coba", {"kappa": 1025.0})
