"""The configuration of a run, with what was decided by hand: it repeats the run."""

import json
import tomllib
from dataclasses import replace

import pytest

from engine import store
from engine.config import load_config, parse_config, plain_config
from engine.config.toml import as_toml
from engine.export.run import export_config
from engine.export.tables import read_table
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.resolved import resolved_config
from engine.study.runs import create_run, fork
from engine.study.sample_sets import evaluation_sets
from tests.export.walked_runs import walked
from tests.small_runs import cli, small


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_an_exported_configuration_is_the_same_and_names_the_same_sample_sets(db, tmp_path, suffix):
    config = small(
        name='quo"ted \\ \x7f\n数学 🙂',
        pairs={"cap": 3},
        training={"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 0.5]},
    )
    run_id = create_run(db, config)
    path = tmp_path / f"run{suffix}"
    assert export_config(db, path) == []
    loaded = load_config(path)
    assert loaded == Iteration(db, run_id, 0).config
    assert parse_config(plain_config(loaded)) == loaded
    other = Database(tmp_path / "other.duckdb")
    again = create_run(other, loaded)
    first, second = (
        store.runs.get_iteration(Iteration(db, run_id, 0)),
        store.runs.get_iteration(Iteration(other, again, 0)),
    )
    assert first.presample_set == second.presample_set and first.policy_id == second.policy_id
    assert list(store.problems.of_run(db, run_id, "train", 0)) == list(
        store.problems.of_run(other, again, "train", 0)
    )
    sets = [
        [s.id for s in evaluation_sets(Iteration(d, r, 0).config, first.policy_id, 0)]
        for d, r in ((db, run_id), (other, again))
    ]
    assert sets[0] == sets[1]
    other.close()


def test_what_was_committed_and_trained_by_hand_is_in_the_configuration(db, tmp_path):
    run_id = create_run(db, small(difficulty={"tau_l": None, "tau_h": None}))
    walked(db, run_id)
    job_id = store.jobs.add(Iteration(db, run_id, 0), "train", {"beta": 0.3})
    store.jobs.set_state(db, job_id, "done")
    config, notes = resolved_config(db, run_id)
    assert (config.difficulty.tau_l, config.difficulty.tau_h, config.training.beta) == (
        0.1,
        0.9,
        0.3,
    )
    assert len(notes) == 1 and "table overrides" in notes[0]
    (tmp_path / "run.toml").write_text(as_toml(config, notes))
    assert load_config(tmp_path / "run.toml") == config
    forked = fork(Iteration(db, run_id, 0))
    assert any(f"fork of {run_id}" in note for note in resolved_config(db, forked.run_id)[1])


def test_iterations_that_differ_are_told_instead_of_guessed(db, monkeypatch):
    run_id = create_run(db, small())
    walked(db, run_id)
    first = Iteration(db, run_id, 0)
    commits = {0: store.commits.get(first)}
    rows = [
        *store.runs.iterations(db, run_id),
        replace(first.row, number=1),
    ]
    monkeypatch.setattr(store.runs, "iterations", lambda *_: rows)
    monkeypatch.setattr(
        store.commits,
        "find",
        lambda at: commits.get(at.number) or replace(commits[0], number=1, tau_l=0.2),
    )
    config, notes = resolved_config(db, run_id)
    assert config.difficulty == Iteration(db, run_id, 0).config.difficulty
    assert [note for note in notes if "was committed with" in note and "0.2" in note]


def test_paths_and_hub_commits_are_pinned(db, tmp_path, monkeypatch):
    lines = [json.dumps({"question": f"What is {i} + 1?", "answer": str(i + 1)}) for i in range(12)]
    (tmp_path / "train.jsonl").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    run_id = create_run(db, small(problems={"train": "train.jsonl"}))
    db.cursor().execute("UPDATE policies SET path = '/cache/models--org--name/snapshots/abc123'")
    config, _ = resolved_config(db, run_id)
    assert (
        config.problems.train == str(tmp_path / "train.jsonl")
        and config.problems.held_out == "starter:held_out"
    )
    assert (config.policy.path, config.policy.revision, config.reward.revision) == (
        "starter",
        "abc123",
        None,
    )


def test_the_command_line_writes_a_configuration_that_run_accepts_and_everything_at_once(
    finished, tmp_path
):
    path = finished.copy(tmp_path)
    assert cli("export", "config", tmp_path / "again.toml", "--db", path).returncode == 0
    assert tomllib.loads((tmp_path / "again.toml").read_text())["seed"] == 7
    done = cli("evaluate", tmp_path / "again.toml", "--db", path, "--json")
    assert done.returncode == 0, done.stderr
    before = json.loads(finished.stdout)["iterations"][0]["eval"]["before"]
    assert json.loads(done.stdout)["iterations"][0]["eval"]["before"] == before
    db = Database(path)
    run_id = store.runs.listed(db)[-1].id
    db.close()
    done = cli(
        "export",
        "all",
        tmp_path / "all",
        "--db",
        path,
        "--run",
        run_id,
        "--format",
        "csv",
        "--json",
    )
    assert (
        json.loads(done.stdout)["responses"]
        == read_table(tmp_path / "all" / "responses.csv").num_rows
        == 96
    )
    assert cli("export", "config", tmp_path / "a.yaml", "--db", path).returncode == 1
