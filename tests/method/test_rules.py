"""Every published rule against what its paper says, restated by brute force; whole responses that
sum exactly; a rule of a stranger's.
"""

import sys
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.method import strategies as room
from engine.method.handing_out import evenly, in_proportion, to_the_greatest_gain
from engine.method.posterior import mean_and_variance
from engine.method.strategies import (
    cero,
    coba,
    knapsack,
    options_of,
    spread,
    strategies,
    vip,
)
from tests.method.test_strategies import seen

PUBLISHED = [s.name for s in strategies().values() if s.group == "published" and s.name != "dast"]
RULES = [name for name, s in strategies().items() if room.UNREACHED in s.options]


def spreads(n_problems: int, budget: int):
    return (s for s in product(range(budget + 1), repeat=n_problems) if sum(s) == budget)


@given(
    weights=st.lists(st.floats(0, 9) | st.just(0.0), min_size=1, max_size=9),
    budget=st.integers(0, 60),
    seed=st.integers(0, 9),
)
def test_a_proportional_hand_out_sums_to_the_budget_and_is_within_one_of_its_share(
    weights, budget, seed
):
    weights, ids = np.array(weights), [f"p{i}" for i in range(len(weights))]
    given_out = in_proportion(budget, weights, ids, seed=seed)
    if not weights.sum():
        assert not given_out.any()
        return
    assert given_out.sum() == budget
    assert (np.abs(given_out - budget * weights / weights.sum()) < 1 + 1e-6).all()
    order = np.random.default_rng(0).permutation(len(weights))
    again = in_proportion(budget, weights[order], [ids[i] for i in order], seed=seed)
    assert (again == given_out[order]).all()


@given(st.lists(st.booleans(), min_size=1, max_size=9), st.integers(0, 40))
def test_an_even_hand_out_differs_by_one_at_most_and_gives_others_nothing(among, budget):
    among = np.array(among)
    given_out = evenly(budget, among, [str(i) for i in range(len(among))], seed=0)
    assert given_out.sum() == (budget if among.any() else 0) and not given_out[~among].any()
    assert not among.any() or np.ptp(given_out[among]) <= 1


@settings(max_examples=40)
@given(data=st.data())
def test_the_greedy_is_the_best_of_all_spreads_of_concave_values_under_their_caps(data):
    gains = np.array(
        data.draw(
            st.lists(st.lists(st.integers(0, 9), min_size=5, max_size=5), min_size=3, max_size=3)
        ),
        dtype=float,
    )
    values = np.concatenate([np.zeros((3, 1)), np.cumsum(-np.sort(-gains, axis=1), axis=1)], axis=1)
    most = np.array(data.draw(st.lists(st.integers(0, 5), min_size=3, max_size=3)))
    budget = data.draw(st.integers(0, 9))
    asked = lambda n: values[:, : n + 1]
    found = to_the_greatest_gain(budget, asked, most, ["a", "b", "c"], seed=1)
    reached = min(budget, int(most.sum()))
    best = max(
        sum(values[i, n] for i, n in enumerate(s))
        for s in spreads(3, reached)
        if (np.array(s) <= most).all()
    )
    assert found.sum() == reached and (found <= most).all()
    assert values[np.arange(3), found].sum() == pytest.approx(best)


def test_the_greedy_looks_further_where_one_problem_takes_nearly_everything():
    most = np.array([1000, 1000])
    found = to_the_greatest_gain(
        300, lambda n: np.outer([5.0, 1e-9], np.arange(n + 1)), most, ["a", "b"], seed=0
    )
    assert found.tolist() == [300, 0]


@pytest.mark.parametrize("name", PUBLISHED)
@settings(max_examples=8)
@given(data=st.data())
def test_a_published_rule_hands_out_all_and_an_unreached_share_goes_where_it_is_meant_to(
    name, data
):
    n_correct = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 4, 40)
    budget, share = data.draw(st.integers(1, 300)), data.draw(st.sampled_from([0.0, 0.25, 1.0]))
    view = seen(name, n_correct, budget=budget, options={room.UNREACHED: share})
    given_out = spread(name, view)
    unreached = n_correct == 0
    assert given_out.n_more.sum() == budget
    assert given_out.n_more[unreached].sum() >= (round(share * budget) if unreached.any() else 0)


def best_of_all(values, n_problems: int, budget: int) -> float:
    return max(values[np.arange(n_problems), list(s)].sum() for s in spreads(n_problems, budget))


