"""The table of all runs: what it counts is each run's own."""

import pytest

from engine import store
from engine.figures.board import board
from engine.study import pairing
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.study.runs import create_run
from engine.walk import Phase, next_phase
from tests.small_runs import judge, small
from tests.study.small_studies import (
    committed,
    finish_training,
    high_and_low,
    own_problems,
    problem_file,
    some_right,
)


@pytest.fixture
def runs(db, tmp_path):
    """Two runs that sample alike, on problems of which they share the last four."""
    config = own_problems(tmp_path, 12)
    (tmp_path / "other").mkdir()
    other = own_problems(
        tmp_path / "other",
        12,
        name="other",
        problems={"train": problem_file(tmp_path / "other" / "from_8.jsonl", 8, 12)},
    )
    first, second = create_run(db, config), create_run(db, other)
    sets = {Iteration(db, id, 0).row.presample_set for id in (first, second)}
    assert len(sets) == 1
    return first, second


def rows(db):
    return {row.run_id: row for row in board(db)}


def test_a_run_does_not_count_what_another_drew_for_other_problems(db, runs):
    first, second = runs
    judge(db, first)
    assert rows(db)[first].n_drawn == 36 and rows(db)[first].waits_for is Phase.COMMIT
    assert rows(db)[second].n_drawn == 4 * 3, "of the four problems that both have"
    assert rows(db)[second].waits_for is Phase.PRESAMPLE
    judge(db, second, owed=dict.fromkeys(own(db, second) - own(db, first), range(3)))
    assert rows(db)[second].n_drawn == 36 and rows(db)[second].waits_for is Phase.COMMIT
    assert rows(db)[first].n_drawn == 36


def waits(db, run_id):
    """What the table says, which is what the walk says."""
    it = Iteration(db, run_id, 0)
    said, walked = rows(db)[run_id].waits_for, next_phase(progress(it))
    assert said is walked or (said is None and walked is Phase.NEXT)
    return said


def test_a_run_that_has_to_tune_waits_for_its_tuning(db):
    run_id = create_run(db, small(tuning={"n_problems": 4}))
    assert waits(db, run_id) is Phase.TUNE
    store.runs.add_tuning(Iteration(db, run_id, 0), 1.0, 0.5, "a test")
    assert waits(db, run_id) is Phase.PRESAMPLE


def test_sft_is_trained_on_kept_responses_where_there_is_no_pair(db):
    run_id = create_run(db, small(training={"method": "sft"}))
    judge(db, run_id, correct=lambda problem, index: True)
    assert waits(db, run_id) is Phase.COMMIT
    committed(db, run_id)
    assert waits(db, run_id) is Phase.RESAMPLE
    resample(db, run_id, correct=lambda problem, index: True)
    assert rows(db)[run_id].n_pairs == 0 and waits(db, run_id) is Phase.TRAIN
    finish_training(db, run_id, 0, "m1")
    assert waits(db, run_id) is None


def test_without_a_pair_or_a_response_to_train_on_a_run_is_at_its_end(db):
    run_id = create_run(db, small(training={"method": "sft"}))
    judge(db, run_id, correct=lambda problem, index: False)
    committed(db, run_id)
    resample(db, run_id, correct=lambda problem, index: False)
    assert waits(db, run_id) is None


def test_a_plan_that_fills_no_step_is_not_waited_for(db):
    grpo = {"method": "grpo", "n_epochs": 1, "micro_batch_size": 1}
    filled, unfilled = (
        create_run(db, small(name=name, training={**grpo, "group_size": size, "batch_size": size}))
        for name, size in (("filled", 2), ("unfilled", 1024))
    )
    judge(db, filled, correct=some_right, reward=high_and_low)
    for run_id in (filled, unfilled):
        committed(db, run_id)
    assert waits(db, filled) is Phase.TRAIN and waits(db, unfilled) is None


def test_drawn_but_unjudged_presamples_are_still_waited_for(db, run_id):
    judge(db, run_id)
    job = store.jobs.add(Iteration(db, run_id, 0), "presample")
    store.jobs.set_state(db, job, "cancelled")
    assert waits(db, run_id) is Phase.COMMIT
    with db.transaction() as cursor:
        cursor.execute("DELETE FROM verdicts WHERE idx = 2")
    assert waits(db, run_id) is Phase.PRESAMPLE


def resample(db, run_id, *, correct):
    it = Iteration(db, run_id, 0)
    more = {
        row.problem_id: range(3, 3 + row.n_more)
        for row in store.commits.allocation(it)
        if row.n_more
    }
    if more:
        judge(db, run_id, which="resample_set", owed=more, correct=correct)
    pairing.make_pairs(it)


def own(db, run_id):
    return set(store.problems.of_run(db, run_id, "train", 0))
