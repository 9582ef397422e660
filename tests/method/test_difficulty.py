"""Properties of reward-guided difficulty estimation, each against the definition in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ConfigError, classify
from engine.method.difficulty import class_counts
from engine.method.posterior import posterior, posterior_classes

problems = st.lists(
    st.integers(1, 8).flatmap(
        lambda n: st.tuples(st.integers(0, n), st.just(n), st.floats(0, 1, allow_nan=False))
    ),
    min_size=1,
    max_size=60,
)
taus = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


def by_the_book(n_correct, n, phi_r, tau_l, tau_h, mode):
    all_right, all_wrong = n_correct == n, n_correct == 0
    if mode == "accuracy":
        return 0 if all_right else 2 if all_wrong else 1
    if mode == "reward":
        return 0 if phi_r > tau_h else 2 if phi_r < tau_l else 1
    return 0 if all_right and phi_r > tau_h else 2 if all_wrong and phi_r < tau_l else 1


@pytest.mark.parametrize("mode", ["both", "accuracy", "reward"])
@given(problems=problems, taus=taus)
def test_every_class_is_the_one_the_definition_gives(mode, problems, taus):
    n_correct, n, phi_r = map(list, zip(*problems))
    classes = classify(n_correct, n, phi_r, tau_l=taus[0], tau_h=taus[1], mode=mode)
    assert classes.dtype == np.int8
    assert classes.tolist() == [by_the_book(*row, *taus, mode) for row in problems]


@given(problems=problems, taus=taus)
def test_class_counts_add_up_to_the_number_of_problems(problems, taus):
    n_correct, n, phi_r = map(list, zip(*problems))
    counts = class_counts(classify(n_correct, n, phi_r, tau_l=taus[0], tau_h=taus[1]))
    assert sum(counts.values()) == len(problems)


def test_a_tie_with_a_threshold_goes_to_boundary():
    assert classify([3, 0], 3, [0.65, 0.25], tau_l=0.25, tau_h=0.65).tolist() == [1, 1]


def test_a_mixed_problem_is_boundary_whatever_its_reward_even_if_it_is_missing():
    assert classify([1, 2, 1], 3, [0.0, 1.0, np.nan], tau_l=0.2, tau_h=0.8).tolist() == [1, 1, 1]


def test_accuracy_mode_needs_no_reward_at_all():
    assert classify([0, 1, 3], 3, None, tau_l=0, tau_h=1, mode="accuracy").tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (dict(n_correct=[0], n=[0], phi_r=[0.5]), "n is 0"),
        (dict(n_correct=[4], n=[3], phi_r=[0.5]), "n_correct is 4 of n = 3"),
        (dict(n_correct=[-1], n=[3], phi_r=[0.5]), "n_correct is -1"),
        (dict(n_correct=[3], n=[3], phi_r=[np.nan]), "NaN"),
        (dict(n_correct=[3, 2], n=[3], phi_r=[0.5, 0.5]), "shapes"),
        (dict(n_correct=[1.5], n=[3], phi_r=[0.5]), "integers"),
        (dict(n_correct=[3], n=[3], phi_r=[0.5], mode="best"), "mode"),
        (dict(n_correct=[3], n=[3], phi_r=[0.5], tau_l=0.9), "tau_l is 0.9"),
        (dict(n_correct=[3], n=[3], phi_r=[0.5], tau_h=float("inf")), "tau_h is inf"),
        (dict(n_correct=[3], n=[3], phi_r=[0.5], tau_l=float("nan")), "tau_l is nan"),
    ],
)
def test_what_cannot_be_classified_is_refused_by_name(arguments, said):
    with pytest.raises(ConfigError, match=said):
        classify(**{"tau_l": 0.2, "tau_h": 0.8, **arguments})


def test_no_problem_at_all_gives_no_class():
    assert classify(np.array([], int), np.array([], int), [], tau_l=0.2, tau_h=0.8).tolist() == []


def test_the_posterior_mode_takes_the_most_probable_class_and_falls_back_to_both_for_few_problems():
    n_correct, phi_r = np.tile([0, 1, 3], 110), np.tile([0.1, 0.5, 0.9], 110)
    many = classify(n_correct, 3, phi_r, tau_l=0, tau_h=1, mode="posterior")
    assert (many == posterior_classes(posterior(n_correct, 3, phi_r, m_more=0))).all()
    few = classify(n_correct[:9], 3, phi_r[:9], tau_l=0.2, tau_h=0.95, mode="posterior")
    assert (few == classify(n_correct[:9], 3, phi_r[:9], tau_l=0.2, tau_h=0.95)).all()
    assert classify([0, 1, 3], 3, [np.nan] * 3, tau_l=0, tau_h=1, mode="posterior").tolist() == [
        2,
        1,
        0,
    ]
