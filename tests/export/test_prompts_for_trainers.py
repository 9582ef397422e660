"""A plan as other trainers read it: by their own rules, as far as they are installed here."""

import json

import datasets
import pytest
from trl.data_utils import is_conversational

from engine import store
from engine.cli.takeaway import export
from engine.errors import ConfigError
from engine.export.run import export_table
from engine.export.trainers import SUFFIXES, TRAINERS, export_prompts
from engine.study.handle import Iteration
from engine.study.runs import create_run
from tests.export.walked_runs import walked
from tests.small_runs import small

KIND = {".jsonl": "json", ".parquet": "parquet"}
FIGURES = {"problem_id", "level", "class", "n_more", "in_pool", "n", "n_correct", "pass_rate"}


def loaded(path) -> list[dict]:
    """As Hugging Face's datasets read it, which is how all four load their files."""
    cache = str(path.parent / "cache")
    return list(
        datasets.load_dataset(KIND[path.suffix], data_files=str(path), cache_dir=cache)["train"]
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("trainer", TRAINERS)
def test_every_problem_of_the_plan_is_there_with_its_answer_and_its_figures(
    db, run_id, tmp_path, trainer, suffix
):
    walked(db, run_id)
    it = Iteration(db, run_id, 0)
    path = tmp_path / f"prompts{suffix}"
    assert export_prompts(db, trainer, path) == 12
    rows, problems = loaded(path), store.problems.of_run(db, run_id, "train", 0)
    plan = {row.problem_id: row.n_more for row in store.commits.allocation(it)}
    for row, problem in zip(rows, problems.values(), strict=True):
        figures = {
            "verl": lambda row: row["extra_info"],
            "verifiers": lambda row: json.loads(row["info"]),
        }.get(trainer, lambda row: row)(row)
        assert set(figures) >= FIGURES and figures["n_more"] == plan[problem.id]
        assert figures["pass_rate"] == figures["n_correct"] / figures["n"]
        prompt, answer = {
            "trl": lambda row: (row["prompt"], row["answer"]),
            "openrlhf": lambda row: (row["input"], row["label"]),
            "verl": lambda row: (
                row["prompt"][-1]["content"],
                row["reward_model"]["ground_truth"],
            ),
            "verifiers": lambda row: (row["prompt"][-1]["content"], row["answer"]),
        }[trainer](row)
        assert problem.question in prompt and answer == problem.answer


def test_a_chat_policy_gets_turns_with_what_the_system_role_says(db, tmp_path):
    config = small(policy={"chat": True, "system": "Be brief."})
    create_run(db, config)
    path = tmp_path / "prompts.parquet"
    export_prompts(db, "trl", path)
    rows = loaded(path)
    assert is_conversational(rows[0])
    assert [turn["role"] for turn in rows[0]["prompt"]] == ["system", "user"]
    assert rows[0]["class"] is None and rows[0]["n_more"] is None, "nothing is committed yet"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_exported_pairs_load_as_a_preference_dataset(db, run_id, tmp_path, suffix):
    walked(db, run_id)
    path = tmp_path / f"pairs{suffix}"
    n_pairs = export_table(db, "pairs", path)
    rows = loaded(path)
    assert len(rows) == n_pairs > 0 and {"prompt", "chosen", "rejected"} <= set(rows[0])


def test_a_condition_chooses_what_the_plan_gives_something(db, run_id, tmp_path):
    walked(db, run_id)
    path = tmp_path / "prompts.jsonl"
    export_prompts(db, "openrlhf", path, where='class == "boundary" and n_more > 0')
    rows = loaded(path)
    assert rows and all(row["class"] == "boundary" and row["n_more"] > 0 for row in rows)
    with pytest.raises(ConfigError, match="n_mor"):
        export_prompts(db, "trl", path, where="n_mor > 0")


def test_the_command_line_offers_every_trainer():
    (offered,) = [p.type for p in export.params if p.name == "trainer"]
    assert list(offered.choices) == list(TRAINERS)


def test_a_csv_file_cannot_hold_a_chat(db, run_id, tmp_path):
    with pytest.raises(ConfigError, match=r"\.jsonl or \.parquet"):
        export_prompts(db, "verl", tmp_path / "prompts.csv")
