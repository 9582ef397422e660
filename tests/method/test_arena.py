"""The arena: every rule draws the same responses in the same order, within the same budget, and its
figures are those of a plain loop over what was drawn.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.method import arena
from engine.method.arena import Contender, Rules, play, recording_of
from engine.method.strategies import strategies

RULES = Rules(n_presample=2, tau_l=0.25, tau_h=0.65, n_plays=2)
RESPONSE = st.tuples(st.booleans(), st.floats(0, 1), st.integers(0, 3))
PROBLEMS = st.lists(st.lists(RESPONSE, min_size=2, max_size=9), min_size=1, max_size=6)


def recorded(problems):
    rows = [(at, *response) for at, own in enumerate(problems) for response in own]
    ids, correct, reward, text = zip(*rows)
    return recording_of([f"{at:016x}" for at in range(len(problems))], ids, correct, reward, text)


def mixed(n_problems=40, n_each=24, seed=0):
    rng = np.random.default_rng(seed)
    skill = rng.beta(0.6, 0.9, n_problems)
    return recorded(
        [[(bool(r < p), float(r), int(r * 9)) for r in rng.random(n_each)] for p in skill.tolist()]
    )


@given(PROBLEMS, st.data())
def test_counts_of_what_is_drawn_are_those_of_a_plain_loop(problems, data):
    recording = recorded(problems)
    drawn = arena._Drawn(recording)
    n = np.array([data.draw(st.integers(0, len(own))) for own in problems])
    for at, own in enumerate(problems):
        first = own[: n[at]]
        right = {text for correct, _, text in first if correct}
        wrong = {text for correct, _, text in first if not correct}
        assert drawn.right(n)[at] == sum(correct for correct, *_ in first)
        assert drawn.distinct_pairs(n)[at] == min(len(right), len(wrong))


@settings(max_examples=20)
@given(PROBLEMS, st.integers(0, 40))
def test_no_rule_draws_more_than_its_budget_or_than_is_recorded(problems, extra):
    recording, budget = recorded(problems), 2 * len(problems) + extra
    for played in play(recording, [Contender(n) for n in strategies()], [budget], RULES).values():
        c = played.columns
        assert c["spent"].sum() + c["refused"].sum() <= budget + 1e-9
        assert (c["spent"] <= recording.n).all() and (c["spent"] >= 2).all()
        assert (c["distinct"] <= c["pairs"]).all() and (c["covered"] <= 1).all()


def test_a_budget_is_spent_to_the_response_where_enough_is_recorded():
    recording = mixed()
    for name in ("uniform", "knapsack", "vip", "learnability", "reinforce_ada"):
        played = play(recording, [Contender(name)], [40 * 6], RULES)[name, 240]
        assert played.columns["spent"].sum() == pytest.approx(240)


def test_every_rule_of_a_play_sees_the_same_presamples():
    recording = mixed()
    alone = play(recording, [Contender("speed", "accuracy")], [200], RULES)
    beside = play(
        recording, [Contender("uniform"), Contender("speed", "accuracy")], [160, 200], RULES
    )
    for name, values in alone["speed, accuracy", 200].columns.items():
        np.testing.assert_array_equal(values, beside["speed, accuracy", 200].columns[name])


def test_what_is_named_twice_is_played_once():
    recording = mixed()
    once = play(recording, [Contender("uniform")], [160], RULES)["uniform", 160]
    twice = play(recording, [Contender("uniform")] * 2, [160, 160], RULES)["uniform", 160]
    for name, values in once.columns.items():
        np.testing.assert_array_equal(values, twice.columns[name])


def test_all_pairs_of_a_recording_are_there_when_all_of_it_is_drawn():
    recording = mixed()
    (played,) = play(recording, [Contender("uniform")], [40 * 24], RULES).values()
    right = recording.correct.sum(axis=1)
    np.testing.assert_allclose(played.columns["pairs"], np.minimum(right, 24 - right))
    np.testing.assert_allclose(played.columns["all_wrong"], 24 * (right == 0))


def test_what_nobody_recorded_is_counted_and_not_drawn():
    recording = mixed(n_each=4)
    (played,) = play(recording, [Contender("uniform")], [40 * 6], RULES).values()
    assert played.columns["spent"].sum() == 160 and played.columns["refused"].sum() == 80


@pytest.mark.parametrize(
    ("budget", "rules", "said"),
    [
        (10, RULES, "less than the 80 pre-samples"),
        (400, Rules(5, 0.25, 0.65, 1), "4 recorded responses, and 5 are taken"),
    ],
)
def test_what_cannot_be_played_is_a_sentence(budget, rules, said):
    with pytest.raises(ConfigError, match=said):
        play(mixed(n_each=4), [Contender("uniform")], [budget], rules)
