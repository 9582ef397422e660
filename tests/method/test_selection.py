"""Which responses SFT keeps: hand-worked cases and what holds for any."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.method.selection import keep_responses
from engine.method.tuning import combined_reward

responses = st.lists(
    st.builds(
        SimpleNamespace,
        text=st.sampled_from("abcd"),
        correct=st.booleans(),
        truncated=st.booleans(),
        reward=st.one_of(st.none(), st.just(math.nan), st.floats(0, 1)),
    ),
    max_size=12,
)


def one(text: str, correct: bool, reward: float | None, truncated: bool = False) -> SimpleNamespace:
    return SimpleNamespace(text=text, correct=correct, reward=reward, truncated=truncated)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [0, 2, 3, 4]),
        ({"dedupe": True}, [0, 3, 4]),
        ({"cap": 2}, [0, 2]),
        ({"cap": 0}, []),
        ({"dedupe": True, "cap": 2}, [0, 4]),
        ({"drop_truncated": True}, [0, 2, 3]),
        ({"keep_above": 0.9}, [0, 2]),
        ({"keep_above": 0.5}, [0, 1, 2, 4]),
        ({"keep_above": -2.0}, [0, 1, 2, 4, 5]),
    ],
)
def test_hand_worked(options, kept):
    rows = [
        one("a", True, 0.5),
        one("b", False, 0.8),
        one("a", True, 0.5),
        one("c", True, None),
        one("d", True, 0.4, True),
        one("e", False, 0.0),
    ]
    assert keep_responses(rows, **options) == kept


def test_bstars_reward_runs_from_minus_one_to_two():
    assert combined_reward([False, False, True, True], [0.0, 1.0, 0.0, 1.0]).tolist() == [
        -1.0,
        1.0,
        0.0,
        2.0,
    ]


@given(responses, st.one_of(st.none(), st.integers(0, 5)), st.booleans())
def test_without_tau_only_correct_ones_are_kept_in_order_and_under_the_cap(rows, cap, dedupe):
    kept = keep_responses(rows, cap=cap, dedupe=dedupe)
    n_correct = len({r.text for r in rows if r.correct}) if dedupe else sum(r.correct for r in rows)
    assert kept == sorted(set(kept)) and all(rows[i].correct for i in kept)
    assert len(kept) == (n_correct if cap is None else min(cap, n_correct))


@given(responses, st.floats(-2, 2))
def test_tau_keeps_exactly_what_is_above_it_and_nothing_without_a_score(rows, tau):
    kept = set(keep_responses(rows, keep_above=tau))
    for i, r in enumerate(rows):
        scored = r.reward is not None and not math.isnan(r.reward)
        assert (i in kept) == (scored and r.correct + 2 * r.reward - 1 > tau)


def test_a_negative_cap_is_refused():
    with pytest.raises(ValueError, match="cap is -1"):
        keep_responses([], cap=-1)
