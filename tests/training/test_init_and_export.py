"""Initialisation from worked solutions through the command line, and a LoRA adapter as an
export.
"""

import json
from pathlib import Path

import pytest

from engine import store
from engine.config import load_config
from engine.errors import ConfigError, ProblemSetError
from engine.events import Note, PolicySaved
from engine.export.run import export_policy
from engine.headless.init import initialise
from engine.jobs.runner import JobRunner
from engine.models.weights import content_id, locate
from engine.paths import STARTER
from engine.store import Database
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Choice
from tests.small_runs import cli, judge, small, toml
from tests.training.small_trainings import question, right

INIT = {"learning_rate": 1e-4, "batch_size": 2, "micro_batch_size": 2, "max_length": 128}


@pytest.fixture
def solutions(tmp_path) -> Path:
    path = tmp_path / "solutions.jsonl"
    rows = [{"question": question(i), "answer": "30", "solution": right(i)} for i in range(1, 5)]
    rows += [
        {"question": question(5), "answer": "30", "solution": "The answer is \\boxed{30}."},
        {"question": question(6), "answer": "30"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_init_prints_a_folder_that_can_be_a_policy_and_the_same_again_without_training(
    tmp_path, solutions
):
    (tmp_path / "small.toml").write_text(toml(init=INIT))
    db = tmp_path / "studio.duckdb"
    done = cli("init", tmp_path / "small.toml", "--solutions", solutions, "--db", db)
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    assert (
        "5 worked solutions; 1 of them are one step" in done.stderr
        and "3 of 3 steps" in done.stderr
    )
    assert (
        content_id(locate(str(folder), role="policy"))
        == folder.name
        != content_id(STARTER / "policy")
    )
    events = []
    again = initialise(
        load_config(tmp_path / "small.toml"), solutions, Path(f"{db}.files"), on_event=events.append
    )
    assert again == folder and [type(event) for event in events] == [Note, PolicySaved]


def test_a_file_without_a_solution_is_a_sentence(tmp_path):
    path = tmp_path / "problems.jsonl"
    path.write_text(json.dumps({"question": question(1), "answer": "30"}))
    with pytest.raises(ProblemSetError, match="holds no problem with a solution"):
        initialise(small(), path, tmp_path)


def test_the_adapter_of_a_lora_policy_is_exported_and_loads_on_its_base(tmp_path):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    db = Database(tmp_path / "studio.duckdb")
    run_id = create_run(
        db, small(placement="inline", training={"method": "sft", "lora_rank": 2, "n_epochs": 1})
    )
    judge(db, run_id)
    plans.commit(
        Iteration(db, run_id, 0),
        Choice(0.02, 0.99, "both", "boundary"),
        made_by="a test",
    )
    pairing.make_pairs(Iteration(db, run_id, 0))
    runner = JobRunner(db)
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "train")
    runner.run_next()
    assert store.jobs.get(db, job_id).state == "done", store.jobs.get(db, job_id).error
    policy_id = store.runs.next_policy(Iteration(db, run_id, 0))
    assert (
        export_policy(db, tmp_path / "whole")
        == export_policy(db, tmp_path / "adapter", adapter=True)
        == policy_id
    )
    assert content_id(tmp_path / "whole") == policy_id
    beside = {"tokenizer.json", "tokenizer_config.json", "generation_config.json"}
    assert {"adapter_config.json", "adapter_model.safetensors", *beside} <= {
        file.name for file in (tmp_path / "adapter").iterdir()
    }
    base = AutoModelForCausalLM.from_pretrained(STARTER / "policy")
    assert PeftModel.from_pretrained(base, tmp_path / "adapter").peft_config["default"].r == 2
    runner.close()
    db.close()


def test_a_policy_without_an_adapter_says_so(finished_copy, tmp_path):
    with pytest.raises(
        ConfigError, match="has no adapter: it was trained without training.lora_rank"
    ):
        export_policy(finished_copy, tmp_path / "adapter", adapter=True)


@pytest.fixture
def finished_copy(tmp_path):
    """A run whose trained policy was trained in full."""
    db = Database(tmp_path / "studio.duckdb")
    run_id = create_run(db, small())
    job_id = store.jobs.add(Iteration(db, run_id, 0), "train", {})
    store.jobs.set_state(db, job_id, "done")
    policy_id, folder = "m1", tmp_path / "m1"
    folder.mkdir()
    db.cursor().execute("UPDATE jobs SET policy_id = ? WHERE id = ?", [policy_id, job_id])
    db.cursor().execute(
        "INSERT INTO policies VALUES (?, ?, NULL, now()::TIMESTAMP)", [policy_id, str(folder)]
    )
    yield db
    db.close()
