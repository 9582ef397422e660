"""A backup is a whole copy of one moment, whoever owns the database."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine import store
from engine.errors import StoreError, StoreLocked
from engine.jobs import backup
from engine.jobs.backup import back_up
from engine.jobs.runner import JobRunner
from engine.store import Database
from engine.store.backup import rows_read, write_backup
from engine.study.runs import create_run
from tests.small_runs import ROOT, cli, small

ASKED = "import sys; from engine.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def db(tmp_path):
    database = Database(tmp_path / "studio.duckdb")
    create_run(database, small())
    yield database
    database.close()


def opened(path: Path) -> dict[str, int]:
    copy = Database(path)
    rows = rows_read(copy)
    copy.close()
    return rows


def test_a_backup_holds_the_rows_of_every_table(db, tmp_path):
    n_bytes = write_backup(db, tmp_path / "deep" / "copy.duckdb")
    assert (tmp_path / "deep" / "copy.duckdb").stat().st_size == n_bytes
    assert opened(tmp_path / "deep" / "copy.duckdb") == rows_read(db)


def test_nobody_owns_the_database(db, tmp_path):
    rows = rows_read(db)
    db.close()
    done = cli("backup", tmp_path / "copy.duckdb", "--db", db.path, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_bytes"] > 0
    assert opened(tmp_path / "copy.duckdb") == rows


def test_the_owner_is_asked_and_answers(db, tmp_path):
    runner = JobRunner(db)
    asked = [sys.executable, "-c", ASKED, "backup", "--db", str(db.path)]
    try:
        for n_there, status in ((0, 0), (1, 1)):
            done = subprocess.run(
                [*asked, str(tmp_path / "copy.duckdb")],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert done.returncode == status, done.stderr
            assert ("is there already" in done.stderr) == bool(n_there)
    finally:
        runner.close()
    assert opened(tmp_path / "copy.duckdb") == rows_read(db)
    assert not list(tmp_path.glob("*backup-*"))


@pytest.fixture
def ask(db, tmp_path):
    """Asks the owner for a backup under a name, as another process does."""
    answering = backup.BackupRequests(db)
    locked = StoreLocked(f"{db.path} is in use by the process with PID 1.")
    yield lambda name: backup._asked_for(db.path, tmp_path / name, locked)
    answering.close()
    assert not list(tmp_path.glob("*backup-*"))


def test_several_backups_at_once_are_whole(db, tmp_path):
    together, said = threading.Barrier(4), []

    def write(n: int) -> None:
        together.wait()
        try:
            write_backup(db, tmp_path / f"{n}.duckdb")
        except Exception as error:
            said.append(error)

    tabs = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert not said
    for n in range(4):
        assert opened(tmp_path / f"{n}.duckdb") == rows_read(db)


def test_two_who_ask_at_once_are_both_answered(db, tmp_path, ask):
    sizes = {}
    tabs = [
        threading.Thread(target=lambda n=name: sizes.update({n: ask(n)}), daemon=True)
        for name in ("one.duckdb", "two.duckdb")
    ]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join(timeout=60)
    assert sizes == {name: (tmp_path / name).stat().st_size for name in sizes} and len(sizes) == 2


def test_a_failure_of_any_kind_is_answered_and_the_next_one_who_asks_too(ask, monkeypatch):
    def odd(db, target):
        raise RuntimeError("something odd")

    with monkeypatch.context() as broken, pytest.raises(StoreError, match="something odd"):
        broken.setattr(backup, "write_backup", odd)
        ask("one.duckdb")
    assert ask("two.duckdb") > 0


def test_a_request_that_is_no_json_is_taken_away_and_nothing_ends(db, tmp_path):
    answering = backup.BackupRequests(db)
    request = Path(f"{db.path}.backup-request-1.json")
    gone = threading.Event()
    request.write_text("[1")
    for _ in range(50):
        if not request.exists() or gone.wait(0.1):
            break
    answering.close()
    assert not request.exists()


def test_an_owner_that_does_not_answer_is_named(db, tmp_path, monkeypatch):
    def locked(path):
        raise StoreLocked(f"{path} is in use by the process with PID 1.")

    monkeypatch.setattr(backup, "Database", locked)
    monkeypatch.setattr(backup, "TAKEN_S", 0.0)
    with pytest.raises(StoreLocked, match="did not take the request"):
        back_up(db.path, tmp_path / "copy.duckdb")
    assert not list(tmp_path.glob("*backup-*"))


TAKES_AND_DIES = """
import sys
from engine.jobs import backup
from engine.store import Database

backup.BackupRequests._begin = lambda self, request, asked: print("taken", flush=True)
db = Database(sys.argv[1])
requests = backup.BackupRequests(db)
print("open", flush=True)
sys.stdin.readline()
"""


def test_an_owner_that_dies_with_a_request_leaves_the_backup_to_the_one_who_asked(
    db, tmp_path, monkeypatch
):
    monkeypatch.setattr(backup, "THERE_S", 0.0)
    rows, target = rows_read(db), tmp_path / "copy.duckdb"
    db.close()
    owner = subprocess.Popen(
        [sys.executable, "-c", TAKES_AND_DIES, str(db.path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout.readline() == "open\n"
    asking = threading.Thread(target=back_up, args=(db.path, target), daemon=True)
    asking.start()
    assert owner.stdout.readline() == "taken\n"
    owner.kill()
    owner.wait()
    asking.join(timeout=60)
    assert opened(target) == rows
    assert not list(tmp_path.glob("*backup-*"))


def test_a_folder_that_is_a_file_is_said(db, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="could not be written"):
        write_backup(db, tmp_path / "file" / "copy.duckdb")


def test_doctor_checks_a_database(db, tmp_path):
    db.close()
    whole = cli("doctor", "--db", db.path, "--json")
    assert whole.returncode == 0 and "rows of" in json.loads(whole.stdout)["tables"]
    content = db.path.read_bytes()
    db.path.write_bytes(content[: len(content) // 2])
    cut = cli("doctor", "--db", db.path, "--json")
    assert cut.returncode == 1 and "could not be" in json.loads(cut.stdout)["database"]
    assert "Traceback" not in cut.stderr


def test_several_tabs_resume_a_job_at_once(db):
    runner = JobRunner(db)
    run_id = store.runs.listed(db)[0].id
    from engine.study.handle import Iteration

    job_id = store.jobs.add(Iteration(db, run_id, 0), "presample")
    store.jobs.set_state(db, job_id, "failed")
    errors: list[Exception] = []

    def press() -> None:
        try:
            runner.resume(job_id)
        except Exception as error:
            errors.append(error)

    tabs = [threading.Thread(target=press) for _ in range(5)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert not errors and store.jobs.get(db, job_id).state == "queued"
    runner.close()
