"""A study can be moved, renamed, packed and brought back, and goes on."""

import json
import shutil
from pathlib import Path

import pytest

from engine import store
from engine.errors import ConfigError, StoreConflict
from engine.export import study
from engine.export.study import pack, unpack
from engine.jobs.policies import sound_path
from engine.models.weights import content_id
from engine.store import Database
from engine.store.backup import rows_read
from engine.store.schema import MIGRATIONS
from engine.study.handle import Iteration
from engine.study.runs import create_run
from tests.small_runs import cli, judge, small


def policy(db: Database, name: str) -> str:
    """A policy of one file that a training of the newest run made."""
    folder = db.artifacts / "policies" / "draft"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"name": name}))
    policy_id = content_id(folder)
    folder.rename(folder.with_name(policy_id))
    at = Iteration(db, store.runs.listed(db)[0].id, 0)
    job_id = store.jobs.add(at, "train")
    store.runs.add_policy(db, policy_id, str(folder.with_name(policy_id)), at.row.policy_id)
    with db.transaction() as cursor:
        cursor.execute("UPDATE jobs SET policy_id = ? WHERE id = ?", [policy_id, job_id])
    store.jobs.set_state(db, job_id, "done")
    return policy_id


@pytest.fixture
def path(tmp_path) -> Path:
    """Two runs, each with a policy that it trained."""
    db = Database(tmp_path / "here" / "studio.duckdb")
    for name in ("first", "second"):
        judge(db, create_run(db, small(name=name)))
        policy(db, name)
    db.close()
    return db.path


def opened(path: Path) -> Database:
    return Database(path)


def made(db: Database, run_id: str) -> str:
    (job,) = [job for job in store.jobs.of_run(db, run_id) if job.kind == "train"]
    return str(job.policy_id)


def assert_goes_on(db: Database) -> None:
    for run in store.runs.listed(db):
        policy_id = made(db, run.id)
        folder = Path(sound_path(db, policy_id))
        assert folder == db.artifacts / "policies" / policy_id and folder.is_dir()


def test_a_study_that_is_moved_and_renamed_finds_its_policies(path, tmp_path):
    moved = tmp_path / "there" / "renamed.duckdb"
    moved.parent.mkdir()
    shutil.move(path, moved)
    shutil.move(f"{path}.files", f"{moved}.files")
    db = opened(moved)
    assert_goes_on(db)
    stored = [path for (path,) in db.tuples("SELECT path FROM policies")]
    assert sum(path.startswith("{files}/policies/") for path in stored) == 2
    db.close()


def test_absolute_paths_of_an_earlier_version_are_made_relative(path):
    db = opened(path)
    home, (number,) = (
        f"{db.artifacts}/",
        [n for n, (why, _) in enumerate(MIGRATIONS, 1) if "relative" in why],
    )
    with db.transaction() as cursor:
        cursor.execute("UPDATE policies SET path = replace(path, '{files}/', ?)", [home])
        cursor.execute("UPDATE runs SET prm_path = ?", [f"{home}recorded/r"])
        cursor.execute("UPDATE runs SET config = replace(config, '\"starter\"', ?)", [f'"{home}x"'])
        cursor.execute("DELETE FROM migrations WHERE version >= ?", [number])
        cursor.execute("ALTER TABLE verdicts DROP COLUMN rules")  # what came later
        later = "trackings sent_figures questions score_costs train_draws"
        later += " saved_conditions left_out_pairs"
        for table in later.split():
            cursor.execute(f"DROP TABLE {table}")
    db.close()
    db = opened(path)
    raw = db.tuples("SELECT path FROM policies UNION ALL SELECT prm_path || config FROM runs")
    assert not [text for (text,) in raw if str(db.artifacts) in text]
    run = store.runs.listed(db)[0]
    assert run.prm_path == f"{home}recorded/r" and f'"{home}x"' in run.config
    assert_goes_on(db)
    db.close()


def test_all_runs_are_packed_and_brought_back_with_the_same_rows(path, tmp_path):
    before = opened(path)
    rows, jobs = rows_read(before), before.tuples("SELECT id FROM jobs ORDER BY number")
    before.close()
    packed = pack(path, tmp_path / "study.tar")
    shutil.rmtree(path.parent)
    unpack(tmp_path / "study.tar", tmp_path / "elsewhere" / "new.duckdb")
    db = opened(tmp_path / "elsewhere" / "new.duckdb")
    assert rows_read(db) == rows and len(packed.run_ids) == 2
    assert db.tuples("SELECT id FROM jobs ORDER BY number") == jobs
    assert_goes_on(db)
    db.close()


