"""Taking a run away: tables that read back exactly in every format, a policy that loads, a
configuration that repeats the run.
"""

import csv
import json
import tomllib
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import store
from engine.config import load_config, parse_config, plain_config
from engine.config.toml import as_toml
from engine.errors import ConfigError
from engine.events import Graded, Sampled, Scored
from engine.export.run import (
    TABLES,
    export_all,
    export_config,
    export_policy,
    export_table,
    table_batches,
    trained_policy,
)
from engine.export.tables import SUFFIXES, TYPES, read_table, types, write_table
from engine.models.weights import content_id
from engine.problems import read_problems
from engine.problems.spreadsheet import guarded, unguarded
from engine.store import Database, now, record
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.overrides import override
from engine.study.resolved import resolved_config
from engine.study.runs import create_run, fork
from engine.study.sample_sets import evaluation_sets, make_known
from engine.study.side_samples import place_order
from engine.types import Choice, Purpose, Response, StepScores, Verdict
from tests.small_runs import cli, judge, small

DATA = Path(__file__).parents[1] / "data"
HOSTILE = (
    "",
    "'",
    "''",
    "=1+1",
    "'=1+1",
    "''=1+1",
    "+",
    "-5",
    "-1/2",
    "'-5",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n",
    "a\r\nb",
    "\r",
    ' "q" ',
    '""',
    "a,b",
    "null",
    "NULL",
    "nan",
    "NaN",
    "true",
    "1",
    "007",
    "[0.5]",
    "\x00",
    "a\x00b",
    "\x1f",
    "\x7f",
    "\x85",
    "a\u2028b\u2029c",
    "\ufeff",
    "\u202eabc",
    "数学 🙂",
    "=cmd|' /C calc'!A0",
    "\\",
    "\\N",
    "\\n",
    "{}",
    "2026-11-21",
    "2026-11-21T10:00:00",
    " padded ",
    "\ufffd",
)
texts = (
    st.sampled_from(HOSTILE)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]))
    | st.text("'=+-@\t\r\n,\"0a", max_size=6)
)
floats = st.floats(allow_nan=False) | st.sampled_from([0.1 + 0.2, 5e-324, 1e308, -0.0, 1 / 3])
values = {
    "string": texts,
    "uint64": st.integers(0, 2**64 - 1),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int8": st.integers(-128, 127),
    "double": floats,
    "bool": st.booleans(),
    "timestamp[us]": st.datetimes(datetime(1970, 1, 1), datetime(2262, 1, 1)),
    "list<double>": st.lists(floats, max_size=4),
}
COLUMNS = {
    "text": "string",
    "note": "string",
    "seed": "uint64",
    "index": "int32",
    "difficulty": "int8",
    "reward": "double",
    "correct": "bool",
    "made_at": "timestamp[us]",
    "step_scores": "list<double>",
}
rows = st.lists(
    st.fixed_dictionaries({name: st.none() | values[kind] for name, kind in COLUMNS.items()}),
    min_size=1,
    max_size=12,
)


def typed(rows: list[dict], names) -> pyarrow.RecordBatch:
    return pyarrow.RecordBatch.from_pylist(
        rows, pyarrow.schema([(name, types()[name]) for name in names])
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(rows=rows)
def test_whatever_is_written_is_read_back_with_its_types(tmp_path_factory, suffix, rows):
    path = tmp_path_factory.mktemp("exact") / f"rows{suffix}"
    batch = typed(rows, COLUMNS)
    assert write_table([batch.slice(0, 0), batch, batch], path) == 2 * len(rows)
    back = read_table(path)
    assert back.schema.equals(batch.schema) and back.to_pylist() == 2 * rows
    assert str(back.to_pylist()) == str(2 * batch.to_pylist()), (
        "0.0 and -0.0 are equal, but not the same"
    )


@given(text=texts)
def test_a_guarded_cell_runs_in_no_spreadsheet_and_its_text_comes_back(text):
    cell = guarded(text)
    assert unguarded(cell) == text
    if cell[:1] in tuple("=+-@\t\r"):
        float(cell)  # nothing but a number may begin so


@pytest.mark.parametrize(
    "text", ["-5", "+3", "-0.25", "-1e-7", "5", "x=1", "1-2", "a@b", "'tis", "", "'"]
)
def test_numbers_and_harmless_texts_are_left_as_they_are(text):
    assert guarded(text) == text == unguarded(text)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1+cmd|x", "-1-1", "-x", "@SUM(A1)", "\t1", "\r1", "'=1", "''@x", "-", "-１", "-5\n"],
)
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(text):
    assert guarded(text) == "'" + text


def test_text_of_a_megabyte_and_a_line_end_in_every_cell_survive(tmp_path):
    long = {"text": "=\r\n\"'," * 170_000, "note": None, "seed": 2**64 - 1}
    for suffix in SUFFIXES:
        write_table([typed([long, long], long)], tmp_path / f"long{suffix}")
        assert read_table(tmp_path / f"long{suffix}").to_pylist() == [long, long]


