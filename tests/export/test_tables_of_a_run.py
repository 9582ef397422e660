"""The tables of a run: everything the store holds for it is read back exactly."""

import json
from pathlib import Path

import pytest

from engine import store
from engine.config import load_config
from engine.errors import ConfigError
from engine.events import Sampled
from engine.export.run import TABLES, export_all, export_table, table_batches
from engine.export.tables import SUFFIXES, TYPES, read_table, types
from engine.problems import read_problems
from engine.store import pair_columns, problem_columns, record, response_columns
from engine.study import conditions
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Response
from tests.export.walked_runs import walked
from tests.small_runs import judge, small

DATA = Path(__file__).parents[1] / "data"
N_ROWS = {
    "problems": 2406,
    "responses": 90,
    "side_responses": 6,
    "drawn_responses": 1,
    "held_out_responses": 18,
    "estimates": 12,
    "plan": 12,
    "metrics": 1,
    "evaluations": 6,
    "overrides": 1,
    "tags": 2,
}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_without_rows_is_a_file_that_says_its_columns(db, run_id, tmp_path, suffix):
    path = tmp_path / f"pairs{suffix}"
    assert export_table(db, "pairs", path) == 0
    back = read_table(path)
    assert back.num_rows == 0
    assert back.column_names[:3] == ([] if suffix == ".jsonl" else ["prompt", "chosen", "rejected"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_everything_the_store_holds_is_read_back_exactly(db, run_id, tmp_path, suffix):
    walked(db, run_id)
    assert {
        "pairs": store.pairs.find_set(Iteration(db, run_id, 0)).n_pairs,
        **N_ROWS,
    } == export_all(db, tmp_path / "out", suffix=suffix)
    for what in TABLES:
        back = read_table(tmp_path / "out" / f"{what}{suffix}")
        stored = [row for batch in table_batches(db, what, run_id) for row in batch.to_pylist()]
        assert back.to_pylist() == stored and stored, what
        assert all(back.schema.field(name).type == types()[name] for name in back.column_names)
    first = read_table(tmp_path / "out" / f"responses{suffix}").to_pylist()[1]
    assert (first["seed"], first["text"], first["step_scores"]) == (
        2**64 - 2,
        "=1+1\r\n\u2028'1\x00\ufffd",
        [0.1 + 0.2, 1 / 3],
    )
    assert (first["correct"], first["status"], first["graded_correct"], first["graded_status"]) == (
        True,
        "correct",
        False,
        "no_answer",
    )
    assert (first["override_note"], first["overridden_by"]) == ("=right", "a test")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "config.toml",
        *(f"{what}{suffix}" for what in TABLES),
    }


def test_a_run_without_rewards_is_exported_with_nulls_and_repeats_from_its_configuration(
    db, tmp_path
):
    from engine.headless.run import run_to_end
    from engine.jobs.runner import JobRunner
    from engine.recorded import import_responses

    stripped = [
        {k: v for k, v in json.loads(line).items() if k != "step_scores"}
        for line in (DATA / "recorded_lines.jsonl").open()
    ]
    (tmp_path / "bare.jsonl").write_text("".join(json.dumps(row) + "\n" for row in stripped))
    study = load_config(
        Path(import_responses(tmp_path / "bare.jsonl", db.artifacts).folder) / "study.toml"
    )
    runner = JobRunner(db)
    run_id = create_run(db, study)
    run_to_end(runner, run_id)
    runner.close()
    n_rows = export_all(db, tmp_path / "out", suffix=".jsonl")
    assert (
        n_rows["held_out_responses"]
        == n_rows["evaluations"]
        == n_rows["metrics"]
        == 0
        < n_rows["pairs"]
    )
    assert "NaN" not in "".join((tmp_path / "out" / f"{what}.jsonl").read_text() for what in TABLES)
    for what, names in {
        "pairs": ["chosen_reward", "rejected_reward"],
        "estimates": ["phi_r"],
        "responses": ["reward", "step_scores"],
    }.items():
        rows = read_table(tmp_path / "out" / f"{what}.jsonl").to_pylist()
        assert rows and {row[name] for row in rows for name in names} == {None}
    assert load_config(tmp_path / "out" / "config.toml") == Iteration(db, run_id, 0).config


def test_every_exported_column_has_one_type_everywhere(db, run_id):
    walked(db, run_id)
    known = [name for names in TYPES.values() for name in names.split()]
    assert len(known) == len(set(known))
    used = {name for what in TABLES for name in next(table_batches(db, what, run_id)).schema.names}
    assert used == set(known)


def test_a_long_table_in_slices_is_the_same_as_in_one(db, run_id, monkeypatch):
    walked(db, run_id)
    whole = {
        what: [row for b in table_batches(db, what, run_id) for row in b.to_pylist()]
        for what in TABLES
    }
    monkeypatch.setattr(store.exports, "SLICE", 5)
    for what, expected in whole.items():
        assert [
            row for b in table_batches(db, what, run_id) for row in b.to_pylist()
        ] == expected, what


def test_a_table_is_as_of_one_moment_though_rows_are_added_meanwhile(db, run_id, monkeypatch):
    monkeypatch.setattr(store.exports, "SLICE", 3)
    judge(db, run_id)
    ids = list(store.problems.of_run(db, run_id, "train", 0))
    batches = table_batches(db, "responses", run_id)
    n = next(batches).num_rows + next(batches).num_rows
    record(
        db,
        "j",
        1,
        Sampled(
            store.runs.get_iteration(Iteration(db, run_id, 0)).resample_set,
            [Response(id, 9, 1, "new", "stop", 1) for id in ids],
        ),
    )
    assert n + sum(batch.num_rows for batch in batches) == 36


def test_one_iteration_can_be_asked_for_and_an_unknown_one_is_named(db, run_id, tmp_path):
    walked(db, run_id)
    assert export_table(db, "responses", tmp_path / "t.csv", iteration=0) == 90
    assert export_table(db, "problems", tmp_path / "t.csv", iteration=0) == 12
    with pytest.raises(ConfigError, match="no iteration 1"):
        export_table(db, "plan", tmp_path / "u.csv", iteration=1)
    assert not (tmp_path / "u.csv").exists()


def test_problems_exported_as_csv_are_read_as_problems_again(db, tmp_path):
    questions = ["=1+1 is what?", "-5", "@home?", "'=what", "'tis what?", "What\r\nis it?"]
    lines = [
        json.dumps({"question": f"{q} {i}" if q != "-5" else q, "answer": "-1/2", "level": "+easy"})
        for i, q in enumerate(questions)
    ]
    (tmp_path / "train.jsonl").write_text("\n".join(lines))
    run_id = create_run(
        db, small(problems={"train": str(tmp_path / "train.jsonl"), "n_train": len(questions)})
    )
    export_table(db, "problems", tmp_path / "out.csv", iteration=0)
    back = {p.id: p for p in read_problems(tmp_path / "out.csv").problems}
    assert back == store.problems.of_run(db, run_id, "train")


def test_a_folder_and_a_draft_are_named_beside_the_file(tmp_path, db, run_id):
    with pytest.raises(ConfigError, match="is not a folder: create it first"):
        export_table(db, "plan", tmp_path / "none" / "plan.csv")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="could not be made"):
        export_all(db, tmp_path / "file" / "below")
    with pytest.raises(ConfigError, match=r"suffix \.xls"):
        export_all(db, Path(tmp_path), suffix=".xls")


