"""The store: its schema, its one owner, and transactions that are whole or not there, on a full
disk too.
"""

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import FrozenInstanceError, dataclass

import duckdb
import pytest

from engine import store
from engine.errors import StoreConflict, StoreError, StoreLocked
from engine.events import CheckpointSaved, Graded, Note, OptimiserStep, Planned, Sampled, Scored
from engine.store import Database, now, record
from engine.store.runs import BEFORE_COMMIT, HISTORY
from engine.store.schema import MIGRATIONS
from engine.study.handle import Iteration
from engine.types import Response, StepScores, Verdict
from tests.small_runs import ROOT, judge


def response(index: int, text: str = "text", seed: int = 1) -> Response:
    return Response("p1", index, seed, text, "stop", 3)


@dataclass(frozen=True, slots=True)
class Counted:
    n: int


def n_rows(db: Database, table: str) -> int:
    return db.row(f"SELECT count(*) AS n FROM {table}")["n"]


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


def every_event() -> list:
    return [
        Planned(4, 1, "responses"),
        Sampled("s", [response(0), response(1, seed=2**64 - 1)]),
        Graded(
            "s",
            [
                (("p1", 0), Verdict(True, "1", "correct")),
                (("p1", 1), Verdict(False, None, "no_answer", "None there.")),
            ],
        ),
        Scored(
            "s",
            "prm",
            [(("p1", 0), StepScores((0.25, 0.5))), (("p1", 1), StepScores((), "too_long"))],
        ),
        OptimiserStep(1, 2, {"loss": 0.69, "rewards/margins": 0.0}),
        CheckpointSaved(1, "/somewhere/checkpoint-1"),
    ]


def test_recording_every_event_twice_leaves_the_rows_of_once(db, run_id):
    job_id = store.jobs.add(Iteration(db, run_id, 0), "presample", {})
    tables = ("responses", "verdicts", "step_scores", "metrics", "checkpoints")

    def rows():
        return {
            table: (
                db.rows(f"SELECT * EXCLUDE (logged_at) FROM {table} ORDER BY ALL")
                if table == "metrics"
                else db.rows(f"SELECT * FROM {table} ORDER BY ALL")
            )
            for table in tables
            if table != "checkpoints"
        }

    for event in every_event():
        record(db, job_id, 1, event)
    once, job = rows(), store.jobs.get(db, job_id)
    for event in every_event()[1:]:
        record(db, job_id, 1, event)
    assert rows() == once and {table: len(found) for table, found in once.items()} == {
        "responses": 2,
        "verdicts": 2,
        "step_scores": 2,
        "metrics": 2,
    }
    assert n_rows(db, "checkpoints") == 1
    assert [r["seed"] for r in once["responses"]] == [1, 2**64 - 1]
    assert [(s["scores"], s["reward"]) for s in once["step_scores"]] == [
        ([0.25, 0.5], 0.25),
        ([], None),
    ]
    assert store.jobs.get(db, job_id) == job


def test_responses_that_were_there_already_do_not_count_as_done(db, run_id):
    job_id = store.jobs.add(Iteration(db, run_id, 0), "presample", {})
    record(db, job_id, 1, Planned(3, 0, "responses"))
    record(db, job_id, 1, Sampled("s", [response(0), response(1)]))
    record(db, job_id, 1, Sampled("s", [response(1), response(2)]))
    assert store.jobs.get(db, job_id).n_done == 3


def test_what_was_stored_first_stays(db):
    record(db, "j", 1, Sampled("s", [response(0, "first")]))
    record(db, "j", 2, Sampled("s", [response(0, "second"), response(1, "new")]))
    assert [row["text"] for row in db.rows("SELECT text FROM responses ORDER BY idx")] == [
        "first",
        "new",
    ]


def test_an_event_whose_second_half_fails_leaves_no_half(db, run_id, monkeypatch):
    job_id = store.jobs.add(Iteration(db, run_id, 0), "presample", {})
    insert = Database.insert

    def insert_then_break(self, *arguments, **named):
        insert(self, *arguments, **named)
        raise RuntimeError("the power went")

    monkeypatch.setattr(Database, "insert", insert_then_break)
    with pytest.raises(RuntimeError, match="power"):
        record(db, job_id, 1, Sampled("s", [response(0)]))
    monkeypatch.undo()
    assert n_rows(db, "responses") == 0 and store.jobs.get(db, job_id).n_done == 0
    record(db, job_id, 1, Sampled("s", [response(0)]))
    assert n_rows(db, "responses") == 1 and store.jobs.get(db, job_id).n_done == 1


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


@pytest.mark.parametrize(
    "text",
    ["", "\x00 in the middle", "naïve 数学 🙂", "two\r\nlines\n\n", "'; DROP TABLE responses; --"],
)
def test_every_text_comes_back_as_it_was(db, text):
    record(db, "j", 1, Sampled("s", [response(0, text)]))
    assert db.row("SELECT text FROM responses")["text"] == text


