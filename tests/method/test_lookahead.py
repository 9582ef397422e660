"""What a response is worth where texts repeat and one may stop: against plain recursions, and as a
rule that hands out a budget.
"""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.method.arena import Contender, Rules, play, recording_of
from engine.method.prices import expected_at_once, prices_with_stopping
from engine.method.repeats import chances_of_new
from engine.method.strategies import options_of, spread
from engine.method.strategies.lookahead import worth_of_each
from tests.method.test_strategies import seen

RISES = st.lists(st.floats(0, 1), min_size=4, max_size=4)


def rising(start, rises):
    return np.array([[start, *(start + np.cumsum(rises))]])


def with_texts(n_correct, *, seed=0, **given_to):
    """Three pre-samples each, of which some texts are the same."""
    n_correct = np.asarray(n_correct)
    rng = np.random.default_rng(seed)
    view = seen("lookahead", n_correct, **given_to)
    few = [np.minimum(n, 1 + rng.integers(0, 2, len(n))) for n in (n_correct, 3 - n_correct)]
    return replace(view, n_right_texts=few[0], n_wrong_texts=few[1])


@settings(max_examples=20)
@given(st.floats(0.2, 5), st.floats(0.2, 5), RISES, RISES, st.integers(0, 2), st.integers(0, 2))
def test_what_is_bought_at_once_is_the_mean_over_all_that_may_come(a, b, ups, downs, r, w):
    right, wrong = rising(r, ups), rising(w, downs)
    values = expected_at_once(np.array([a]), np.array([b]), right, wrong)[0]
    for n in range(5):
        mean = 0.0
        for outcome in product((0, 1), repeat=n):
            chance, alpha, beta = 1.0, a, b
            for is_right in outcome:
                chance *= (alpha if is_right else beta) / (alpha + beta)
                alpha, beta = alpha + is_right, beta + 1 - is_right
            k = sum(outcome)
            mean += chance * min(right[0, k], wrong[0, n - k])
        assert values[n] == pytest.approx(mean)


@settings(max_examples=20)
@given(st.floats(0.2, 5), st.floats(0.2, 5), RISES, RISES, st.integers(0, 2), st.integers(0, 2))
def test_below_its_price_drawing_with_stopping_pays_and_above_it_does_not(a, b, ups, downs, r, w):
    right, wrong = rising(r, ups), rising(w, downs)

    def of_drawing(price):
        @cache
        def best(k, m):
            return 0.0 if k + m == 4 else max(0.0, going_on(k, m))

        def going_on(k, m):
            p, now = (a + k) / (a + b + k + m), min(right[0, k], wrong[0, m])
            if_right = min(right[0, k + 1], wrong[0, m]) - now + best(k + 1, m)
            if_wrong = min(right[0, k], wrong[0, m + 1]) - now + best(k, m + 1)
            return p * if_right + (1 - p) * if_wrong - price

        return going_on(0, 0)

    (prices,) = prices_with_stopping(np.array([a]), np.array([b]), right, wrong)
    assert (np.diff(prices) <= 0).all() and (prices >= 0).all() and (prices <= 1).all()
    if prices[0] > 0.004:
        assert of_drawing(0.97 * prices[0]) > 0 > of_drawing(1.03 * prices[0] + 1e-9)
    else:
        assert of_drawing(0.0042) <= 0


def test_one_look_at_an_unsolved_problem_is_worth_more_where_one_may_go_on():
    alpha, beta = np.array([0.2]), np.array([4.0])
    right, wrong = np.arange(13.0)[None], 3 + np.arange(13.0)[None]
    at_once = expected_at_once(alpha, beta, right, wrong)[0, 1]
    assert prices_with_stopping(alpha, beta, right, wrong)[0, 0] > 1.5 * at_once


def test_the_chance_of_a_new_text_is_the_concentrations_where_it_is_the_same_for_all():
    rng, concentration, n = np.random.default_rng(0), 2.0, 12
    new = rng.random((4000, n)) < concentration / (concentration + np.arange(n))
    chances = chances_of_new(new.sum(axis=1), np.full(4000, n), 3)
    expected = concentration / (concentration + n + np.arange(3))
    assert chances.mean(axis=0) == pytest.approx(expected, rel=0.1)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))))
def test_chances_of_new_texts_fall_and_do_not_depend_on_the_order(counts):
    n_texts, n = np.array(counts, dtype=np.int64).reshape(-1, 2).T
    n_texts = np.where(n > 0, np.maximum(n_texts, 1), 0)
    chances = chances_of_new(n_texts, n, 3)
    assert chances.shape == (len(n), 3) and (chances > 0).all() and (chances <= 1).all()
    assert (np.diff(chances, axis=1) < 0).all()
    np.testing.assert_array_equal(chances_of_new(n_texts[::-1], n[::-1], 3), chances[::-1])


