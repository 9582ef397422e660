"""One owner per database file, transactions that are whole or not there, and what is remembered
between two writes.
"""

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import FrozenInstanceError, dataclass

import duckdb
import pytest

from engine.errors import StoreConflict, StoreError, StoreLocked
from engine.events import Sampled
from engine.store import Database, now, opening, record
from tests.small_runs import ROOT
from tests.store.small_rows import n_rows, response


@dataclass(frozen=True, slots=True)
class Counted:
    n: int


def test_a_file_that_is_no_database_a_folder_and_another_programs_database_are_refused(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("no database " * 1000)
    with duckdb.connect(tmp_path / "other.duckdb") as other:
        other.execute("CREATE TABLE runs (a INTEGER)")
    (tmp_path / "folder").mkdir()
    for path in (text, tmp_path / "folder", tmp_path / "notes.txt" / "below.duckdb"):
        with pytest.raises(StoreError, match="could not be opened as a database"):
            Database(path)
    with pytest.raises(StoreError, match="database of another program"):
        Database(tmp_path / "other.duckdb")
    assert text.read_text().startswith("no database ")


def test_a_second_process_is_told_the_first_ones_pid(db):
    code = (
        "import sys\nfrom engine.errors import StoreLocked\nfrom engine.store import Database\n"
        "try:\n    Database(sys.argv[1])\nexcept StoreLocked as locked:\n    print(locked)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, db.path], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert f"is in use by the process with PID {os.getpid()}." in done.stdout, done.stderr
    assert str(db.path) in done.stdout and issubclass(StoreLocked, Exception)


def test_a_broken_outer_transaction_takes_its_inner_one_along(db):
    with pytest.raises(KeyError), db.transaction():
        record(db, "j", 1, Sampled("s", [response(0)]))
        raise KeyError
    assert n_rows(db, "responses") == 0


def test_the_same_key_twice_without_ignoring_is_a_conflict(db):
    row = {
        "run_id": ["r"],
        "iteration": [0],
        "n_pairs": [1],
        "n_foregone": [0],
        "created_at": [now()],
    }
    db.insert("pair_sets", row)
    with pytest.raises(StoreConflict, match="stored the same row first"):
        db.insert("pair_sets", row)
    assert n_rows(db, "pair_sets") == 1


CTRL_C = """
import signal, sys
from engine.store import Database

db = Database(":memory:")
slow = "SELECT count(*) AS n FROM range(20000) a, range(20000) b WHERE a.range * b.range % 7 = 3"
signal.setitimer(signal.ITIMER_REAL, 0.3)
signal.signal(signal.SIGALRM, signal.default_int_handler)
try:
    if sys.argv[1] == "transaction":
        with db.transaction() as cursor:
            cursor.execute(slow)
    else:
        getattr(db, sys.argv[1])(slow)
except KeyboardInterrupt:
    print("stopped", db.rows("SELECT 1 AS one"))
"""


@pytest.mark.parametrize("way", ["rows", "tuples", "columns", "transaction"])
def test_ctrl_c_during_a_query_is_a_ctrl_c_and_no_fault(way):
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C, way], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "stopped [{'one': 1}]\n", done.stderr


def test_a_known_row_is_asked_for_anew_after_every_write_and_only_then(monkeypatch):
    db = Database(":memory:")
    asked, row = [], Database.row
    monkeypatch.setattr(
        Database, "row", lambda self, *about: (asked.append(about), row(self, *about))[1]
    )

    def n_policies() -> int:
        return db.known(Counted, "SELECT count(*) AS n FROM policies").n

    assert [n_policies(), n_policies(), len(asked)] == [0, 0, 1]
    with db.transaction():
        db.insert("policies", {"id": ["a"], "path": ["/a"], "created_at": [now()]})
        assert n_policies() == 1, "a transaction sees what it wrote"
    assert [n_policies(), n_policies(), len(asked)] == [1, 1, 3]
    with suppress(ZeroDivisionError), db.transaction():
        db.insert("policies", {"id": ["b"], "path": ["/b"], "created_at": [now()]})
        assert n_policies() == 2
        raise ZeroDivisionError
    assert n_policies() == 1, "what was taken back is forgotten"
    db.close()


def test_changing_a_known_row_changes_nothing_that_is_remembered():
    db = Database(":memory:")
    with pytest.raises(FrozenInstanceError):
        db.known(Counted, "SELECT 1 AS n").n = 2
    assert db.known(Counted, "SELECT 1 AS n") == Counted(1)
    assert db.known(Counted, "SELECT 1 AS n WHERE false") is None
    db.close()


def test_the_larger_the_file_the_rarer_its_log_is_brought_into_it(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "LOG_BYTES", 1 << 16)
    db, sizes = Database(tmp_path / "studio.duckdb"), []
    bring = Database.checkpoint
    monkeypatch.setattr(Database, "checkpoint", lambda db: (sizes.append(at), bring(db)))
    for at in range(400):
        rows = [response(16 * at + i, f"{at:09}" * 99) for i in range(16)]
        record(db, "j", 1, Sampled("s", rows))
    first, second = (sum(low <= at < low + 200 for at in sizes) for low in (0, 200))
    assert 0 < second < first, "as many rows, and fewer checkpoints"
    db.close()


def test_rows_are_taken_for_new_and_looked_at_one_by_one_only_where_one_is_there(db):
    n_writes = []

    def write(*indices):
        def write_them():
            n_writes.append(indices)
            row = {"set_id": "s", "problem_id": "p", "seed": 1, "text": "", "n_tokens": 1}
            row |= {"finish_reason": "stop"}
            columns = {name: [value] * 2 for name, value in row.items()}
            return db.insert("responses", {**columns, "idx": list(indices)}, or_ignore=True)

        return db.as_new(write_them)

    assert write(0, 1) == 2 and len(n_writes) == 1
    assert write(1, 2) == 1 and len(n_writes) == 3, "once more"
    assert write(3, 3) == 1 and n_rows(db, "responses") == 4
    assert write(4, 5) == 2 and len(n_writes) == 6, "the next rows are taken for new again"
    with db.transaction():
        assert write(5, 6) == 1 and len(n_writes) == 7, "what was stored before cannot be undone"
    assert n_rows(db, "responses") == 7
