"""Deleting a run: what is only its own goes, what others use stays whole, and nothing else
changes.
"""

import shutil

import pytest

from engine import store
from engine.errors import ConfigError
from engine.events import PolicySaved
from engine.paths import STARTER
from engine.store import record
from engine.study import deletion
from engine.study.handle import Iteration
from engine.study.runs import create_run, fork
from tests.small_runs import judge, small

LEFT = {"problems", "migrations", "policies"}


def tables(db):
    """Rows of every table."""
    names = [n for (n,) in db.tuples("SELECT table_name FROM duckdb_tables()") if n not in LEFT]
    return {name: sorted(map(str, db.tuples(f"SELECT * FROM {name}"))) for name in names}


def test_a_deleted_run_leaves_the_database_as_if_it_had_never_been(db, run_id):
    judge(db, run_id)
    before = tables(db)
    other = create_run(db, small(name="other", seed=8))
    judge(db, other)
    store.labels.archive(db, other)
    store.unattended.put(db, other, 1, ordered_by="tab 1")
    job = store.jobs.add(Iteration(db, other, 0), "presample")
    store.jobs.set_state(db, job, "done")
    gone = deletion.delete(db, other)
    assert gone.n_responses == 36 and not gone.shared
    assert tables(db) == before


def test_a_sample_set_that_a_fork_uses_stays_whole_until_the_fork_goes_too(db, run_id):
    judge(db, run_id)
    forked = fork(Iteration(db, run_id, 0))
    pre = forked.row.presample_set
    plan = deletion.planned(db, run_id)
    assert (
        plan.shared == {id: ("small (fork)",) for id in plan.shared}
        and pre in plan.shared
        and pre not in plan.set_ids
    )
    deletion.delete(db, run_id)
    assert store.samples.n_judged(forked.again(), pre, forked.run.prm_id) == 36
    deletion.delete(db, forked.run_id)
    assert all(not rows for rows in tables(db).values())


def trained(db, run_id, name):
    """A policy that a training of the run made, and the folder the training worked in."""
    folder = db.artifacts / "policies" / name
    shutil.copytree(STARTER / "policy", folder)
    job = store.jobs.add(Iteration(db, run_id, 0), "train", {"name": name})
    work = db.artifacts / "training" / job
    work.mkdir(parents=True)
    store.jobs.set_state(db, job, "running")
    record(db, job, 1, PolicySaved(name, str(folder)))
    store.jobs.set_state(db, job, "done")
    return folder, work


def test_a_policy_goes_with_its_folder_unless_another_run_begins_with_it(db, run_id):
    (mine, my_work), (used, used_work) = (trained(db, run_id, name) for name in ("mine", "used"))
    other = create_run(db, small(name="other", seed=8))
    job = store.jobs.add(Iteration(db, other, 0), "train", {})
    store.jobs.set_state(db, job, "running")
    record(db, job, 1, PolicySaved("used", str(used)))
    store.jobs.set_state(db, job, "done")
    plan = deletion.delete(db, run_id)
    assert list(plan.policies) == ["mine"] and plan.staying == {used: ("other",)}
    assert not mine.exists() and not my_work.exists()
    assert used.exists() and used_work.exists()
    assert store.runs.policy_path(db, "used") == str(used)


@pytest.mark.parametrize("setting", ["reward.path", "implicit.reference"])
def test_a_policy_that_another_run_takes_its_rewards_from_stays(db, run_id, tmp_path, setting):
    (named, work), (mine, _) = (trained(db, run_id, name) for name in ("named", "mine"))
    link = tmp_path / "link"
    link.symlink_to(named)
    starter = str(STARTER / "policy")
    paths = {"reward.path": starter, "implicit.reference": starter, setting: str(link)}
    reward = {"family": "implicit", "path": paths["reward.path"]}
    implicit = {"reference": paths["implicit.reference"]}
    other = create_run(db, small(name="other", reward=reward, implicit=implicit))
    plan = deletion.delete(db, run_id)
    assert plan.staying == {named: ("other",)} and list(plan.policies) == ["mine"]
    assert named.is_dir() and work.is_dir() and not mine.exists()
    assert store.runs.get(db, other).name == "other"


def test_weights_of_a_step_that_another_run_names_stay_with_their_training(db, run_id):
    folder, work = trained(db, run_id, "mine")
    shutil.copytree(STARTER / "policy", work / "kept" / "step-2")
    create_run(db, small(name="other", policy={"path": str(work / "kept" / "step-2")}))
    plan = deletion.delete(db, run_id)
    assert plan.staying == {work: ("other",)}
    assert work.is_dir() and not folder.exists()


def test_of_runs_that_are_deleted_together_nothing_is_kept_for_one_another(db, run_id):
    folder, _ = trained(db, run_id, "mine")
    reward = {"family": "implicit", "path": str(folder)}
    other = create_run(
        db, small(name="other", reward=reward, implicit={"reference": str(STARTER / "policy")})
    )
    assert deletion.planned(db, run_id).staying
    assert not deletion.planned(db, run_id, going=[other]).staying


def test_responses_of_runs_that_go_together_are_counted_once_and_all_of_them(db, run_id):
    judge(db, run_id)
    forked = fork(Iteration(db, run_id, 0)).run_id
    first = deletion.planned(db, forked)
    last = deletion.planned(db, run_id, going=[forked])
    assert (first.n_responses, last.n_responses) == (0, 36) and not last.shared
    for id, plan in ((forked, first), (run_id, last)):
        assert deletion.delete(db, id) == plan
    assert all(not rows for rows in tables(db).values())


def test_a_run_with_an_unfinished_job_is_not_deleted(db, run_id):
    store.jobs.add(Iteration(db, run_id, 0), "presample")
    with pytest.raises(ConfigError, match="Cancel it first"):
        deletion.delete(db, run_id)


def test_every_table_with_rows_of_a_run_is_cleared(db):
    """A table that a later migration adds is named in the deletion."""
    columns = db.tuples("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal")
    of_a_run = {table for table, column in columns if column == "run_id"} - {"jobs"}
    of_a_job = {table for table, column in columns if column == "job_id"} - {"train_draws"}
    of_a_set = {t for t, column in columns if column == "set_id"} - {
        "side_samples",
        "train_draws",
        "judged",
    }
    assert of_a_run == set(store.deletion.OF_A_RUN)
    assert of_a_job == set(store.deletion.OF_A_JOB)
    assert of_a_set == set(store.deletion.OF_A_SET)
