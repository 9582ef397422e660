"""Questions in SQL: answered from a copy of one moment, and whatever is asked, nothing outside it
is reached or changed.
"""

import os
from pathlib import Path

import pyarrow
import pytest

from engine import store
from engine.errors import EngineError
from engine.export.tables import SUFFIXES, read_table, write_rows
from engine.queries.ask import (
    FOLDER,
    Limits,
    QuestionRefused,
    Snapshot,
    ask,
    remove_snapshots,
    take_snapshot,
)
from engine.queries.plain import plain
from engine.queries.ready import READY
from engine.store import Database, backup
from tests.stored_studies import study

SECRET = "only in a file beside the database"


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> tuple[Snapshot, str, Path]:
    """A copy of a finished study, its run, and a folder with a secret in it."""
    folder = tmp_path_factory.mktemp("asked")
    db = Database(folder / "studio.duckdb")
    run_id = study(db)
    (folder / "secret.csv").write_text(f"a,b\n{SECRET},2\n")
    yield take_snapshot(db), run_id, folder
    remove_snapshots(db)
    assert not list((db.artifacts / FOLDER).iterdir()), "a copy is left behind"
    db.close()


REFUSED_KINDS = {
    "COPY responses TO '{folder}/out.csv'": "COPY",
    "COPY (SELECT 1) TO '{folder}/out.parquet'": "COPY",
    "EXPORT DATABASE '{folder}/out'": "EXPORT",
    "ATTACH '{folder}/other.duckdb' AS other": "ATTACH",
    "INSTALL httpfs": "LOAD",
    "LOAD httpfs": "LOAD",
    "SET enable_external_access = true": "SET",
    "RESET lock_configuration": "SET",
    "SET profiling_output = '{folder}/out.json'": "SET",
    "CALL enable_logging('QueryLog', storage='file', storage_path='{folder}/out')": "CALL",
    "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'a')": "CREATE",
    "DELETE FROM responses": "DELETE",
    "DROP TABLE runs": "DROP",
    "UPDATE runs SET name = 'x'": "UPDATE",
    "CHECKPOINT": "",
}
REACHING = (
    "SELECT * FROM '{folder}/secret.csv'",
    "SELECT * FROM read_csv('{folder}/secret.csv')",
    "SELECT * FROM read_text('{folder}/*')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('/proc/self/environ')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('{folder}/secret.csv')",
    "SELECT * FROM parquet_metadata('{folder}/secret.csv')",
    "SELECT * FROM query('SELECT * FROM read_text(''{folder}/secret.csv'')')",
    "WITH t AS (FROM read_csv('{folder}/secret.csv')) SELECT count(*) FROM t",
    "SELECT (SELECT content FROM read_text('{folder}/secret.csv'))",
    "EXPLAIN ANALYZE COPY responses TO '{folder}/out.csv'",
    "SELECT * FROM 'http://127.0.0.1:9/x.csv'",
    "SELECT * FROM read_parquet('s3://bucket/x')",
    "SELECT * FROM enable_logging(storage='file')",
    "SELECT * FROM question",
    "SELECT getenv('HOME')",
)


@pytest.mark.parametrize("sql", [*REFUSED_KINDS, *REACHING])
def test_whatever_is_asked_reaches_nothing_and_changes_nothing(asked, sql):
    copy, _, folder = asked
    before, content = sorted(folder.rglob("*")), copy.path.read_bytes()
    with pytest.raises(QuestionRefused) as refused:
        ask(copy, sql.format(folder=folder))
    assert REFUSED_KINDS.get(sql, "") in str(refused.value) and SECRET not in str(refused.value)
    assert sorted(folder.rglob("*")) == before and copy.path.read_bytes() == content


def test_the_walls_hold_without_the_one_that_lets_only_a_select_through(asked, monkeypatch):
    """DuckDB itself refuses what is outside of the copy, and to be told otherwise."""
    import duckdb

    from engine.store.asked import open_shut

    copy, _, folder = asked
    connection = open_shut(str(copy.path), memory_mb=200)
    for sql in REFUSED_KINDS:
        if sql != "CHECKPOINT":
            with pytest.raises(duckdb.Error):
                connection.execute(sql.format(folder=folder))
    connection.close()
    assert not list(folder.glob("out*"))


def test_more_than_one_statement_and_none_are_refused(asked):
    for sql in ("SELECT 1; SELECT 2", "SELECT 1; DROP TABLE runs", "", "-- nothing", "SELEC 1"):
        with pytest.raises(QuestionRefused, match="ask one SELECT at a time|syntax error"):
            ask(asked[0], sql)


