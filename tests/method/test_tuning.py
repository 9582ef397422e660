"""B-STaR's grid: every cell is the mean of the balance scores of what its threshold keeps."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ConfigError, balance_score
from engine.method.tuning import TAUS, TEMPERATURES, balance_by_tau, best_cell, combined_reward

rows = st.lists(
    st.tuples(
        st.sampled_from("pqr"),
        st.sampled_from("abcd"),
        st.booleans(),
        st.integers(0, 100_000).map(lambda i: i / 100_000),
    ),
    max_size=25,
)


def columns(sampled):
    return [list(column) for column in zip(*sampled)] or [[], [], [], []]


def kept(sampled, tau):
    """By exact decimals: r = 1[correct] + 2 S - 1 > tau."""
    return [
        row for row in sampled if int(row[2]) + 2 * Decimal(str(row[3])) - 1 > Decimal(str(tau))
    ]


@given(sampled=rows, n_star=st.integers(1, 6), n_more=st.integers(0, 3))
def test_a_cell_is_the_mean_balance_score_of_what_is_kept(sampled, n_star, n_more):
    values = balance_by_tau(*columns(sampled), n_problems=3 + n_more, n_star=n_star)
    for tau, value in zip(TAUS, values):
        mine = [
            [(text, right) for id, text, right, _ in kept(sampled, tau) if id == p] for p in "pqr"
        ]
        scores = [balance_score([t for t, _ in own], [r for _, r in own], n_star) for own in mine]
        assert value == pytest.approx(sum(scores) / (3 + n_more))
    assert ((values >= 0) & (values <= 1)).all()


@given(sampled=rows, data=st.data())
def test_the_order_of_the_responses_changes_nothing(sampled, data):
    shuffled = data.draw(st.permutations(sampled))
    one, other = (
        balance_by_tau(*columns(each), n_problems=3, n_star=2) for each in (sampled, shuffled)
    )
    assert (one == other).all()


def test_a_score_on_the_threshold_is_not_kept():
    for tau in TAUS:
        score = float((Decimal(str(tau)) + 1) / 2)
        assert not (combined_reward([False], [score]) > tau).any()
        assert (combined_reward([False], [min(1.0, score + 1e-5)]) > tau).all() or tau == 1.0


def test_the_grids_are_exact_decimals():
    assert TEMPERATURES == (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
    assert [str(tau) for tau in TAUS] == [
        str(Decimal(i) / 10) if i % 10 else f"{i // 10}.0" for i in range(-10, 11)
    ]


def test_a_row_by_hand():
    # p: two equal correct texts and a wrong one; q: nothing sampled. tau = 0 keeps the correct
    # ones, tau = 1 the better of them.
    row = balance_by_tau(
        ["p"] * 3,
        ["a", "a", "b"],
        [True, True, False],
        [0.9, 0.4, 0.2],
        n_problems=2,
        n_star=2,
        taus=(-1, 0, 1, 2),
    )
    assert row.tolist() == [0.5 * (1 / 2) * (1 / 3), 0.5 * (1 / 2) * (1 / 2), 0.5 * (1 / 2), 0.0]


def test_ties_go_to_the_lowest_temperature_and_then_the_lowest_threshold():
    assert best_cell(np.zeros((8, 21))) == (0, 0)
    assert best_cell([[0, 1, 1], [1, 1, 1]]) == (0, 1)
    assert best_cell([[0, 0], [0, 0.1]]) == (1, 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: combined_reward([True], [1.2]),
        lambda: combined_reward([True], [np.nan]),
        lambda: combined_reward([True], [0.2, 0.3]),
        lambda: balance_by_tau(["p"], ["a"], [True], [0.5], n_problems=1, n_star=0),
        lambda: balance_by_tau(
            ["p", "q"], ["a", "b"], [True, True], [0.5, 0.5], n_problems=1, n_star=1
        ),
        lambda: balance_by_tau(["p"], ["a", "b"], [True, True], [0.5, 0.5], n_problems=1, n_star=1),
        lambda: best_cell([[]]),
        lambda: best_cell([[np.nan]]),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(call):
    with pytest.raises(ConfigError, match=r"\w{3,}.*\.$"):
        call()