def test_other_readers_of_jsonl_and_csv_see_as_many_rows(tmp_path):
    rows = [{"text": text, "index": i} for i, text in enumerate(HOSTILE)]
    write_table([typed(rows, ("text", "index"))], tmp_path / "t.jsonl")
    assert [
        json.loads(line) for line in (tmp_path / "t.jsonl").read_text("utf-8").splitlines()
    ] == rows
    write_table([typed(rows, ("text", "index"))], tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        assert [(unguarded(row["text"]), int(row["index"])) for row in csv.DictReader(file)] == [
            (t, i) for i, t in enumerate(HOSTILE)
        ]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_without_rows_is_a_file_that_says_its_columns(db, run_id, tmp_path, suffix):
    path = tmp_path / f"pairs{suffix}"
    assert export_table(db, "pairs", path) == 0
    back = read_table(path)
    assert back.num_rows == 0
    assert back.column_names[:3] == ([] if suffix == ".jsonl" else ["prompt", "chosen", "rejected"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_that_breaks_off_leaves_the_old_file_and_no_draft(tmp_path, suffix):
    path = tmp_path / f"rows{suffix}"
    write_table([typed([{"index": 1}], ["index"])], path)

    def breaking():
        yield typed([{"index": 2}], ["index"])
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="power"):
        write_table(breaking(), path)
    assert read_table(path).to_pylist() == [{"index": 1}] and list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_read_or_written_is_a_sentence(tmp_path):
    for name in ("no.jsonl", "no.csv", "no.parquet"):
        with pytest.raises(ConfigError, match="could not be read"):
            read_table(tmp_path / name)
        (tmp_path / name).write_bytes(b'{"a": \xff')
        with pytest.raises(ConfigError, match="could not be read"):
            read_table(tmp_path / name)
    (tmp_path / "taken.csv").mkdir()
    with pytest.raises(ConfigError, match="could not be written"):
        write_table([typed([{"index": 1}], ["index"])], tmp_path / "taken.csv")
    with pytest.raises(ConfigError, match="suffix .xlsx"):
        read_table("a.xlsx")


def walked(db: Database, run_id: str) -> None:
    """One iteration up to its pairs, with hostile texts, an override, a refused score and an
    evaluation of M_0.
    """
    row, ids = (
        store.runs.get_iteration(Iteration(db, run_id, 0)),
        list(store.problems.of_run(db, run_id, "train", 0)),
    )
    prm_id = store.runs.get(db, run_id).prm_id
    some = [(ids[0], i) for i in range(3)]
    record(
        db,
        "j",
        1,
        Sampled(
            row.presample_set,
            [
                Response(id, i, 2**64 - 1 - i, f"=1+1\r\n\u2028'{i}\x00\ud800", "length", 3)
                for id, i in some
            ],
        ),
    )
    record(
        db,
        "j",
        1,
        Graded(
            row.presample_set,
            [
                (key, Verdict(key[1] == 0, None, "correct" if key[1] == 0 else "no_answer", ""))
                for key in some
            ],
        ),
    )
    record(
        db,
        "j",
        1,
        Scored(row.presample_set, prm_id, [(key, StepScores((0.1 + 0.2, 1 / 3))) for key in some]),
    )
    judge(db, run_id)
    order = place_order(
        Iteration(db, run_id, 0),
        purpose=Purpose.CALIBRATE,
        settings=Iteration(db, run_id, 0).config.train_settings(),
        n_problems=2,
        n=3,
    )
    record(
        db,
        "j",
        1,
        Sampled(
            order.set_id,
            [Response(id, i, i, "side", "stop", 1) for id in order.problem_ids for i in range(4)],
        ),
    )
    override(db, row.presample_set, ids[0], 1, correct=True, note="=right", made_by="a test")
    more = plans.commit(
        Iteration(db, run_id, 0),
        Choice(0.1, 0.9, "both", "boundary"),
        made_by="=a test",
    ).allocation
    judge(db, run_id, which="resample_set", owed={id: range(3, 3 + n) for id, n in more.items()})
    pairing.make_pairs(Iteration(db, run_id, 0))
    for samples in evaluation_sets(Iteration(db, run_id, 0).config, row.policy_id, 0):
        make_known(db, samples)
        n = 1 if samples.purpose == "greedy" else 2
        keys = [(id, i) for id in store.problems.of_run(db, run_id, "held_out") for i in range(n)]
        record(
            db, "j", 1, Sampled(samples.id, [Response(id, i, i, "-5", "stop", 1) for id, i in keys])
        )
        record(
            db, "j", 1, Graded(samples.id, [(key, Verdict(True, "-5", "correct")) for key in keys])
        )
    job_id = store.jobs.add(Iteration(db, run_id, 0), "train", {})
    db.insert(
        "metrics",
        {
            "job_id": [job_id],
            "attempt": [1],
            "step": [1],
            "n_steps": [2],
            "name": ["loss"],
            "value": [0.1],
            "logged_at": [now()],
        },
    )


N_ROWS = {
    "problems": 2406,
    "responses": 90,
    "side_responses": 6,
    "held_out_responses": 18,
    "estimates": 12,
    "plan": 12,
    "metrics": 1,
    "evaluations": 6,
    "overrides": 1,
}


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


def test_a_folder_and_a_draft_are_named_beside_the_file(tmp_path, db, run_id):
    with pytest.raises(ConfigError, match="is no folder: create it first"):
        export_table(db, "plan", tmp_path / "none" / "plan.csv")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="could not be made"):
        export_all(db, tmp_path / "file" / "below")
    with pytest.raises(ConfigError, match=r"suffix \.xls"):
        export_all(db, Path(tmp_path), suffix=".xls")