def test_rows_are_chosen_by_a_condition_and_nothing_else_changes(db, run_id, tmp_path):
    walked(db, run_id)
    export_table(db, "responses", tmp_path / "all.jsonl", run_id=run_id)
    where = "correct and n_tokens > 0"
    n = export_table(db, "responses", tmp_path / "some.jsonl", run_id=run_id, where=where)
    rows = read_table(tmp_path / "all.jsonl").to_pylist()
    some = read_table(tmp_path / "some.jsonl").to_pylist()
    assert some == [row for row in rows if row["correct"] and row["n_tokens"]]
    assert 0 < n == len(some) < len(rows)
    with pytest.raises(ConfigError, match="no column tokens"):
        export_table(db, "responses", tmp_path / "x.csv", run_id=run_id, where="tokens > 1")
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize(
    ("what", "columns"),
    [
        ("responses", response_columns.COLUMNS),
        ("pairs", pair_columns.COLUMNS),
        ("plan", problem_columns.COLUMNS),
    ],
)
def test_a_file_is_chosen_by_what_the_page_is_chosen_by_and_has_its_own_columns(
    db, run_id, tmp_path, what, columns
):
    walked(db, run_id)
    path, n_all = tmp_path / "some.parquet", export_table(db, what, tmp_path / "all.parquet")
    everything = " and ".join(f"({name} != none or {name} == none)" for name in columns)
    conditions.save(db, "all", everything, columns, made_by="a test")
    assert export_table(db, what, path, where="@all") == n_all > 0
    assert read_table(path) == read_table(tmp_path / "all.parquet")
    last = list(store.problems.of_run(db, run_id, "train", 0))[-1]
    some = f"class == 'boundary' and 0 < pass_rate < 1 and problem_id == '{last}'"
    assert 0 < export_table(db, what, path, where=some) < n_all
