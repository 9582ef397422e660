"""A whole iteration by the command line on each kind of process reward that no classifier gives."""

import json

import pytest

from engine import store
from engine.__main__ import main
from engine.store import Database
from tests.small_runs import toml

pytest.importorskip("torch")

from tests.rewards.kinds import KINDS, assert_whole, study_of


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_iteration_runs_by_the_command_line(kind, tmp_path, capsys):
    path, database = tmp_path / "study.toml", tmp_path / "study.duckdb"
    with study_of(kind, tmp_path) as changes:
        path.write_text(toml(placement="inline", **changes))
        assert main(["run", str(path), "--db", str(database), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
    db = Database(database)
    assert_whole(db, store.runs.listed(db)[0].id, kind)
    db.close()
