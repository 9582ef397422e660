"""The monitors of B-STaR: by hand, against every subset there is, and by their laws."""

import re
from fractions import Fraction
from itertools import combinations
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import (
    ConfigError,
    balance_score,
    best_of_k,
    n_star,
    pass_at_k,
    pass_at_k_s,
    reward_at_k_s,
)
from engine.method.metrics import distinct_equations, equations

responses = st.lists(
    st.tuples(st.sampled_from("abcd"), st.booleans(), st.sampled_from([0.0, 0.25, 0.5, 1.0])),
    min_size=1,
    max_size=8,
)


def share_of_subsets(n: int, k: int, good) -> float:
    subsets = list(combinations(range(n), k))
    return float(Fraction(sum(map(good, subsets)), len(subsets)))


def columns(rows):
    return [list(column) for column in zip(*rows)]


@given(n=st.integers(1, 9), data=st.data())
def test_pass_at_k_is_the_share_of_subsets_with_a_correct_response(n, data):
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert pass_at_k(n, c, k) == share_of_subsets(n, k, lambda subset: min(subset) < c)


@given(rows=responses, data=st.data())
def test_pass_at_k_s_is_the_share_of_subsets_with_s_unique_correct_texts(rows, data):
    texts, correct, _ = columns(rows)
    k = data.draw(st.integers(1, len(rows)))
    s = data.draw(st.integers(1, k))

    def good(subset):
        return len({texts[i] for i in subset if correct[i]}) >= s

    assert pass_at_k_s(texts, correct, k, s) == share_of_subsets(len(rows), k, good)


@given(rows=responses, data=st.data())
def test_reward_at_k_s_is_the_share_of_subsets_whose_top_s_are_all_correct(rows, data):
    _, correct, rewards = columns(rows)
    k = data.draw(st.integers(1, len(rows)))
    s = data.draw(st.integers(1, k))

    def good(subset):
        return all(correct[i] for i in sorted(subset, key=lambda i: (-rewards[i], i))[:s])

    assert reward_at_k_s(rewards, correct, k, s) == share_of_subsets(len(rows), k, good)


@given(rows=responses, data=st.data())
def test_with_s_of_one_the_figures_are_pass_at_k_and_best_of_k(rows, data):
    texts, correct, rewards = columns(rows)
    k = data.draw(st.integers(1, len(rows)))
    assert pass_at_k_s(texts, correct, k, 1) == pass_at_k(len(rows), sum(correct), k)
    assert reward_at_k_s(rewards, correct, k, 1) == best_of_k(rewards, correct, k)


@given(rows=responses)
def test_more_draws_never_lower_pass_at_k_s_and_a_higher_s_never_raises_a_figure(rows):
    texts, correct, rewards = columns(rows)
    for k in range(1, len(rows) + 1):
        unique = [pass_at_k_s(texts, correct, k, s) for s in range(1, k + 1)]
        top = [reward_at_k_s(rewards, correct, k, s) for s in range(1, k + 1)]
        assert unique == sorted(unique, reverse=True) and top == sorted(top, reverse=True)
        assert 0 <= unique[-1] <= unique[0] <= 1 and 0 <= top[-1] <= top[0] <= 1
        if k < len(rows):
            assert all(
                pass_at_k_s(texts, correct, k + 1, s) >= value
                for s, value in enumerate(unique, start=1)
            )


@given(rows=responses, data=st.data())
def test_pass_at_k_s_does_not_depend_on_the_order_of_the_responses(rows, data):
    texts, correct, _ = columns(rows)
    shuffled = columns(data.draw(st.permutations(rows)))
    k = data.draw(st.integers(1, len(rows)))
    assert pass_at_k_s(texts, correct, k, 1 + k // 2) == pass_at_k_s(
        shuffled[0], shuffled[1], k, 1 + k // 2
    )


def test_pass_at_k_by_hand_and_over_arrays():
    assert pass_at_k(2, 1, 1) == 0.5
    assert pass_at_k(4, 1, 2) == 0.5
    assert isinstance(pass_at_k(np.int64(4), 1, 2), float)
    assert pass_at_k([[4, 2], [4, 8]], [[1, 1], [4, 0]], 2).tolist() == [[0.5, 1.0], [1.0, 0.0]]
    assert pass_at_k([], [], 1).shape == (0,)
    assert pass_at_k(100_000, 1, 1) == 1e-5