@pytest.mark.parametrize("name", ["knapsack", "coba", "vip", "cero"])
@pytest.mark.parametrize("counts", [[0, 1, 2], [3, 1, 0], [2, 2, 3]])
def test_a_rule_that_maximises_reaches_the_best_of_all_spreads(name, counts):
    view = seen(name, counts, budget=6)
    mean, variance = mean_and_variance(view.n_correct, view.n, view.phi_r)
    counts = np.array(counts)
    values = {
        "knapsack": lambda: knapsack.values(counts + 0.5, 3.5 - counts, view.n, 6),
        "coba": lambda: coba.values(np.clip(mean, 0.01, 0.99), view.n, 6, view.options),
        "vip": lambda: vip.values(variance, view.n, 6),
        "cero": lambda: cero.values(variance, view.n, 6, view.options["tau"]),
    }[name]()
    found = spread(name, view).n_more
    assert values[np.arange(3), found].sum() == pytest.approx(best_of_all(values, 3, 6))


def test_knapsack_values_are_the_papers_integrated_over_the_posterior():
    alpha, beta, n = np.array([1.7, 4.0]), np.array([2.2, 0.6]), np.array([3, 3])
    p = (np.arange(200_000) + 0.5) / 200_000
    found = knapsack.values(alpha, beta, n, 4)
    for row in range(2):
        density = p ** (alpha[row] - 1) * (1 - p) ** (beta[row] - 1)
        density /= density.sum()
        by_hand = [
            (density * (1 - p**m - (1 - p) ** m) * p * (1 - p) ** 2).sum() for m in range(3, 8)
        ]
        assert found[row] == pytest.approx(np.array(by_hand) - by_hand[0], abs=2e-4)


def test_coba_is_worth_most_at_the_mode_of_the_beta_and_saturates():
    rate = np.linspace(0.01, 0.99, 99)
    values = coba.values(rate, np.full(99, 10**6), 0, options_of("coba"))
    failure = 0.5
    pushed = 1 / (1 + np.exp(-10 * (failure - 0.5)))
    a = 1 + 5 * pushed
    assert rate[values[:, 0].argmax()] == pytest.approx((a - 1) / (7 - 2), abs=0.011)
    assert (np.diff(coba.values(rate, np.full(99, 3), 30, options_of("coba")), 2, axis=1) < 0).all()


def test_vip_meets_the_condition_of_its_optimum():
    """At the optimum a (N - 2) / N^3 is the same for everybody who is not at an end."""
    variance = np.array([0.25, 0.16, 0.09])
    found = to_the_greatest_gain(
        3000,
        lambda n: vip.values(variance, np.full(3, 3), n),
        np.full(3, 5000),
        ["a", "b", "c"],
        seed=0,
    )
    n = 3 + found
    price = variance * (n - 2) / n**3
    assert price == pytest.approx(np.full(3, price.mean()), rel=0.01)


@pytest.mark.parametrize(("budget", "least"), [(30, 3), (20, 3), (19, 2)])
def test_vip_brings_everybody_to_three_before_anybody_goes_on(budget, least):
    view = replace(seen("vip", [0, 1, 2, 2] * 5, budget=budget), n=np.full(20, 2))
    n_all = 2 + spread("vip", view).n_more
    assert n_all.sum() == 40 + budget and n_all.min() == least
    assert least == 3 or n_all.max() == 3, "where the budget does not do, nobody has more"


def test_proportional_rules_are_their_formulas_at_the_posterior_mean():
    view = seen("gvm", [0, 1, 2, 3], budget=100)
    p, v = (np.arange(4) + 0.5) / 4, None
    mean, v = mean_and_variance(view.n_correct, view.n, view.phi_r)
    assert mean == pytest.approx(p)
    formulas = {
        "gvm": 1 / np.sqrt(p + 1e-3 / p),
        "reinforce_ada_estimate": 1 / np.sqrt(p),
        "learnability": v,
        "target_difficulty": np.exp(-((p - 0.5) ** 2) / (2 * 0.2**2)),
        "pools": np.array([0.2, 1.0, 1.0, 0.2]),
        "dars": np.array([4.0, 1.0, 0.0, 0.0]),
    }
    for name, weights in formulas.items():
        found = spread(name, seen(name, [0, 1, 2, 3], budget=100)).n_more
        assert (np.abs(found - 100 * weights / weights.sum()) < 1).all(), name


