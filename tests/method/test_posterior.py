"""The posterior of pass rates: exact sums, the laws of probability, and what it recovers on
simulated problems.
"""

from itertools import product
from math import exp, lgamma

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ConfigError, classify, posterior
from engine.method.posterior import FEW, expected_pairs, posterior_classes, posterior_shapes
from engine.method.prior import fit_prior

LABEL = 12
shapes = st.floats(0.05, 30)


def simulate(n_problems: int, n: int, *, seed: int, leak: float = 0.0, noise: float = 1.0):
    """(pass rates, correct, phi_r, reference classes); leak is the share of a score that follows
    its own response's verdict.
    """
    rng = np.random.default_rng(seed)
    p = rng.beta(0.6, 0.5, n_problems)
    right = rng.random((n_problems, n)) < p[:, None]
    logit = 2 * (1 - leak) * (2 * p[:, None] - 1) + 2 * leak * (2 * right - 1)
    logit = logit + noise * (
        rng.normal(size=(n_problems, n)) + 0.5 * rng.normal(size=(n_problems, 1))
    )
    held_out = rng.binomial(LABEL, p)
    classes = np.where(held_out == LABEL, 0, np.where(held_out == 0, 2, 1))
    return p, right.sum(axis=1), (1 / (1 + np.exp(-logit))).mean(axis=1), classes


def log_loss(estimate: dict, classes: np.ndarray) -> float:
    table = np.stack([estimate["p_inlier"], estimate["p_boundary"], estimate["p_outlier"]])
    return float(-np.log(np.maximum(table[classes, np.arange(len(classes))], 1e-12)).mean())


def pairs_by_enumeration(alpha: float, beta: float, n_correct: int, n: int, m: int) -> float:
    total = 0.0
    for further in product((0, 1), repeat=m):
        x = sum(further)
        log_p = lgamma(alpha + x) + lgamma(beta + m - x) - lgamma(alpha + beta + m)
        log_p -= lgamma(alpha) + lgamma(beta) - lgamma(alpha + beta)
        total += exp(log_p) * min(n_correct + x, n - n_correct + m - x)
    return total


@given(alpha=shapes, beta=shapes, n=st.integers(0, 5), m=st.integers(0, 6), data=st.data())
def test_expected_pairs_are_the_sum_over_every_sequence_of_verdicts(alpha, beta, n, m, data):
    n_correct = data.draw(st.integers(0, n))
    value = expected_pairs([alpha], [beta], n_correct, n, m)
    assert value == pytest.approx([pairs_by_enumeration(alpha, beta, n_correct, n, m)], rel=1e-9)


@given(alpha=shapes, beta=shapes, n=st.integers(0, 8), m=st.integers(0, 60), data=st.data())
def test_one_more_response_never_costs_pairs_and_gives_one_at_most(alpha, beta, n, m, data):
    n_correct = data.draw(st.integers(0, n))
    fewer, more = expected_pairs([alpha] * 2, [beta] * 2, n_correct, n, np.array([m, m + 1]))
    assert fewer - 1e-9 <= more <= fewer + 1 + 1e-9
    assert more <= (n + m + 1) / 2 + 1e-9


def test_many_further_responses_do_not_vanish_in_rounding():
    assert expected_pairs([2000.0], [2000.0], 0, 0, 5000)[0] == pytest.approx(2500, rel=0.02)
    assert expected_pairs([0.5], [1e6], 3, 3, 2000)[0] == pytest.approx(3, rel=0.01)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 4), st.one_of(st.none(), st.floats(0, 1))),
        min_size=1,
        max_size=400,
    ),
    m_label=st.integers(1, 14),
)
def test_the_three_probabilities_are_probabilities(rows, m_label):
    phi_r = [np.nan if score is None else score for _, score in rows]
    estimate = posterior([c for c, _ in rows], 4, phi_r, m_label=m_label, m_more=3)
    table = np.stack([estimate["p_inlier"], estimate["p_boundary"], estimate["p_outlier"]])
    assert (table >= 0).all() and (table <= 1).all()
    assert table.sum(axis=0) == pytest.approx(1)
    assert (
        estimate["expected_pairs"]
        >= np.minimum([c for c, _ in rows], [4 - c for c, _ in rows]) - 1e-9
    ).all()
    assert estimate["fitted"] is (len(rows) >= FEW)


def test_with_few_problems_the_prior_is_weak_and_says_so():
    estimate = posterior([3, 0], 3, [0.9, 0.1], m_more=0)
    by_hand = np.prod([(3.5 + j) / (4 + j) for j in range(LABEL)])
    assert estimate["p_inlier"][0] == estimate["p_outlier"][1] == pytest.approx(by_hand)
    assert estimate["fitted"] is False
    assert posterior([], 3, None, m_more=2)["p_inlier"].shape == (0,)


