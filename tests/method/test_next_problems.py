"""Selectors of the next iteration's problems: each once, the same whatever else, and as their
papers have it on small cases.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.method.next_problems import SELECTORS, Visits, Wanted


def visited(counts, *, n_each=4, change=0.0, is_trained=True, levels=None):
    """Visits out of a table of right ones per iteration and problem; None where not drawn."""
    n = np.array([[0 if k is None else n_each for k in row] for row in counts])
    k = np.array([[k or 0 for k in row] for row in counts])
    p = n.shape[1]
    level = np.arange(p) % 5 + 1.0 if levels is None else np.asarray(levels, dtype=float)
    t = len(counts)
    trained = np.full(t, is_trained)
    accuracy = 0.3 + change * np.arange(t + 1)
    return Visits([f"p{i}" for i in range(p)], k, n, level, trained, accuracy)


TABLES = st.integers(1, 12).flatmap(
    lambda p: st.lists(
        st.lists(st.none() | st.integers(0, 4), min_size=p, max_size=p), min_size=1, max_size=4
    )
)


@pytest.mark.parametrize("name", SELECTORS)
@given(table=TABLES, n=st.integers(1, 12), seed=st.integers(0, 5))
def test_a_selector_takes_as_many_as_there_are_each_once_and_the_same_again(name, table, n, seed):
    visits, wanted = visited(table), Wanted(n, seed)
    chosen = SELECTORS[name](visits, wanted).tolist()
    assert len(chosen) == min(n, len(visits.problem_ids)) == len(set(chosen))
    assert chosen == SELECTORS[name](visits, wanted).tolist()


@pytest.mark.parametrize("name", SELECTORS)
def test_a_first_iteration_has_no_history_and_takes_as_many(name):
    nothing = np.zeros((0, 6), dtype=np.int64)
    visits = Visits(
        list("abcdef"), nothing, nothing, np.arange(6.0), np.zeros(0, bool), np.zeros(0)
    )
    chosen = SELECTORS[name](visits, Wanted(4, 0)).tolist()
    assert len(set(chosen)) == 4
    if name in ("pools", "adastar"):
        assert chosen == [0, 1, 2, 3]
    if name == "adarft":
        assert sorted(chosen) == [0, 1, 2, 3]


def test_adastar_takes_the_unseen_first_and_of_a_weak_policy_counts_few_problems_as_seen():
    strong = visited([[4, 4, 3, 4, None, None]])
    assert SELECTORS["adastar"](strong, Wanted(4, 0)).tolist() == [4, 5, 2, 0]
    weak = visited([[1, 0, 0, 0, None, None]])
    assert SELECTORS["adastar"](weak, Wanted(4, 0)).tolist() == [0, 1, 2, 3]


def test_mopps_prefers_what_is_solved_half_of_the_time_and_forgets():
    table = [[20, 10, 0] * 20]
    visits = visited(table, n_each=20)
    counts = Counter(
        int(i) % 3 for s in range(20) for i in SELECTORS["mopps"](visits, Wanted(15, s, memory=1.0))
    )
    assert counts[1] > 0.9 * counts.total()
    once_hard = visited([[0] * 30 + [None] * 30, [5] * 30 + [None] * 30], n_each=10)
    again = {
        memory: np.mean(
            [
                (SELECTORS["mopps"](once_hard, Wanted(20, s, memory=memory)) < 30).sum()
                for s in range(20)
            ]
        )
        for memory in (0.0, 1.0)
    }
    assert again[0.0] > again[1.0] + 3


def test_greso_skips_more_the_longer_a_problem_gave_no_signal():
    table = [[2, 4, 4, 0]] * 3 + [[2, 4, 2, 0]]
    wide = visited([row * 50 for row in table])
    drawn = [SELECTORS["greso"](wide, Wanted(100, s)) % 4 for s in range(10)]
    n_of = [sum(int((kinds == k).sum()) for kinds in drawn) for k in range(4)]
    assert min(n_of[0], n_of[2]) > 6 * max(n_of[1], n_of[3])


def test_adarft_goes_up_while_the_policy_solves_more_than_wanted_and_down_again():
    levels = [1, 2, 3, 4, 5] * 4
    level_of = lambda table: {
        int(levels[i]) for i in SELECTORS["adarft"](visited(table, levels=levels), Wanted(4, 0))
    }
    easy, none = [[4] * 20], [[None] * 20]
    assert level_of(none) == {1} and level_of(easy) == {3} and level_of(easy * 3) == {5}
    assert level_of([*easy, [0] * 20]) == {1}


def test_the_deferred_come_back_once_trained_and_the_retired_once_the_policy_has_changed():
    table = [[0, 4, 2, None, None, None, None, None], [None, None, None, 0, 4, 1, None, None]]
    wanted = Wanted(4, 0)
    pools = SELECTORS["pools"]
    assert pools(visited(table, change=0.1), wanted).tolist() == [0, 3, 6, 7]
    assert pools(visited(table, is_trained=False), wanted).tolist()[:2] == [6, 7]
    few = visited([[0, 4, 4, None, None, None]], change=0.02)
    assert pools(few, wanted).tolist() == [0, 3, 4, 5]
    assert pools(replace(few, accuracy=np.array([0.3, 0.36])), wanted).tolist() == [0, 1, 3, 4]
    assert pools(replace(few, accuracy=np.array([0.3, np.nan])), wanted).tolist() == [0, 3, 4, 5]
    assert pools(replace(few, accuracy=np.array([np.nan, 0.3])), wanted).tolist() == [0, 3, 4, 5]


def test_a_change_is_counted_from_the_last_visit_on():
    table = [[4, None, None, None], [None, 4, None, None]]
    visits = replace(visited(table), accuracy=np.array([0.3, 0.34, 0.37]))
    assert SELECTORS["pools"](visits, Wanted(2, 0)).tolist() == [0, 2]


def test_a_policy_that_was_not_evaluated_hides_no_change_between_those_that_were():
    table = [[4, None, None], [None, 4, None], [None, None, 0]]
    visits = replace(visited(table), accuracy=np.array([0.3, np.nan, np.nan, 0.4]))
    assert SELECTORS["pools"](visits, Wanted(2, 0)).tolist() == [2, 0]


def test_of_the_deferred_the_one_with_the_fewest_wrong_responses_comes_first():
    table = [[0, None, None, None], [0, 0, None, None]]
    assert SELECTORS["pools"](visited(table), Wanted(2, 0)).tolist() == [1, 2]
