"""Signals per problem, read from the pre-samples."""

from engine import store
from engine.study.handle import Iteration
from tests.small_runs import judge


def test_signals_are_read_only_from_problems_that_are_judged_whole(db, run_id):
    judge(db, run_id, correct=lambda p, i: p == 0 or i == 0, reward=lambda p, i: (i + 1) / 4)
    set_id = Iteration(db, run_id, 0).row.presample_set
    first, second, *_, last = store.problems.of_run(db, run_id, "train", 0)
    db.cursor().execute(
        "DELETE FROM verdicts WHERE set_id = ? AND problem_id = ? AND idx = 1", [set_id, second]
    )
    db.cursor().execute(
        "UPDATE step_scores SET reward = NULL, status = 'too_long' WHERE problem_id = ? AND"
        " idx = 2",
        [last],
    )
    e = store.samples.estimates(Iteration(db, run_id, 0))
    assert e.pending_ids == [second, last] and e.n_pending == 2
    assert e.problem_ids.tolist()[0] == first and len(e.problem_ids) == 10
    assert e.n_correct.tolist() == [3] + [1] * 9 and set(e.n.tolist()) == {3}
    assert e.phi_r.tolist() == [0.5] * 10