@settings(max_examples=15)
@given(st.data())
def test_every_round_is_handed_out_whole_whatever_the_order_of_the_problems(data):
    n_problems = data.draw(st.sampled_from([1, 7, 60, 320]))
    n_correct = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 4, n_problems)
    budget = data.draw(st.integers(0, 5 * n_problems))
    n_most = data.draw(st.sampled_from([0, 4, 40]))
    view = with_texts(n_correct, budget=budget, options={"n_most": n_most})
    view = replace(view, budget_left=budget + data.draw(st.integers(0, 3 * n_problems)))
    n_more = spread("lookahead", view).n_more
    assert n_more.sum() == budget and (n_more >= 0).all()
    order = np.random.default_rng(1).permutation(n_problems)
    columns = ("n_correct", "n", "phi_r", "difficulty", "first_n_correct", "first_n", "n_given")
    columns = (*columns, "n_right_texts", "n_wrong_texts")
    moved = {name: getattr(view, name)[order] for name in columns}
    again = replace(view, problem_ids=[view.problem_ids[i] for i in order], **moved)
    assert (spread("lookahead", again).n_more == n_more[order]).all()


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), min_size=3, max_size=3), st.integers(0, 6), st.integers(0, 9))
def test_the_last_round_is_within_one_step_of_the_best_of_all_spreads(n_correct, budget, seed):
    view = with_texts(n_correct, budget=budget, seed=seed)
    worth = worth_of_each(view, 6, is_last=True)
    n_more = spread("lookahead", view).n_more
    summed = np.concatenate([np.zeros((3, 1)), np.cumsum(worth, axis=1)], axis=1)
    value = lambda s: sum(summed[i, n] for i, n in enumerate(s))
    best = max(value(s) for s in product(range(budget + 1), repeat=3) if sum(s) == budget)
    assert value(n_more) == pytest.approx(best)


def test_a_problem_whose_texts_repeat_is_given_less_than_one_whose_texts_are_new():
    n_correct = np.full(40, 1)
    is_new = np.arange(40) % 2 == 0
    view = with_texts(n_correct, budget=200)
    view = replace(view, n_right_texts=n_correct, n_wrong_texts=np.where(is_new, 2, 1))
    n_more = spread("lookahead", view).n_more
    assert n_more[is_new].sum() > 1.5 * n_more[~is_new].sum()


def test_a_share_for_the_unreached_leaves_the_last_round_the_last_for_the_rest():
    n_correct = np.tile([0, 1, 2, 3], 15)
    share = {"unreached_share": 0.2}
    whole = spread("lookahead", with_texts(n_correct, budget=100, options=share)).n_more
    own = spread("lookahead", with_texts(n_correct, budget=80)).n_more
    rest = whole[n_correct > 0]
    assert whole.sum() == 100 and (rest == own[n_correct > 0]).all()


def test_who_is_left_out_is_shown_to_nobody_texts_or_not():
    view = with_texts([0, 1, 2, 3, 1], budget=20)
    out = spread("lookahead", replace(view, excluded=frozenset({"p1"})))
    assert out.n_more[1] == 0 and not out.in_pool[1] and out.n_more.sum() == 20


def test_it_gets_more_distinct_pairs_than_the_boundary_where_texts_repeat():
    rng, (p, n) = np.random.default_rng(0), (120, 64)
    rates = rng.beta(0.4, 0.8, p)
    correct = rng.random((p, n)) < rates[:, None]
    text = rng.geometric(rng.uniform(0.05, 0.6, p)[:, None], (p, n))
    ids, no_reward = np.repeat(np.arange(p), n), np.full(p * n, np.nan)
    names = [f"p{at}" for at in range(p)]
    recording = recording_of(names, ids, correct.ravel(), no_reward, text.ravel())
    contenders = [Contender(name, "accuracy") for name in ("lookahead", "boundary")]
    played = play(recording, contenders, [8 * p], Rules(3, 0.25, 0.65, n_plays=2))
    ours, theirs = (one.columns["distinct"].sum() for one in played.values())
    assert ours > 1.1 * theirs
    assert all(one.columns["spent"].sum() == 8 * p for one in played.values())


def test_a_cap_below_nothing_is_refused_by_name():
    with pytest.raises(ConfigError, match="n_most is -1"):
        options_of("lookahead", {"n_most": -1})
