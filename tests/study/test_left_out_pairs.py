"""Pairs that a person leaves out: dropped from those that are built, the others as they were, and
back when that is taken back. No model is loaded.
"""

import pytest

from engine import store
from engine.errors import ConfigError
from engine.method.conditions import parse
from engine.store.pair_columns import COLUMNS
from engine.study import hand_pairs, left_out_pairs, pairing
from engine.study.handle import Iteration
from engine.study.runs import create_run, fork
from tests.small_runs import judge, small
from tests.study.small_studies import committed, finish_training


def keys_of(it):
    return [(p.problem_id, p.chosen_index, p.rejected_index) for p in store.pairs.texts(it)]


@pytest.fixture
def it(db, run_id):
    """Pre-samples 0 and 2 are right, 1 is wrong, to each of 12 problems; all have pairs."""
    judge(db, run_id, reward=lambda problem, index: 0.9 - (index + problem) / 20)
    committed(db, run_id, strategy="uniform")
    it = Iteration(db, run_id, 0)
    pairing.make_pairs(it)
    return it


def test_every_column_chooses_pairs_and_a_slice_is_one_of_all(it):
    everything = parse(" and ".join(f"({n} == none or {n} != none)" for n in COLUMNS), COLUMNS)
    keys = keys_of(it)
    assert store.fitting_pairs.count(it, everything) == len(keys) == 12
    assert store.fitting_pairs.keys(it, everything) == keys
    everyone = store.pairs.listed(it, limit=99)
    assert store.fitting_pairs.listed(it, everything, limit=5, offset=3) == everyone[3:8]
    high = parse("chosen_reward > 0.7 and margin > 0 and not by_hand", COLUMNS)
    wanted = [p for p in everyone if p.chosen_reward > 0.7]
    assert store.fitting_pairs.listed(it, high, limit=99) == wanted != everyone


def test_pairs_that_are_left_out_are_dropped_alone_and_come_back(it):
    before = keys_of(it)
    left_out_pairs.leave_out(it, before[2:5], made_by="tab 1")
    assert keys_of(it) == before[:2] + before[5:]
    assert store.pairs.find_set(it).n_pairs == len(before) - 3
    holding = store.left_out_pairs.holding(it)
    assert [p.key for p in holding] == before[2:5] and {p.made_by for p in holding} == {"tab 1"}
    left_out_pairs.take_back(it, before[2:4], made_by="tab 2")
    assert keys_of(it) == before[:4] + before[5:]
    left_out_pairs.take_back(it, before[4:5], made_by="tab 2")
    assert keys_of(it) == before and store.left_out_pairs.n_rows(it) == 6


def test_a_pair_by_hand_can_be_left_out_too(it):
    problem = keys_of(it)[0][0]
    hand_pairs.pair(it, problem, 2, 1, made_by="tab 1")
    left_out_pairs.leave_out(it, [(problem, 2, 1)], made_by="tab 2")
    assert (problem, 2, 1) not in keys_of(it) and store.pairs.find_set(it).n_by_hand == 0


def test_what_is_left_out_leaves_its_place_to_another_where_pairs_are_limited(db):
    run_id = create_run(db, small(pairs={"total": (3,)}))
    judge(db, run_id)
    committed(db, run_id, strategy="uniform")
    it = Iteration(db, run_id, 0)
    pairing.make_pairs(it)
    first, *others = keys_of(it)
    left_out_pairs.leave_out(it, [first], made_by="tab 1")
    assert len(keys_of(it)) == 3 and first not in keys_of(it) and set(others) <= set(keys_of(it))


def test_pairs_that_were_trained_on_stay_and_a_fork_begins_anew(it):
    finish_training(it.db, it.run_id, 0, "m1")
    with pytest.raises(ConfigError, match="Fork the run to pair otherwise"):
        left_out_pairs.leave_out(it, keys_of(it)[:1], made_by="tab 1")
    assert store.left_out_pairs.holding(it) == []
    assert store.left_out_pairs.holding(fork(it)) == []
