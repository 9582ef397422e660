"""Pairs from an iteration's pool. No model is loaded."""

from engine import store
from engine.study import pairing
from engine.study.handle import Iteration
from tests.small_runs import judge
from tests.study.small_studies import committed, high_and_low, some_right, whole_iteration


def test_pairs_are_of_one_problem_a_right_one_and_a_wrong_one_and_are_made_once(db, run_id):
    whole_iteration(db, run_id)
    pairs = store.pairs.texts(Iteration(db, run_id, 0))
    assert (
        pairing.make_pairs(Iteration(db, run_id, 0))
        == len(pairs)
        == store.pairs.find_set(Iteration(db, run_id, 0)).n_pairs
        > 0
    )
    right = {(r.problem_id, r.idx): r.correct for r in store.pairs.pool(Iteration(db, run_id, 0))}
    assert all(
        right[p.problem_id, p.chosen_index] and not right[p.problem_id, p.rejected_index]
        for p in pairs
    )
    assert all(p.problem_id in p.chosen and p.problem_id in p.rejected for p in pairs)
    used = [(p.problem_id, i) for p in pairs for i in (p.chosen_index, p.rejected_index)]
    assert len(used) == len(set(used))


def test_pairs_that_other_classes_would_have_given_are_counted_as_foregone(db, run_id):
    judge(db, run_id, correct=some_right, reward=high_and_low)
    committed(db, run_id, strategy="inlier")
    assert pairing.make_pairs(Iteration(db, run_id, 0)) == 0
    assert store.pairs.find_set(Iteration(db, run_id, 0)).n_foregone == 8


def test_correct_responses_that_were_cut_or_ran_on_are_counted_and_not_chosen(db, run_id):
    judge(db, run_id, correct=some_right, reward=high_and_low)
    committed(db, run_id)
    it = Iteration(db, run_id, 0)
    right = [(r.problem_id, r.idx) for r in store.pairs.pool(it) if r.correct]
    ran_on, cut = right[:2]
    with db.transaction() as writing:
        writing.execute(
            "UPDATE responses SET text = ? WHERE problem_id = ? AND idx = ?",
            ["It is \\boxed{7}.\n\nQuestion: What is 3 + 4?", *ran_on],
        )
        writing.execute(
            "UPDATE responses SET finish_reason = 'length' WHERE problem_id = ? AND idx = ?", cut
        )
    pairing.make_pairs(it)
    pair_set = store.pairs.find_set(it)
    assert (pair_set.n_cut, pair_set.n_ran_on) == (1, 1)
    chosen = {(p.problem_id, p.chosen_index) for p in store.pairs.texts(it)}
    assert chosen and not chosen & {ran_on, cut}