def test_the_prior_of_the_counts_alone_is_recovered():
    rng = np.random.default_rng(3)
    p = rng.beta(0.9, 0.6, 20_000)
    alpha, beta = fit_prior(rng.binomial(5, p), np.full(20_000, 5), np.full(20_000, np.nan)).shapes(
        np.full(1, 5), np.array([np.nan])
    )
    assert (alpha[0], beta[0]) == (pytest.approx(0.9, rel=0.06), pytest.approx(0.6, rel=0.06))


@pytest.mark.parametrize("n", [3, 8])
def test_on_simulated_problems_it_agrees_more_often_than_untuned_thresholds(n):
    _, correct, phi_r, classes = simulate(4000, n, seed=n)
    estimate = posterior(correct, n, phi_r, m_more=5)
    untuned = classify(correct, n, phi_r, tau_l=0.15, tau_h=0.65)
    assert estimate["fitted"] is True
    assert (posterior_classes(estimate) == classes).mean() > (untuned == classes).mean() + 0.005
    shares = np.bincount(classes, minlength=3) / len(classes)
    expected = [estimate[name].mean() for name in ("p_inlier", "p_boundary", "p_outlier")]
    assert expected == pytest.approx(shares, abs=0.03)


@pytest.mark.parametrize("leak", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_a_reward_that_repeats_the_verdicts_is_not_counted_twice(leak):
    _, correct, phi_r, classes = simulate(2000, 3, seed=7, leak=leak, noise=1.0 - leak / 2)
    with_reward, without = (
        posterior(correct, 3, phi_r, m_more=0),
        posterior(correct, 3, None, m_more=0),
    )
    assert log_loss(with_reward, classes) < log_loss(without, classes) + 0.01
    assert (posterior_classes(with_reward) == classes).mean() > (
        posterior_classes(without) == classes
    ).mean() - 0.01


def test_expected_pairs_come_true_on_average():
    p, correct, phi_r, _ = simulate(4000, 3, seed=11)
    further = np.random.default_rng(1).binomial(6, p)
    came = np.minimum(correct + further, 3 - correct + 6 - further)
    assert posterior(correct, 3, phi_r, m_more=6)["expected_pairs"].mean() == pytest.approx(
        came.mean(), rel=0.05
    )


def test_the_order_of_the_problems_changes_nothing():
    _, correct, phi_r, _ = simulate(500, 3, seed=2)
    phi_r[::7] = np.nan
    order = np.random.default_rng(0).permutation(500)
    one, other = (
        posterior(correct, 3, phi_r, m_more=4),
        posterior(correct[order], 3, phi_r[order], m_more=4),
    )
    for name in ("p_inlier", "p_boundary", "p_outlier", "expected_pairs"):
        assert (one[name][order] == other[name]).all()


@pytest.mark.parametrize("correct", [np.zeros(400, dtype=int), np.full(400, 3), np.arange(400) % 4])
@pytest.mark.parametrize("phi_r", [0.0, 1.0, 0.5, np.nan])
def test_populations_of_one_kind_still_give_numbers(correct, phi_r):
    alpha, beta, fitted = posterior_shapes(correct, 3, np.full(400, phi_r))
    assert fitted and np.isfinite([alpha, beta]).all() and (alpha > 0).all() and (beta > 0).all()


def test_one_response_per_problem_can_be_fitted():
    _, correct, phi_r, _ = simulate(600, 1, seed=5)
    estimate = posterior(correct, 1, phi_r, m_more=7)
    assert estimate["fitted"] and set(posterior_classes(estimate)) <= {0, 1, 2}


def test_ties_between_classes_go_to_the_boundary():
    half = np.array([0.5])
    assert posterior_classes(
        {"p_inlier": half, "p_boundary": half, "p_outlier": 0 * half}
    ).tolist() == [1]
    assert posterior_classes(
        {"p_inlier": half, "p_boundary": 0 * half, "p_outlier": half}
    ).tolist() == [1]
    assert (
        posterior_classes({"p_inlier": half, "p_boundary": half / 2, "p_outlier": half / 2}).dtype
        == np.int8
    )


@pytest.mark.parametrize(
    "arguments",
    [
        dict(n_correct=[4], n=3, phi_r=None, m_more=1),
        dict(n_correct=[1], n=3, phi_r=[float("inf")], m_more=1),
        dict(n_correct=[1], n=3, phi_r=[0.5], m_more=-1),
        dict(n_correct=[1], n=3, phi_r=[0.5], m_more=1.5),
        dict(n_correct=[1], n=3, phi_r=[0.5], m_more=[1, 2]),
        dict(n_correct=[1], n=3, phi_r=[0.5], m_more=1, m_label=0),
        dict(n_correct=[1, 2], n=3, phi_r=[0.5], m_more=1),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(arguments):
    with pytest.raises(ConfigError, match=r"\w{3,}.*\.$"):
        posterior(**arguments)
