"""Files that are attached beside the open database do not get in each other's way."""

import pytest

from engine import store
from engine.errors import StoreError
from engine.store import Database
from engine.store.backup import rows_read, write_backup
from engine.store.merging import merge
from engine.study.runs import create_run
from tests.small_runs import small


def test_a_copy_is_written_whatever_else_is_attached(db, run_id, tmp_path):
    db.tuples("ATTACH ':memory:' AS backup")
    write_backup(db, tmp_path / "copy.duckdb")
    copy = Database(tmp_path / "copy.duckdb")
    assert rows_read(copy)["runs"] == 1
    copy.close()


def test_another_study_is_taken_in_whatever_else_is_attached(db, tmp_path):
    db.tuples("ATTACH ':memory:' AS other")
    brought = Database(tmp_path / "brought.duckdb")
    known = create_run(brought, small())
    brought.close()
    assert merge(db, tmp_path / "brought.duckdb") == [known]
    assert [run.id for run in store.runs.listed(db)] == [known]
    attached = db.tuples("SELECT database_name FROM duckdb_databases() WHERE NOT internal")
    assert {name for (name,) in attached} == {"studio", "other"}


def test_whatever_keeps_a_copy_from_being_written_is_a_sentence(db, tmp_path, monkeypatch):
    import duckdb

    from engine.store import backup

    def refuse(db, draft):
        raise duckdb.BinderException("Binder Error: no such thing")

    monkeypatch.setattr(backup, "_copy", refuse)
    with pytest.raises(StoreError, match="could not be written: Binder Error: no such thing."):
        write_backup(db, tmp_path / "copy.duckdb")
    assert not list(tmp_path.glob("*copy*"))
