"""Preference pairs against a plain restatement of the rule, and the options one at a time."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import build_pairs


@dataclass
class Judged:
    text: str
    correct: bool
    reward: float | None
    truncated: bool = False


responses = st.lists(
    st.builds(
        Judged,
        text=st.sampled_from("abcdefgh"),
        correct=st.booleans(),
        reward=st.sampled_from([0.0, 0.1, 0.5, 0.5001, 0.9, 1.0]),
        truncated=st.booleans(),
    ),
    max_size=16,
)


@given(responses=responses, seed=st.integers(0, 1000))
def test_pairs_are_the_best_of_both_sides_each_used_once(responses, seed):
    pairs = build_pairs(responses, seed=seed)
    right = [i for i, r in enumerate(responses) if r.correct]
    wrong = [i for i, r in enumerate(responses) if not r.correct]
    n = min(len(right), len(wrong))
    best = lambda side: sorted(sorted(side, key=lambda i: (-responses[i].reward, i))[:n])
    assert sorted(c for c, _ in pairs) == best(right)
    assert sorted(r for _, r in pairs) == best(wrong)


@given(responses=responses, seed=st.integers(0, 1000), cap=st.integers(0, 4))
def test_a_cap_keeps_the_best_ones(responses, seed, cap):
    capped = build_pairs(responses, seed=seed, cap=cap)
    everything = build_pairs(responses, seed=seed)
    assert len(capped) == min(cap, len(everything))
    if capped and len(everything) > len(capped):
        kept = {c for c, _ in capped}
        assert min(responses[c].reward for c in kept) >= max(
            responses[c].reward for c, _ in everything if c not in kept
        )


@given(responses=responses, seed=st.integers(0, 1000))
def test_dedupe_leaves_no_text_twice_on_a_side(responses, seed):
    pairs = build_pairs(responses, seed=seed, dedupe=True)
    for side in zip(*pairs):
        texts = [responses[i].text for i in side]
        assert len(texts) == len(set(texts))


@given(responses=responses, seed=st.integers(0, 1000))
def test_truncated_responses_take_no_part_when_they_are_dropped(responses, seed):
    pairs = build_pairs(responses, seed=seed, drop_truncated=True)
    assert not any(responses[i].truncated for pair in pairs for i in pair)


@given(responses=responses, seed=st.integers(0, 1000))
def test_truncated_responses_are_not_chosen_where_they_may_not_be(responses, seed):
    pairs = build_pairs(responses, seed=seed, choose_truncated=False)
    assert not any(responses[chosen].truncated for chosen, _ in pairs)
    n_right = sum(bool(r.correct) and not r.truncated for r in responses)
    assert len(pairs) == min(n_right, sum(not r.correct for r in responses))


def test_the_same_seed_gives_the_same_pairs_and_another_seed_shuffles():
    many = [Judged(str(i), i % 2 == 0, i / 40) for i in range(40)]
    assert build_pairs(many, seed=3) == build_pairs(many, seed=3)
    assert build_pairs(many, seed=3) != build_pairs(many, seed=4)


def test_on_a_tie_the_lower_index_is_kept():
    tied = [Judged("x", False, 0.5), Judged("a", True, 0.5), Judged("b", True, 0.5)]
    assert build_pairs(tied, seed=0) == [(1, 0)]


def test_a_missing_reward_is_refused():
    with pytest.raises(ValueError, match="response 1"):
        build_pairs([Judged("a", True, 0.5), Judged("b", False, None)], seed=0)


def test_one_side_alone_gives_no_pair():
    assert build_pairs([Judged("a", True, 0.5), Judged("b", True, 0.7)], seed=0) == []
