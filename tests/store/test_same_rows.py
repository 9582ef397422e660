"""The comparison behind every rearrangement of the code can tell two studies apart, and takes the
same study for the same.
"""

import duckdb
import pytest

from engine.store import Database
from engine.study.runs import create_run
from tests.same_rows import differences
from tests.small_runs import judge, small


def study(path, **changes):
    db = Database(path)
    judge(db, create_run(db, small(**changes)))
    db.close()
    return path


def test_the_same_study_in_two_databases_has_the_same_rows(tmp_path):
    assert differences(study(tmp_path / "one.duckdb"), study(tmp_path / "other.duckdb")) == []


def test_another_seed_is_another_study(tmp_path):
    found = differences(study(tmp_path / "one.duckdb"), study(tmp_path / "other.duckdb", seed=8))
    assert {line.partition(":")[0] for line in found} >= {"runs", "run_problems", "responses"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE verdicts SET correct = NOT correct WHERE idx = 1",
        "DELETE FROM step_scores WHERE idx = 2",
    ],
)
def test_a_single_changed_or_missing_value_is_found(tmp_path, change):
    before, after = study(tmp_path / "one.duckdb"), study(tmp_path / "other.duckdb")
    with duckdb.connect(str(after)) as db:
        db.execute(change)
    assert len(differences(before, after)) == 1