def test_dars_for_hard_ones_gives_more_to_harder_problems():
    hard = spread("dars", seen("dars", [0, 1, 2], budget=90, options={"schedule": "hard"})).n_more
    equal = spread("dars", seen("dars", [0, 1, 2], budget=90)).n_more
    assert hard.sum() == equal.sum() == 90 and hard[0] > hard[1] > hard[2] == 0


def test_bands_keep_whoever_lies_between_their_ends_and_speed_is_the_accuracy_boundary():
    counts = [0, 1, 2, 3] * 3
    band = spread("band", seen("band", counts, budget=12, options={"low": 0.3, "high": 0.7}))
    assert band.n_more.tolist() == [0, 2, 2, 0] * 3 == (2 * band.in_pool).tolist()
    pilot = spread("pilot_commit", seen("pilot_commit", counts, budget=12))
    assert not pilot.n_more[3::4].any() and pilot.n_more[1] > 0 and pilot.n_more[2] > 0
    speed, boundary = (spread(n, seen(n, counts, budget=14)) for n in ("speed", "boundary"))
    assert (speed.n_more > 0).tolist() == (boundary.n_more > 0).tolist()
    assert speed.n_more.sum() == boundary.n_more.sum() == 14


def test_reinforce_ada_stops_whoever_has_enough_and_leaves_the_rest_unspent_when_all_have():
    view = seen("reinforce_ada", [0, 1, 2, 3], budget=9, options={"k": 2})
    assert spread("reinforce_ada", view).n_more.tolist()[1:3] == [0, 0]
    positive = seen("reinforce_ada", [0, 1, 2, 3], budget=9, options={"stop": "positive"})
    assert spread("reinforce_ada", positive).n_more.tolist() == [9, 0, 0, 0]
    done = seen("reinforce_ada", [1, 2], budget=9, options={"k": 2})
    assert spread("reinforce_ada", done).n_more.sum() == 0


def test_vigor_gives_a_round_to_the_share_that_varies_most():
    view = seen("vigor", [0, 0, 0, 1, 2, 3, 3, 3], budget=10)
    assert spread("vigor", view).n_more.tolist() == [0, 0, 0, 5, 5, 0, 0, 0]


def test_the_posterior_with_one_pair_per_problem_reaches_more_problems_than_for_pairs():
    rng = np.random.default_rng(0)
    n_correct = rng.binomial(3, rng.beta(0.5, 0.8, 600))
    found = {}
    for most in (0, 1):
        options = {"pairs_per_problem": most, "cap": 9.0}
        found[most] = spread(
            "posterior", seen("posterior", n_correct, budget=1500, options=options)
        ).n_more
        assert found[most].sum() == 1500
    mixed = (n_correct > 0) & (n_correct < 3)
    assert found[1][mixed].sum() == 0 < found[0][mixed].sum()
    assert (found[1] > 0).sum() > (found[0] > 0).sum() / 2


def test_words_of_an_option_are_checked_and_named():
    assert options_of("dars", {"schedule": "hard"})["schedule"] == "hard"
    with pytest.raises(ConfigError, match="schedule is 'soft': use one of equal, hard"):
        options_of("dars", {"schedule": "soft"})
    with pytest.raises(ConfigError, match=r"unreached_share is 1.5"):
        options_of("knapsack", {"unreached_share": 1.5})


def test_a_stranger_adds_a_rule_in_one_file(monkeypatch, tmp_path):
    (tmp_path / "coin.py").write_text(
        '"""Everything to the problems whose id ends in an even digit."""\n'
        "import numpy as np\n"
        "from engine.method.strategies import even_among, rule\n"
        "def own(seen):\n"
        "    return even_among(seen, np.array([int(id[-1]) % 2 == 0 for id in seen.problem_ids]))\n"
        'STRATEGIES = [rule("coin", "Coin", "Gives even ids all.", own, source="a stranger")]\n'
    )
    monkeypatch.setattr(room, "__path__", [*room.__path__, str(tmp_path)])
    strategies.cache_clear()
    try:
        assert spread("coin", seen("coin", [0, 1, 2], budget=4)).n_more.tolist() == [2, 0, 2]
        assert options_of("coin") == {"unreached_share": 0.0}
    finally:
        monkeypatch.undo()
        strategies.cache_clear()
        sys.modules.pop("engine.method.strategies.coin", None)
    assert "coin" not in strategies()
