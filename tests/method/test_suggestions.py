"""Suggested thresholds are the best there are, and agreement is counted against labels that no
pre-sample takes part in.
"""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ConfigError, classify
from engine.method.flows import flows
from engine.method.intervals import wilson
from engine.method.suggestions import (
    agreement,
    best_thresholds,
    confusion,
    likeliest_thresholds,
    quantile_thresholds,
    reference_labels,
)
from engine.types import Difficulty

SCORES = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]
problems = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(SCORES), st.integers(0, 2)),
    min_size=1,
    max_size=25,
)


def columns(rows):
    return [np.array(column) for column in zip(*rows)]


def met(correct, phi_r, labels, tau_l, tau_h, mode):
    return float(
        (classify(correct, 2, phi_r, tau_l=tau_l, tau_h=tau_h, mode=mode) == labels).mean()
    )


@given(rows=problems, mode=st.sampled_from(["both", "reward"]))
def test_no_pair_of_thresholds_meets_more_labels(rows, mode):
    correct, phi_r, labels = columns(rows)
    found = best_thresholds(correct, 2, phi_r, labels, mode=mode, n_resamples=20)
    tau_l, tau_h = found.tau_l.value, found.tau_h.value
    assert found.agreement == pytest.approx(met(correct, phi_r, labels, tau_l, tau_h, mode))
    grid = sorted({*SCORES, *[s + 0.01 for s in SCORES[:-1]]})
    every = {
        (low, high): met(correct, phi_r, labels, low, high, mode)
        for low, high in product(grid, grid)
        if low <= high
    }
    assert found.agreement == pytest.approx(max(every.values()))
    best = [pair for pair, value in every.items() if value == pytest.approx(found.agreement)]
    used = np.ones(len(rows), dtype=bool) if mode == "reward" else correct != 1
    strips = {0.0, 1.0, *phi_r[used]}
    assert tau_h >= max((high for _, high in best if high in strips), default=0.0)
    assert tau_l <= min((low for low, high in best if low in strips and high == tau_h), default=1.0)
    for end in (found.tau_l, found.tau_h):
        assert 0 <= end.low <= end.high <= 1


@given(rows=problems, seed=st.integers(0, 99), data=st.data())
def test_the_order_of_the_problems_does_not_change_the_thresholds(rows, seed, data):
    shuffled = data.draw(st.permutations(rows))
    one, other = (
        best_thresholds(columns(r)[0], 2, columns(r)[1], columns(r)[2], seed=seed, n_resamples=10)
        for r in (rows, shuffled)
    )
    assert (one.tau_l.value, one.tau_h.value, one.agreement) == (
        other.tau_l.value,
        other.tau_h.value,
        other.agreement,
    )
    assert quantile_thresholds(*columns(rows)[:1], 2, columns(rows)[1]) == quantile_thresholds(
        *columns(shuffled)[:1], 2, columns(shuffled)[1]
    )


@given(
    rows=problems,
    share_l=st.sampled_from([0, 0.1, 0.5, 0.9, 1]),
    share_h=st.sampled_from([0, 0.29, 0.5, 1]),
)
def test_quantile_thresholds_cut_as_much_as_the_shares_allow(rows, share_l, share_h):
    correct, phi_r, _ = columns(rows)
    found = quantile_thresholds(correct, 2, phi_r, share_l=share_l, share_h=share_h, n_resamples=20)
    low, high = phi_r[correct == 0], phi_r[correct == 2]
    tau_l, tau_h = found.tau_l.value, found.tau_h.value
    assert tau_l <= tau_h and (found.n_all_wrong, found.n_all_correct) == (len(low), len(high))
    assert (low < tau_l).sum() <= share_l * len(low) + 1e-9 and (
        high > tau_h
    ).sum() <= share_h * len(high) + 1e-9
    for value in low[low > tau_l]:
        assert tau_l == tau_h or (low < value).sum() > share_l * len(low) - 1e-9
    for value in high[high < tau_h]:
        assert (high > value).sum() > share_h * len(high) - 1e-9