def test_lone_surrogates_are_stored_as_the_replacement_mark(db):
    record(db, "j", 1, Sampled("s", [response(0, "a\ud800b")]))
    record(db, "j", 1, Graded("s", [(("p1", 0), Verdict(False, "\udfff", "wrong", "\ud9999"))]))
    record(db, "j", 1, Note("\udc00"))
    found = db.row(
        "SELECT r.text, v.predicted, v.reason, n.text AS note FROM responses r, verdicts v, notes n"
    )
    assert found == {
        "text": "a\ufffdb",
        "predicted": "\ufffd",
        "reason": "\ufffd9",
        "note": "\ufffd",
    }


def test_columns_of_nothing_but_none_are_stored(db):
    record(
        db, "j", 1, Graded("s", [(("p1", i), Verdict(False, None, "no_answer")) for i in range(2)])
    )
    record(
        db, "j", 1, Scored("s", "prm", [(("p1", i), StepScores((), "too_long")) for i in range(2)])
    )
    record(db, "j", 1, Sampled("s", []))
    assert db.rows("SELECT DISTINCT predicted FROM verdicts") == [{"predicted": None}]
    assert db.rows("SELECT DISTINCT scores, reward FROM step_scores") == [
        {"scores": [], "reward": None}
    ]


def test_signals_are_read_only_from_problems_that_are_judged_whole(db, run_id):
    judge(db, run_id, correct=lambda p, i: p == 0 or i == 0, reward=lambda p, i: (i + 1) / 4)
    set_id = Iteration(db, run_id, 0).row.presample_set
    first, second, *_, last = store.problems.of_run(db, run_id, "train", 0)
    db.cursor().execute(
        "DELETE FROM verdicts WHERE set_id = ? AND problem_id = ? AND idx = 1", [set_id, second]
    )
    db.cursor().execute(
        "UPDATE step_scores SET reward = NULL, status = 'too_long' WHERE problem_id = ? AND"
        " idx = 2",
        [last],
    )
    e = store.samples.estimates(Iteration(db, run_id, 0))
    assert e.pending_ids == [second, last] and e.n_pending == 2
    assert e.problem_ids.tolist()[0] == first and len(e.problem_ids) == 10
    assert e.n_correct.tolist() == [3] + [1] * 9 and set(e.n.tolist()) == {3}
    assert e.phi_r.tolist() == [0.5] * 10


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


FILL = """
import os, resource, signal, sys
from engine.errors import StoreError
from engine.events import Sampled
from engine.store import Database, record
from engine.types import Response

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
db = Database(sys.argv[1])
if len(sys.argv) > 2:
    limit = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for number in range(200):
    text = os.urandom(20_000).hex()
    try:
        record(db, "j", 1, Sampled("s", [Response("p", number * 10 + i, 1, text, "stop", 1) for i \
in range(10)]))
    except StoreError as error:
        print(f"SENTENCE {error}")
        break
    print(f"STORED {number * 10 + 10}", flush=True)
try:
    db.close()
except StoreError as error:
    print("closing:", error)
"""


def filled(path, *limit) -> tuple[int, str]:
    """(rows that were reported as stored, the error's sentence) of a process that writes until it
    no longer can.
    """
    done = subprocess.run(
        [sys.executable, "-c", FILL, path, *limit],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    lines = done.stdout.splitlines()
    stored = [int(line.split()[1]) for line in lines if line.startswith("STORED")]
    sentences = [line for line in lines if line.startswith("SENTENCE")]
    assert stored and sentences, done.stdout
    return stored[-1], sentences[0]


def assert_what_was_stored_is_kept(path, n_stored: int, sentence: str) -> None:
    assert "could not be written" in sentence and "What was stored before is kept" in sentence
    db = Database(path)
    assert n_rows(db, "responses") == n_stored
    record(db, "j", 1, Sampled("s", [response(0)]))
    assert n_rows(db, "responses") == n_stored + 1
    db.close()


def test_a_file_that_may_not_grow_is_a_sentence_and_keeps_what_was_stored(tmp_path):
    path = tmp_path / "studio.duckdb"
    assert_what_was_stored_is_kept(path, *filled(path, str(6 * 2**20)))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_is_a_sentence_and_keeps_what_was_stored(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        n_stored, sentence = filled(disk / "studio.duckdb")
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        assert_what_was_stored_is_kept(disk / "studio.duckdb", n_stored, sentence)
    finally:
        subprocess.run(["umount", disk], check=True)


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


def test_what_a_fork_copies_is_checked_against_the_schema(db):
    """A table or column that a later migration adds is copied by a fork, or left out on purpose."""
    columns: dict[str, set[str]] = {}
    for table, column in db.tuples("SELECT table_name, column_name FROM duckdb_columns()"):
        columns.setdefault(table, set()).add(column)
    of_a_run = {table for table, names in columns.items() if "run_id" in names}
    copied = {**HISTORY, **BEFORE_COMMIT}
    assert not HISTORY.keys() & BEFORE_COMMIT.keys()
    made_anew = {"jobs", "run_problems"}  # its jobs are its own; copy_run writes the other
    assert of_a_run - copied.keys() == made_anew and copied.keys() <= of_a_run
    for table, listed in copied.items():
        names = listed.split(", ")
        assert len(names) == len(set(names)), table
        assert set(names) == columns[table] - {"run_id"}, table
