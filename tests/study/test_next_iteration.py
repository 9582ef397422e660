"""The next iteration: its problems and its policy, begun once. No model is loaded."""

import threading

import pytest

from engine import store
from engine.errors import ConfigError, ProblemSetError, StoreConflict
from engine.study.handle import Iteration
from engine.study.runs import begin_next_iteration, create_run
from tests.study.small_studies import finish_training, own_problems, whole_iteration


def test_the_next_iteration_takes_problems_never_used_and_the_trained_policy(db, run_id):
    with pytest.raises(ConfigError, match="Iteration 0 has no trained policy yet"):
        begin_next_iteration(db, run_id)
    whole_iteration(db, run_id, policy_id="m1")
    assert begin_next_iteration(db, run_id).number == 1
    first, second = (store.problems.of_run(db, run_id, "train", t) for t in (0, 1))
    assert len(second) == 12 and not first.keys() & second.keys()
    assert Iteration(db, run_id, 1).row.policy_id == "m1"


def test_a_further_training_does_not_change_what_the_next_iteration_began_with(db, run_id):
    whole_iteration(db, run_id, policy_id="m1")
    begin_next_iteration(db, run_id)
    finish_training(db, run_id, 0, "m1 again")
    assert store.runs.next_policy(Iteration(db, run_id, 0)) == "m1"


def test_when_too_few_problems_are_left_their_number_is_said(db, tmp_path):
    run_id = create_run(db, own_problems(tmp_path, 20))
    whole_iteration(db, run_id)
    with pytest.raises(
        ProblemSetError,
        match="8 problems that this run never used are left, and an iteration takes 12",
    ):
        begin_next_iteration(db, run_id)
    assert len(store.runs.iterations(db, run_id)) == 1


def test_of_two_that_begin_the_next_iteration_at_once_one_does(db, run_id):
    whole_iteration(db, run_id)
    outcomes = []

    def press():
        try:
            outcomes.append(begin_next_iteration(db, run_id).number)
        except (StoreConflict, ConfigError) as error:
            outcomes.append(error)

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(1) == 1
    assert (
        len(store.runs.iterations(db, run_id)) == 2
        and len(store.problems.of_run(db, run_id, "train", 1)) == 12
    )
