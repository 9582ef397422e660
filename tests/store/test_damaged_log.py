"""A damaged write-ahead log is never opened over in silence: it is copied, and said."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.paths import artifacts_of
from engine.store import Database, compaction
from engine.store.wal import damage_of, log_of
from tests.small_runs import ROOT

KILLED = """
import os, sys
from engine.store import Database
db = Database(sys.argv[1])
db.checkpoint()
for i in range(20):
    with db.transaction() as cursor:
        cursor.execute("INSERT INTO notes (job_id, text) VALUES ('j', ?)", ["x" * 500])
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def killed(tmp_path) -> Path:
    """A database whose process was killed with twenty rows in its log."""
    path = tmp_path / "studio.duckdb"
    subprocess.run([sys.executable, "-c", KILLED, path], cwd=ROOT, timeout=60)
    assert log_of(path).stat().st_size > 10_000
    return path


def n_notes(db: Database) -> int:
    return db.value("SELECT count(*) FROM notes")


def dies(path: Path, at: str, doing: str) -> bool:
    """Whether a process that does something to a database was killed at a call."""
    program = (
        "import os, sys\nfrom pathlib import Path\n"
        "from engine.store import Database, compaction, wal\n"
        "path = Path(sys.argv[1])\n"
        f"{at} = lambda *_: os.kill(os.getpid(), 9)\n{doing}\n"
    )
    done = subprocess.run([sys.executable, "-c", program, path], cwd=ROOT, timeout=60)
    return done.returncode == -9


def test_what_a_kill_leaves_is_whole_and_opens_without_a_word(killed):
    assert damage_of(killed) is None
    db = Database(killed)
    assert n_notes(db) == 20 and db.warning is None
    db.close()
    assert damage_of(killed) is None


@pytest.mark.parametrize("last", ["", "del db", "db.close()", "sys.exit(3)", "1 / 0"])
def test_a_process_that_ends_without_closing_leaves_nothing_that_looks_damaged(tmp_path, last):
    path = tmp_path / "studio.duckdb"
    program = KILLED.replace("os.kill(os.getpid(), 9)", last)
    subprocess.run([sys.executable, "-c", program, path], cwd=ROOT, timeout=60)
    assert damage_of(path) is None
    db = Database(path)
    assert n_notes(db) == 20 and db.warning is None
    db.close()