def test_one_run_is_packed_and_brought_into_a_database_with_another(path, tmp_path):
    db = opened(path)
    second, first = (run.id for run in store.runs.listed(db))
    theirs = {id: made(db, id) for id in (first, second)}
    db.close()
    assert pack(path, tmp_path / "one.tar", run_id=first).run_ids == [first]
    pack(path, tmp_path / "other.tar", run_id=second)
    target = tmp_path / "new.duckdb"
    unpack(tmp_path / "one.tar", target)
    assert [folder.name for folder in Path(f"{target}.files/policies").iterdir()] == [theirs[first]]
    unpack(tmp_path / "other.tar", target)
    db = opened(target)
    assert {run.id for run in store.runs.listed(db)} == {first, second}
    assert_goes_on(db)
    assert len({job.number for id in (first, second) for job in store.jobs.of_run(db, id)}) == 2
    db.close()
    with pytest.raises(StoreConflict, match="already"):
        unpack(tmp_path / "one.tar", target)
    assert opened(path).path.exists(), "what was packed from is as it was"


class Killed(BaseException):
    """What stands for the end of the process."""


def killed_import(monkeypatch, packed: Path, target: Path, name: str, killer) -> None:
    """An import whose process ends in one of its steps."""
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(study, name, killer(getattr(study, name)))
        unpack(packed, target)


def behind(step):
    def done_and_killed(*arguments):
        step(*arguments)
        raise Killed

    return done_and_killed


def before(step):
    def killed(*_):
        raise Killed

    return killed


def test_rows_that_an_import_killed_behind_them_leaves_have_their_files(
    path, tmp_path, monkeypatch
):
    pack(path, tmp_path / "study.tar")
    target = tmp_path / "new" / "new.duckdb"
    killed_import(monkeypatch, tmp_path / "study.tar", target, "merge", behind)
    db = opened(target)
    assert len(store.runs.listed(db)) == 2
    assert_goes_on(db)
    db.close()


def test_an_import_that_was_killed_before_its_rows_can_be_repeated(path, tmp_path, monkeypatch):
    pack(path, tmp_path / "study.tar")
    target = tmp_path / "new" / "new.duckdb"
    killed_import(monkeypatch, tmp_path / "study.tar", target, "merge", before)
    db = opened(target)
    assert store.runs.listed(db) == []
    db.close()
    assert len(unpack(tmp_path / "study.tar", target).run_ids) == 2
    db = opened(target)
    assert_goes_on(db)
    db.close()


@pytest.mark.parametrize("nth", range(1, 5))
def test_an_import_that_is_killed_among_its_files_leaves_none_in_part(
    nth, path, tmp_path, monkeypatch
):
    pack(path, tmp_path / "study.tar")
    target = tmp_path / "new" / "new.duckdb"
    (tmp_path / "new" / "new.duckdb.files" / "policies").mkdir(parents=True)

    def at_the_nth(flush):
        left = [nth]

        def flush_or_die(*arguments, **options):
            left[0] -= 1
            if not left[0]:
                raise Killed
            flush(*arguments, **options)

        return flush_or_die

    killed_import(monkeypatch, tmp_path / "study.tar", target, "flush_to_disk", at_the_nth)
    for folder in Path(f"{target}.files/policies").iterdir():
        assert content_id(folder) == folder.name
    assert len(unpack(tmp_path / "study.tar", target).run_ids) == 2
    db = opened(target)
    assert_goes_on(db)
    db.close()


def test_a_study_whose_run_is_there_already_brings_no_files_either(path, tmp_path):
    pack(path, tmp_path / "study.tar")
    shutil.rmtree(Path(f"{path}.files") / "policies")
    with pytest.raises(StoreConflict, match="already"):
        unpack(tmp_path / "study.tar", path)
    assert not (Path(f"{path}.files") / "policies").exists()


def test_a_file_that_is_cut_or_holds_no_study_is_refused_and_leaves_nothing(path, tmp_path):
    pack(path, tmp_path / "study.tar")
    content = (tmp_path / "study.tar").read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"no archive" * 1000):
        (tmp_path / "damaged.tar").write_bytes(damaged)
        with pytest.raises(ConfigError, match="not a whole packed study|holds no study"):
            unpack(tmp_path / "damaged.tar", tmp_path / "new" / "new.duckdb")
        assert not list((tmp_path / "new").iterdir())


def test_the_commands_say_what_they_did(path, tmp_path):
    done = cli("export", "study", tmp_path / "study.tar", "--db", path, "--json")
    assert done.returncode == 0 and len(json.loads(done.stdout)["run_ids"]) == 2, done.stderr
    again = cli("export", "study", tmp_path / "study.tar", "--db", path)
    assert again.returncode == 1 and "is there already" in again.stderr
    brought = cli("import-study", tmp_path / "study.tar", "--db", tmp_path / "new.duckdb")
    assert brought.returncode == 0 and "2 runs" in brought.stdout, brought.stderr
