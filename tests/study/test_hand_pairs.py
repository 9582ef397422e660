"""Pairs by hand: they hold, they can be taken back, and without any nothing is different. No model
is loaded.
"""

import pytest

from engine import store
from engine.errors import ConfigError
from engine.study import hand_pairs, overrides, pairing
from engine.study.handle import Iteration
from engine.study.runs import create_run, fork
from tests.small_runs import judge, small
from tests.study.small_studies import committed, finish_training, whole_iteration


def pairs_of(it):
    return [
        (p.problem_id, p.chosen_index, p.rejected_index, p.made_by) for p in store.pairs.texts(it)
    ]


@pytest.fixture
def it(db, run_id):
    """Pre-samples 0 and 2 are right, 1 is wrong, to each of 12 problems; every one is in the
    pool.
    """
    judge(db, run_id, reward=lambda problem, index: 0.9 - index / 10)
    committed(db, run_id, strategy="uniform")
    return Iteration(db, run_id, 0)


def test_a_pair_by_hand_takes_its_responses_and_comes_back_when_it_is_taken_back(it):
    pairing.make_pairs(it)
    before = pairs_of(it)
    first = before[0][0]
    assert before[0] == (first, 0, 1, None)
    hand_pairs.pair(it, first, 2, 1, made_by="tab 1")
    assert pairs_of(it) == [(first, 2, 1, "tab 1"), *before[1:]]
    assert store.pairs.find_set(it).n_by_hand == 1
    assert [p.made_by for p in store.pairs.listed(it, limit=2)] == ["tab 1", None]
    batches = store.exports.batches(it.db, "pairs", it.run_id)
    exported = [row["paired_by"] for batch in batches for row in batch.to_pylist()]
    assert exported == ["tab 1", *[None] * (len(before) - 1)]
    hand_pairs.take_back(it, first, 2, 1, made_by="tab 2")
    assert pairs_of(it) == before and store.pairs.find_set(it).n_by_hand == 0


def test_a_pair_by_hand_before_the_pairs_are_built_is_in_them_whatever_the_limits(db):
    run_id = create_run(db, small(pairs={"total": (1,), "cap": 1}))
    judge(db, run_id)
    committed(db, run_id, strategy="outlier")
    it = Iteration(db, run_id, 0)
    problem = list(store.problems.of_run(db, run_id, "train", 0))[5]
    hand_pairs.pair(it, problem, 2, 1, made_by="tab 1")
    assert pairing.make_pairs(it) == 1 and pairs_of(it) == [(problem, 2, 1, "tab 1")]


def test_what_cannot_be_a_pair_by_hand_is_refused_in_a_sentence(it):
    problem = next(iter(store.problems.of_run(it.db, it.run_id, "train", 0)))
    for pair, why in (
        ((1, 2), "Response 1 is judged wrong"),
        ((0, 2), "Response 2 is judged correct"),
        ((0, 9), "Response 9 to problem"),
    ):
        with pytest.raises(ConfigError, match=why):
            hand_pairs.pair(it, problem, *pair, made_by="tab 1")
    hand_pairs.pair(it, problem, 0, 1, made_by="tab 1")
    with pytest.raises(ConfigError, match="Response 1 is in a pair by hand already"):
        hand_pairs.pair(it, problem, 2, 1, made_by="tab 1")
    with it.db.transaction() as writing:
        writing.execute("UPDATE responses SET finish_reason = 'length' WHERE idx = 0")
    other = list(store.problems.of_run(it.db, it.run_id, "train", 0))[1]
    with pytest.raises(ConfigError, match="Response 0 ended at the token limit"):
        hand_pairs.pair(it, other, 0, 1, made_by="tab 1")


def test_a_pair_whose_verdict_is_overridden_is_left_out_and_counted(it):
    problem = next(iter(store.problems.of_run(it.db, it.run_id, "train", 0)))
    hand_pairs.pair(it, problem, 0, 1, made_by="tab 1")
    overrides.override(it.db, it.row.presample_set, problem, 0, correct=False, made_by="tab 1")
    pairing.make_pairs(it)
    pair_set = store.pairs.find_set(it)
    assert (pair_set.n_by_hand, pair_set.n_hand_left_out) == (0, 1)


def test_pairs_that_were_trained_on_stay_what_they_are(db, run_id):
    whole_iteration(db, run_id)
    it = Iteration(db, run_id, 0)
    problem = store.pairs.texts(it)[0]
    finish_training(db, run_id, 0, "m1")
    keys = problem.problem_id, problem.chosen_index, problem.rejected_index
    for change in (hand_pairs.pair, hand_pairs.take_back):
        with pytest.raises(ConfigError, match="Fork the run to pair otherwise"):
            change(it, *keys, made_by="tab 1")
    assert store.hand_pairs.holding(fork(it)) == []