def test_the_interval_is_what_resampling_the_problems_gives():
    rng = np.random.default_rng(0)
    phi_r, size = rng.random(60), 60
    found = quantile_thresholds(np.zeros(size, dtype=int), 2, phi_r, n_resamples=20_000)
    drawn = np.sort(rng.choice(phi_r, (20_000, size)), axis=1)[:, size // 2]
    assert found.tau_l.value == np.sort(phi_r)[size // 2]
    expected = np.quantile(drawn, [0.025, 0.975])
    assert [found.tau_l.low, found.tau_l.high] == pytest.approx(expected, abs=0.02)
    assert (found.tau_h.low, found.tau_h.value, found.n_all_correct) == (1.0, 1.0, 0)


def test_thresholds_by_hand_lie_midway_between_the_problems_they_part():
    correct, phi_r = [2, 2, 2, 0, 0, 0], [0.9, 0.8, 0.4, 0.1, 0.2, 0.6]
    found = best_thresholds(correct, 2, phi_r, [0, 0, 1, 2, 2, 1])
    assert (found.tau_l.value, found.tau_h.value, found.agreement) == (
        pytest.approx(0.3),
        pytest.approx(0.7),
        1.0,
    )
    touching = best_thresholds([0, 2], 2, [0.2, 0.3], [2, 0])
    assert touching.tau_l.value == touching.tau_h.value == 0.25 and touching.agreement == 1.0
    assert found == best_thresholds(correct, 2, phi_r, [0, 0, 1, 2, 2, 1])


def test_mixed_problems_may_lack_a_process_reward_in_mode_both():
    found = best_thresholds([1, 2], 2, [np.nan, 0.7], [1, 0])
    assert found.agreement == 1.0
    with pytest.raises(ConfigError, match="phi_r is NaN"):
        best_thresholds([1, 2], 2, [np.nan, 0.7], [1, 0], mode="reward")


@given(pairs=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30))
def test_confusion_and_agreement_count_every_problem_once(pairs):
    predicted, reference = columns(pairs)
    table = confusion(predicted, reference)
    assert table.shape == (3, 3) and all(
        table[i, j] == pairs.count((i, j)) for i, j in product(range(3), repeat=2)
    )
    assert agreement(predicted, reference) == wilson(sum(a == b for a, b in pairs), len(pairs))


def test_labels_of_another_number_of_responses():
    assert reference_labels([12, 12, 0, 6]).tolist() == [0, 0, 2, 1]
    assert reference_labels([3, 0, 1], 3).tolist() == [0, 2, 1]


@given(
    before=st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(Difficulty)),
    after=st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(Difficulty)),
)
def test_flows_count_the_problems_of_both_evaluations(before, after):
    table = flows(before, after)
    moves = [(before[id], after[id]) for id in before if id in after]
    assert all(table[i, j] == moves.count((i, j)) for i, j in product(Difficulty, repeat=2))
    assert (flows(after, before) == table.T).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda: quantile_thresholds([1], 2, [0.5], share_l=1.5),
        lambda: best_thresholds([1], 2, [0.5], [1], mode="accuracy"),
        lambda: best_thresholds([1], 2, [0.5], [1, 1]),
        lambda: best_thresholds([1], 2, [0.5], [3]),
        lambda: best_thresholds([], 2, [], []),
        lambda: reference_labels([13]),
        lambda: confusion([0], [0, 1]),
        lambda: confusion([0.5], [0]),
        lambda: agreement([], []),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(call):
    with pytest.raises(ConfigError, match=r"\w{3,}.*\.$"):
        call()


@given(problems, st.sampled_from(["both", "reward"]), st.integers(0, 9))
def test_no_pair_of_thresholds_is_expected_to_meet_more_labels(rows, mode, seed):
    correct, phi_r, _ = columns(rows)
    chances = np.random.default_rng(seed).dirichlet([1, 1, 1], len(correct))

    def expected(tau_l, tau_h):
        classes = classify(correct, 2, phi_r, tau_l=tau_l, tau_h=tau_h, mode=mode)
        return chances[np.arange(len(classes)), classes].mean()

    tau_l, tau_h, share = likeliest_thresholds(correct, 2, phi_r, chances, mode=mode)
    assert share == pytest.approx(expected(tau_l, tau_h))
    between = [(a + b) / 2 for a, b in pairwise(SCORES)]
    pairs = [(a, b) for a, b in product([*SCORES, *between], repeat=2) if a <= b]
    assert share >= max(expected(a, b) for a, b in pairs) - 1e-9
