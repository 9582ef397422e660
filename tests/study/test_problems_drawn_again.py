"""Iterations whose problems a selector chooses, also such as were drawn before. No model is
loaded.
"""

from pathlib import Path

import pytest

from engine import store
from engine.errors import ProblemSetError
from engine.study.handle import Iteration
from engine.study.next_problems import level_of, visits
from engine.study.runs import begin_next_iteration, create_run, fork
from engine.types import Problem
from tests.small_runs import judge, small
from tests.study.small_studies import own_problems, whole_iteration


def drawn(db, run_id, number):
    return list(store.problems.of_run(db, run_id, "train", number))


def pooled(db, **problems):
    chosen = {"per_iteration": "pools", "revisit_share": 0.25, **problems}
    return create_run(db, small(n_iterations=3, problems=chosen))


def test_deferred_problems_come_back_after_training_beside_fresh_ones(db):
    run_id = pooled(db)
    whole_iteration(db, run_id, policy_id="m1")
    e = store.samples.estimates(Iteration(db, run_id, 0))
    deferred = set(e.problem_ids[e.n_correct == 0].tolist())
    first, it = drawn(db, run_id, 0), begin_next_iteration(db, run_id)
    second = drawn(db, run_id, 1)
    again = set(first) & set(second)
    assert len(second) == len(set(second)) == 12 and again <= deferred
    assert len(again) == min(3, len(deferred)) == store.problems.n_drawn_before(it) > 0
    assert drawn(db, run_id, 0) == first, "an iteration's problems never change"
    judge(db, run_id, 1)
    assert len(store.samples.estimates(it).problem_ids) == 12
    seen = visits(it.at(2), "m2")
    assert (seen.n > 0).sum(axis=1).tolist() == [12, 12] and seen.is_trained.tolist() == [
        True,
        True,
    ]


def test_a_fork_has_no_rows_of_later_iterations_and_draws_the_same_again(db):
    run_id = pooled(db)
    whole_iteration(db, run_id, policy_id="m1")
    begin_next_iteration(db, run_id)
    forked = fork(Iteration(db, run_id, 0))
    assert drawn(db, forked.run_id, 0) == drawn(db, run_id, 0)
    assert drawn(db, forked.run_id, 1) == []
    whole = len(store.problems.of_run(db, run_id, "train"))
    rows = "SELECT count(*) FROM run_problems WHERE run_id = ? AND role = 'train'"
    assert db.value(rows, [forked.run_id]) == whole
    assert db.value(rows, [run_id]) == whole + store.problems.n_drawn_before(
        Iteration(db, run_id, 1)
    )


@pytest.mark.parametrize("name", ["adastar", "mopps", "greso", "adarft"])
def test_every_published_selector_gives_an_iteration_its_number_of_problems(db, name):
    run_id = create_run(db, small(n_iterations=2, problems={"per_iteration": name}))
    assert len(drawn(db, run_id, 0)) == 12
    whole_iteration(db, run_id, policy_id="m1")
    begin_next_iteration(db, run_id)
    assert len(drawn(db, run_id, 1)) == 12


def test_a_run_that_draws_again_needs_no_fresh_problems_for_every_iteration(db, tmp_path):
    config = own_problems(tmp_path, 12)
    assert config.problems.per_iteration == "fresh"
    run_id = create_run(
        db,
        small(
            n_iterations=3,
            problems={"train": config.problems.train, "per_iteration": "adastar"},
        ),
    )
    whole_iteration(db, run_id, policy_id="m1")
    begin_next_iteration(db, run_id)
    assert set(drawn(db, run_id, 1)) == set(drawn(db, run_id, 0))


def test_levels_are_the_numbers_in_them_and_adarft_refuses_problems_without_one(db, tmp_path):
    level = lambda said: level_of(Problem("0" * 16, "q", "1", said))
    assert (level("Level 5"), level("2.5")) == (5.0, 2.5)
    assert level(None) != level(None) and level("hard") != level("hard")
    path = Path(own_problems(tmp_path, 20).problems.train)
    path.write_text(path.read_text().replace('"level": "2"', '"level": "hard"'))
    problems = {"train": str(path), "per_iteration": "adarft"}
    with pytest.raises(ProblemSetError, match="goes by levels, and"):
        create_run(db, small(problems=problems))
    assert store.runs.listed(db) == []
