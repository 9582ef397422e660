"""The table of all runs: what it counts is each run's own."""

import pytest

from engine import store
from engine.figures.board import board
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.walk import Phase
from tests.small_runs import judge
from tests.study.small_studies import own_problems, problem_file


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


def own(db, run_id):
    return set(store.problems.of_run(db, run_id, "train", 0))
