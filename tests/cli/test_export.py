"""export: every table opens elsewhere, with every row."""

import json

import pandas
import pytest

from engine import store
from engine.store import Database
from tests.small_runs import cli


def read(path) -> pandas.DataFrame:
    if path.suffix == ".jsonl":
        return pandas.DataFrame([json.loads(line) for line in path.read_text().splitlines()])
    return pandas.read_csv(path) if path.suffix == ".csv" else pandas.read_parquet(path)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
@pytest.mark.parametrize(
    ("what", "columns"),
    [
        (
            "responses",
            {
                "problem_id",
                "question",
                "answer",
                "index",
                "seed",
                "text",
                "correct",
                "status",
                "step_scores",
                "reward",
                "purpose",
            },
        ),
        ("estimates", {"iteration", "problem_id", "n_correct", "n", "phi_r"}),
        ("plan", {"problem_id", "difficulty", "n_more", "tau_l", "tau_h", "strategy", "made_by"}),
        (
            "pairs",
            {"prompt", "chosen", "rejected", "problem_id", "chosen_reward", "rejected_reward"},
        ),
        ("metrics", {"step", "name", "value", "attempt"}),
    ],
)
def test_every_table_opens_in_every_format_with_every_row(
    exported, told, tmp_path, what, columns, suffix
):
    out = tmp_path / f"{what}{suffix}"
    done = cli("export", what, out, "--db", exported)
    assert done.returncode == 0, done.stderr
    frame = read(out)
    assert columns <= set(frame.columns)
    n_rows = {"responses": 96, "estimates": 12, "plan": 12, "pairs": told["n_pairs"]}
    if what != "metrics":
        assert len(frame) == n_rows[what]
    else:
        assert sorted(frame[frame["name"] == "loss"]["step"]) == list(
            range(1, told["dpo"]["n_steps"] + 1)
        )
    assert f"{len(frame)} rows in {out}" in done.stderr
    assert list(tmp_path.iterdir()) == [out], "a draft was left behind"


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_numbers_and_texts_are_exported_as_they_are_stored(exported, tmp_path, suffix):
    out = tmp_path / f"responses{suffix}"
    cli("export", "responses", out, "--db", exported)
    db = Database(exported)
    batches = store.exports.batches(db, "responses", store.runs.listed(db)[0].id)
    stored = {(r["problem_id"], r["index"]): r for batch in batches for r in batch.to_pylist()}
    db.close()
    rows = read(out).to_dict("records")
    assert len(rows) == len(stored) > 0
    for row in rows:
        kept = stored[row["problem_id"], row["index"]]
        assert int(row["seed"]) == kept["seed"]
        assert (
            row["text"] == kept["text"]
            and row["reward"] == kept["reward"]
            and row["correct"] == kept["correct"]
        )


def test_exported_pairs_are_what_the_trainer_reads(exported, tmp_path):
    from datasets import load_dataset

    cli("export", "pairs", tmp_path / "pairs.jsonl", "--db", exported)
    rows = load_dataset(
        "json",
        data_files=str(tmp_path / "pairs.jsonl"),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert list(rows.column_names[:3]) == ["prompt", "chosen", "rejected"]
    assert len(rows) > 0 and all(
        row["prompt"].endswith("?\n") and row["chosen"] != row["rejected"] for row in rows
    )


def test_a_table_without_rows_is_a_file_with_columns_and_the_count_is_told(finished, tmp_path):
    path = finished.copy(tmp_path)
    db = Database(path)
    db.cursor().execute("DELETE FROM pairs")
    db.close()
    done = cli("export", "pairs", tmp_path / "pairs.csv", "--db", path)
    assert done.returncode == 0 and "0 rows in" in done.stderr
    assert (tmp_path / "pairs.csv").read_text().startswith('"prompt","chosen","rejected"')
