"""The trained policy of a run, copied whole: it loads and answers as it did."""

import json

import pytest

from engine import store
from engine.errors import ConfigError
from engine.export.run import export_policy, trained_policy
from engine.models.weights import content_id
from engine.store import Database, now
from engine.study.handle import Iteration
from engine.study.sample_sets import evaluation_sets
from tests.small_runs import cli


def test_the_trained_policy_is_copied_whole_and_answers(finished, tmp_path):
    from engine.method.prompts import fill
    from engine.samplers.hf_local import HfSampler
    from engine.study.sample_sets import requests

    path = finished.copy(tmp_path)
    told = cli("export", "policy", tmp_path / "policy", "--db", path, "--json")
    assert told.returncode == 0, told.stderr
    policy_id = json.loads(told.stdout)["policy"]
    assert content_id(tmp_path / "policy") == policy_id and {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    } <= {f.name for f in (tmp_path / "policy").iterdir()}
    again = cli("export", "policy", tmp_path / "policy", "--db", path)
    assert again.returncode == 1 and "not an empty folder" in again.stderr

    db = Database(path)
    run_id = store.runs.listed(db)[0].id
    assert (
        policy_id == trained_policy(db, run_id) == store.runs.next_policy(Iteration(db, run_id, 0))
    )
    greedy, _ = evaluation_sets(Iteration(db, run_id, 1).config, policy_id, 1)
    stored = db.row(
        "SELECT problem_id, text FROM responses WHERE set_id = ? ORDER BY problem_id", [greedy.id]
    )
    question = store.problems.of_run(db, run_id, "held_out")[stored["problem_id"]].question
    owed = requests(
        greedy,
        {stored["problem_id"]: fill(greedy.settings.prompt_template, question)},
        [(stored["problem_id"], 0)],
    )
    db.close()
    batches = HfSampler(str(tmp_path / "policy"), batch_size=1).sample(owed, greedy.settings)
    assert [response.text for batch in batches for response in batch] == [stored["text"]]


def test_a_run_without_a_trained_policy_or_with_a_changed_one_is_a_sentence(db, run_id, tmp_path):
    with pytest.raises(ConfigError, match="has no trained policy yet"):
        export_policy(db, tmp_path / "policy")
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    job_id = store.jobs.add(Iteration(db, run_id, 0), "train", {})
    store.jobs.set_state(db, job_id, "done")
    db.cursor().execute("UPDATE jobs SET policy_id = ? WHERE id = ?", [content_id(folder), job_id])
    db.cursor().execute(
        "INSERT INTO policies VALUES (?, ?, NULL, ?)", [content_id(folder), str(folder), now()]
    )
    assert export_policy(db, tmp_path / "deep" / "policy") == content_id(folder)
    (folder / "config.json").write_text('{"other": 1}')
    with pytest.raises(ConfigError, match="are not those of policy"):
        export_policy(db, tmp_path / "other")
    with pytest.raises(ConfigError, match="trained no policy in iteration 5"):
        export_policy(db, tmp_path / "other", iteration=5)
    assert {path.name for path in tmp_path.iterdir()} & {"other", f".other.{job_id}"} == set()
    assert not list(tmp_path.glob(".*"))