def test_texts_that_repeat_count_once_among_forty_responses():
    texts = ["a"] * 20 + ["b"] * 20
    assert pass_at_k_s(texts, [True] * 40, 40, 2) == 1.0
    assert pass_at_k_s(texts, [True] * 40, 40, 3) == 0.0
    assert pass_at_k_s(texts, [True] * 40, 2, 2) == 400 / 780


def test_of_equal_rewards_the_lower_index_is_the_better():
    assert best_of_k([0.5, 0.5], [True, False], 2) == 1.0
    assert best_of_k([0.5, 0.5], [False, True], 2) == 0.0


def test_the_balance_score_by_hand():
    assert balance_score([], [], 6) == 0.0
    assert balance_score(["a"] * 6, [True] * 6, 6) == 1 / 36
    assert balance_score(list("abcdef"), [True] * 6, 6) == 1.0
    assert balance_score(list("abcdefgh"), [True] * 8, 6) == 1.0
    assert balance_score(list("abcd"), [True, True, False, False], 6) == pytest.approx(
        2 / 6 * 2 / 4
    )


@given(
    rows=st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=8),
    wanted=st.integers(1, 9),
)
def test_the_balance_score_is_the_formula(rows, wanted):
    n_unique = len({text for text, right in rows if right})
    value = balance_score([text for text, _ in rows], [right for _, right in rows], wanted)
    assert value == pytest.approx(min(n_unique / wanted, 1) * n_unique / len(rows) if rows else 0.0)
    assert 0 <= value <= 1


@pytest.mark.parametrize(
    ("n_samples", "n_problems", "wanted"), [(67_500, 11_500, 6), (12, 4, 3), (13, 4, 4), (1, 9, 1)]
)
def test_n_star_is_rounded_up(n_samples, n_problems, wanted):
    assert n_star(n_samples, n_problems) == wanted


def test_equations_are_found_where_b_star_finds_them():
    assert equations(r"$a=b$ \[x" + "\n" + r"=y\] <<1+1=2>> \(z\)") == ["a=b", "x\n=y", "1+1=2"]
    assert equations("no equation, $ alone, << >>>") == [" "]
    assert equations("$$x=1$$") == []


MARKS = ["$", "<", ">", "<<", ">>", "\\[", "\\]", "\\", "a", "\n"]


@given(text=st.lists(st.sampled_from(MARKS), max_size=20).map("".join))
def test_equations_are_those_of_one_pattern(text):
    pattern = re.compile(r"\$(.*?)\$|<<([^<>]*)>>|\\\[(.*?)\\\]", re.DOTALL)
    assert equations(text) == [
        found for groups in pattern.findall(text) for found in groups if found
    ]


def test_distinct_equations_count_correct_responses_only():
    assert distinct_equations(["$a$ $b$", "$a$", "$c$"], [True, True, False]) == 2 / 3
    assert isnan(distinct_equations(["nothing", "$c$"], [True, False]))


@pytest.mark.parametrize(
    "call",
    [
        lambda: pass_at_k(2, 1, 3),
        lambda: pass_at_k(2, 3, 1),
        lambda: pass_at_k(0, 0, 1),
        lambda: pass_at_k(2, 1, 0),
        lambda: pass_at_k(2.5, 1, 1),
        lambda: pass_at_k_s(["a"], [True], 2, 1),
        lambda: pass_at_k_s(["a", "b"], [True], 1, 1),
        lambda: pass_at_k_s(["a", "b"], [True, True], 1, 2),
        lambda: reward_at_k_s([0.1, None], [True, True], 1, 1),
        lambda: best_of_k([], [], 1),
        lambda: balance_score(["a"], [True], 0),
        lambda: balance_score(["a"], [], 1),
        lambda: n_star(0, 5),
        lambda: n_star(5, 0),
        lambda: distinct_equations(["a"], []),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(call):
    with pytest.raises(ConfigError, match=r"\w{3,}.*\.$"):
        call()