def cut_in_half(log: bytes) -> bytes:
    return log[: len(log) // 2]


def cut_by_one(log: bytes) -> bytes:
    return log[:-1]


def emptied(log: bytes) -> bytes:
    return b""


def zeroed(log: bytes) -> bytes:
    return bytes(len(log))


def zeroed_at_its_beginning(log: bytes) -> bytes:
    return bytes(64) + log[64:]


def overwritten(log: bytes) -> bytes:
    return b"no log\n" * (len(log) // 7 + 1)


def removed(log: bytes) -> None:
    return None


@pytest.mark.parametrize(
    "damage",
    [cut_in_half, cut_by_one, emptied, zeroed, zeroed_at_its_beginning, overwritten, removed],
)
def test_a_damaged_log_is_kept_and_said(damage: Callable[[bytes], bytes | None], killed, caplog):
    log = log_of(killed)
    damaged = damage(log.read_bytes())
    log.unlink() if damaged is None else log.write_bytes(damaged)
    db = Database(killed)
    n_left = n_notes(db)
    with db.transaction() as cursor:
        cursor.execute("INSERT INTO notes (job_id, text) VALUES ('j', 'stored afterwards')")
    db.close()
    assert n_left < 20
    assert db.warning and "is damaged" in db.warning and db.warning in caplog.text
    copies = list(killed.parent.glob("*.damaged-*"))
    assert [copy.read_bytes() for copy in copies] == ([damaged] if damaged else [])
    again = Database(killed)
    assert again.warning is None, "it is said once"
    assert n_notes(again) == n_left + 1
    again.close()


@pytest.mark.parametrize("damage", [cut_in_half, zeroed, removed])
def test_a_database_that_is_to_be_compacted_keeps_its_damaged_log_too(
    damage: Callable[[bytes], bytes | None], killed
):
    log = log_of(killed)
    damaged = damage(log.read_bytes())
    log.unlink() if damaged is None else log.write_bytes(damaged)
    compaction.ask(killed)
    assert not compaction.compact_if_asked(killed)
    db = Database(killed)
    assert db.warning and "is damaged" in db.warning
    db.close()
    copies = list(killed.parent.glob("*.damaged-*"))
    assert [copy.read_bytes() for copy in copies] == ([damaged] if damaged else [])
    assert compaction.compact_if_asked(killed), "at the next start"


def test_what_a_kill_leaves_is_compacted_whole_and_without_a_word(killed):
    compaction.ask(killed)
    assert compaction.compact_if_asked(killed)
    db = Database(killed)
    assert n_notes(db) == 20 and db.warning is None
    db.close()


def test_a_kill_while_a_log_is_brought_into_a_compacted_file_is_no_damage(killed):
    compaction.ask(killed)
    died = dies(killed, "wal.Written.close", "compaction.compact_if_asked(path)")
    assert died and not log_of(killed).exists()
    db = Database(killed)
    assert n_notes(db) == 20 and db.warning is None
    db.close()


MUCH = """
shortest, note = [0], wal.Written.note
def note_or_die(self):
    n_bytes = os.path.getsize(wal.log_of(path)) if wal.log_of(path).exists() else 0
    if n_bytes < shortest[0]:
        os.kill(os.getpid(), 9)
    shortest[0] = n_bytes
    return note(self)
db = Database(path)
db.checkpoint()
wal.Written.note = note_or_die
for i in range(40):
    with db.transaction() as cursor:
        cursor.execute("INSERT INTO notes (text) SELECT repeat(md5(i::VARCHAR), 1000)"
            " FROM range(32) t(i)")
"""


def test_a_kill_behind_the_checkpoint_that_a_long_log_brings_is_no_damage(tmp_path):
    path = tmp_path / "studio.duckdb"
    assert dies(path, "wal.never", MUCH), "the log grew without end"
    assert not log_of(path).exists() and damage_of(path) is None
    db = Database(path)
    assert db.warning is None and n_notes(db) % 32 == 0 and n_notes(db) > 400
    db.close()


def test_a_kill_behind_the_checkpoint_that_closing_makes_is_no_damage(tmp_path):
    path = tmp_path / "studio.duckdb"
    assert dies(path, "wal.Written.close", "Database(path).close()")
    assert not log_of(path).exists() and damage_of(path) is None


def test_a_log_with_a_wrong_byte_is_refused_with_what_to_do(killed):
    log = log_of(killed)
    content = bytearray(log.read_bytes())
    content[5000] ^= 255
    log.write_bytes(content)
    with pytest.raises(StoreError, match=r"move .*studio\.duckdb\.wal away"):
        Database(killed)
    assert log.read_bytes() == content


def test_an_entry_that_was_never_committed_is_no_damage(killed):
    with log_of(killed).open("ab") as stream:
        stream.write((5000).to_bytes(8, "little") + b"half of a commit")
    assert damage_of(killed) is None


def test_a_locked_database_leaves_no_copy_of_the_log_that_its_owner_writes(tmp_path):
    db = Database(tmp_path / "studio.duckdb")
    code = (
        "import sys\nfrom engine.errors import StoreLocked\n"
        "from engine.store import Database, wal\n"
        "wal.damage_of = lambda path: 'seen in the middle of a write'\n"
        "try:\n    Database(sys.argv[1])\nexcept StoreLocked as locked:\n    print(locked)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, db.path], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert f"PID {os.getpid()}" in done.stdout, done.stderr
    db.close()
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_checkpoint_leaves_nothing_to_the_log(killed):
    db = Database(killed)
    with db.transaction() as cursor:
        cursor.execute("INSERT INTO notes (job_id, text) VALUES ('j', 'last')")
    db.checkpoint()
    assert not log_of(killed).exists() or not log_of(killed).stat().st_size
    db.close()


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.8, 0.99])
def test_a_database_that_is_cut_is_refused_in_a_sentence(share, tmp_path):
    path = tmp_path / "studio.duckdb"
    db = Database(path)
    with db.transaction() as cursor:
        cursor.execute(
            "INSERT INTO notes (text) SELECT repeat(md5(i::VARCHAR), 40) FROM range(20000) t(i)"
        )
    db.close()
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(StoreError, match=r"^[^\n]+\.$"):
        db = Database(path)
        db.rows("SELECT max(text) FROM notes")


def test_a_log_without_its_database_is_kept_and_no_new_database_is_begun(killed):
    log = log_of(killed).read_bytes()
    killed.rename(killed.with_name("moved.duckdb"))
    with pytest.raises(StoreError, match="Put the database back beside its log"):
        Database(killed)
    assert not killed.exists() and log_of(killed).read_bytes() == log
    killed.with_name("moved.duckdb").rename(killed)
    db = Database(killed)
    assert n_notes(db) == 20 and db.warning is None


def test_a_database_made_anew_beside_the_files_of_another_says_so(tmp_path):
    path = tmp_path / "studio.duckdb"
    (artifacts_of(path) / "policies").mkdir(parents=True)
    db = Database(path)
    assert "was not there, so it was made anew and is empty" in str(db.warning)
    assert "studio.duckdb.files" in str(db.warning)
    db.close()
    db = Database(path)
    assert db.warning is None


def test_a_name_that_no_file_can_have_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(StoreError, match="could not be opened as a database"):
        Database(tmp_path / ("x" * 300))