def test_time_memory_and_rows_have_limits(asked):
    copy = asked[0]
    forever = "SELECT count(*) FROM range(100000000) a, range(1000000) b"
    with pytest.raises(QuestionRefused, match="longer than 2 seconds"):
        ask(copy, forever, limits=Limits(seconds=2))
    with pytest.raises(QuestionRefused, match="[Mm]emory"):
        ask(copy, "SELECT list(range) FROM range(1000000000)", limits=Limits(memory_mb=100))
    answer = ask(copy, "SELECT range FROM range(10000)", limits=Limits(max_rows=2500))
    assert answer.is_cut and answer.table.column("range").to_pylist() == list(range(2500))
    few = Limits(max_bytes=2_000_000)
    answer = ask(copy, "SELECT repeat('x', 100000) FROM range(1000)", limits=few)
    assert answer.is_cut and 0 < answer.table.num_rows < 30


def test_the_child_is_told_no_secret(asked, monkeypatch):
    monkeypatch.setenv("HS_STAR_API_KEY", SECRET)
    from engine.queries import ask as module

    given: dict = {}
    monkeypatch.setattr(
        module.subprocess, "Popen", lambda *_, **options: given.update(options) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        ask(asked[0], "SELECT 1")
    assert SECRET not in given["env"].values() and "HOME" not in given["env"]


@pytest.mark.parametrize("ready", READY, ids=[one.title for one in READY])
def test_every_ready_question_has_an_answer_with_the_columns_that_it_draws(asked, ready):
    copy, run_id, _ = asked
    table = plain(ask(copy, ready.sql, {"run": run_id, "iteration": 0}).table)
    assert {ready.x, ready.y} - {""} <= set(table.column_names)
    assert table.num_rows or "loss" in ready.title, "the study has rows for it"


def test_what_is_stored_later_is_not_in_the_copy(db):
    study(db)
    copy = take_snapshot(db)
    study(db)
    assert ask(copy, "SELECT count(*) AS n FROM runs").table.to_pylist() == [{"n": 1}]
    again = take_snapshot(db)
    assert ask(again, "SELECT count(*) AS n FROM runs").table.to_pylist() == [{"n": 2}]
    assert not copy.path.exists() and again.path.parent.name.startswith(f"{os.getpid()}-")
    remove_snapshots(db)


def test_a_copy_that_one_tab_is_taking_stays_while_another_tab_takes_one(db, monkeypatch):
    study(db)
    copying, others = backup._copy, []

    def interrupted(db: Database, draft: Path) -> None:
        copying(db, draft)
        if not others:
            others.append(None)
            others[0] = take_snapshot(db)

    monkeypatch.setattr(backup, "_copy", interrupted)
    copy = take_snapshot(db)
    for one in (copy, *others):
        assert ask(one, "SELECT count(*) AS n FROM runs").table.to_pylist() == [{"n": 1}]
    remove_snapshots(db)
    assert not list((db.artifacts / FOLDER).iterdir())


def test_a_copy_that_could_not_be_written_leaves_nothing(db, monkeypatch):
    def full(db: Database, draft: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_copy", full)
    with pytest.raises(EngineError, match="No space left"):
        take_snapshot(db)
    assert not list((db.artifacts / FOLDER).iterdir())


def test_an_answer_of_any_type_becomes_plain_and_reads_back(asked, tmp_path):
    sql = """SELECT 1::HUGEINT AS h, 1.5::DECIMAL(9, 2) AS d, DATE '2024-02-29' AS day,
        TIMESTAMP '2024-02-29 12:00:00' AS made_at, [1, 2] AS l, {'a': 'é'} AS s, '=1+1' AS text,
        INTERVAL 3 DAY AS i, 'x'::BLOB AS b, true AS t, NULL AS n, 1 AS "h" """
    table = plain(ask(asked[0], sql).table)
    row = table.to_pylist()[0]
    assert (row["d"], row["day"], row["l"], row["s"]) == (
        1.5,
        "2024-02-29",
        "[1, 2]",
        '{"a": "é"}',
    )
    assert row["t"] is True and "h 2" in row
    for suffix in SUFFIXES:
        path = tmp_path / f"answer{suffix}"
        write_rows(table, path)
        read = read_table(path)
        assert read.column_names == table.column_names
        assert read.column("text").to_pylist() == ["=1+1"]
    assert "'=1+1" in (tmp_path / "answer.csv").read_text(), "a spreadsheet would run it"
    with pytest.raises(EngineError, match="cannot be shown"):
        plain(pyarrow.table({"a": [[pyarrow.scalar(2**31 - 1, pyarrow.date32())]]}))


def test_questions_are_saved_by_name_and_replaced(db):
    store.questions.save(db, "mine", "SELECT 1", made_by="tab 1")
    store.questions.save(db, "mine", "SELECT 2", made_by="tab 2")
    (one,) = store.questions.listed(db)
    assert (one.sql, one.made_by) == ("SELECT 2", "tab 2")
    store.questions.remove(db, "mine")
    assert store.questions.listed(db) == []
