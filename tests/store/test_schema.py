"""Migrations: each once, none that is unknown. A fork copies every table of a run, or leaves it out
on purpose.
"""

import duckdb
import pytest

from engine.errors import StoreError
from engine.store import Database, now
from engine.store.runs import BEFORE_COMMIT, HISTORY, TAGS
from engine.store.schema import MIGRATIONS


def test_an_empty_file_gets_every_migration_once(tmp_path):
    path = tmp_path / "new folder" / "studio.duckdb"
    for _ in range(2):
        db = Database(path)
        assert db.rows("SELECT version, why FROM migrations ORDER BY version") == [
            {"version": number, "why": why} for number, (why, _) in enumerate(MIGRATIONS, start=1)
        ]
        db.close()
    assert path.exists()


def test_a_newer_schema_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "studio.duckdb"
    db = Database(path)
    newer = len(MIGRATIONS) + 1
    with db.transaction() as cursor:
        cursor.execute("INSERT INTO migrations VALUES (?, 'from the future', ?)", [newer, now()])
    db.close()
    with pytest.raises(
        StoreError, match=f"schema version {newer}, this program knows up to {newer - 1}"
    ):
        Database(path)
    with duckdb.connect(path) as raw:
        assert raw.execute("SELECT max(version) FROM migrations").fetchone() == (newer,)


def test_what_a_fork_copies_is_checked_against_the_schema(db):
    """A table or column that a later migration adds is copied by a fork, or left out on purpose."""
    columns: dict[str, set[str]] = {}
    for table, column in db.tuples("SELECT table_name, column_name FROM duckdb_columns()"):
        columns.setdefault(table, set()).add(column)
    of_a_run = {table for table, names in columns.items() if "run_id" in names}
    copied = {**HISTORY, **BEFORE_COMMIT, "tags": TAGS}
    assert not HISTORY.keys() & BEFORE_COMMIT.keys()
    made_anew = {"jobs", "run_problems", "labels", "trackings", "unattended"}
    """Its jobs, labels, order and trackers are its own; copy_run writes run_problems."""
    assert of_a_run - copied.keys() == made_anew and copied.keys() <= of_a_run
    for table, listed in copied.items():
        names = listed.split(", ")
        assert len(names) == len(set(names)), table
        assert set(names) == columns[table] - {"run_id"}, table
