"""The command line: what --json prints, what a second process may ask, exports that open elsewhere,
errors that are sentences.
"""

import json
import os

import duckdb
import pandas
import pytest

from engine import store
from engine.jobs.runner import JobRunner
from engine.store import Database
from engine.study.handle import Iteration
from tests.small_runs import cli, toml

KEYS = {
    "iteration",
    "n_problems",
    "budget",
    "classes",
    "n_pending",
    "n_pairs",
    "n_foregone",
    "dpo",
    "eval",
    "gain",
    "policy",
    "seconds",
}


@pytest.fixture(scope="module")
def told(finished) -> dict:
    """The iteration that run --json printed."""
    (iteration,) = json.loads(finished.stdout)["iterations"]
    return iteration


@pytest.fixture(scope="module")
def exported(finished, tmp_path_factory):
    """A copy of the whole iteration for commands that only read."""
    return finished.copy(tmp_path_factory.mktemp("exported"))


def test_standard_output_is_one_json_object_and_progress_goes_elsewhere(finished):
    assert len(finished.stdout.splitlines()) == 1 and isinstance(json.loads(finished.stdout), dict)
    assert "iteration 0  presample  done       36 of 36 responses" in finished.stderr


def test_the_object_has_every_figure(told):
    assert told.keys() == KEYS
    assert told["budget"].keys() == {
        "total",
        "presampled",
        "resampled",
        "tuned",
        "calibrated",
        "unspent",
    }
    assert told["classes"].keys() == {"inlier", "boundary", "outlier"}
    assert told["dpo"].keys() == {
        "n_steps",
        "first_loss",
        "first_margin",
        "last_loss",
        "last_margin",
    }
    for when in ("before", "after"):
        figures = told["eval"][when]
        assert {
            "greedy",
            "mean",
            "n",
            "n_problems",
            "greedy_interval",
            "mean_interval",
            "levels",
        } == figures.keys()
        assert (
            0
            <= figures["greedy_interval"][0]
            <= figures["greedy"]
            <= figures["greedy_interval"][1]
            <= 1
        )
        assert (
            sum(level["n_problems"] for level in figures["levels"].values())
            == figures["n_problems"]
            == 6
        )
    assert (
        told["policy"].keys() == {"before", "after"}
        and told["policy"]["before"] != told["policy"]["after"]
    )
    assert told["seconds"].keys() == {
        "presample",
        "resample",
        "train",
        "evaluate_before",
        "evaluate_after",
    }


def test_the_figures_agree_with_each_other(told):
    budget = told["budget"]
    assert sum(budget.values()) - budget["total"] == budget["total"] == 12 * 8
    assert sum(told["classes"].values()) + told["n_pending"] == told["n_problems"] == 12
    assert told["gain"]["value"] == pytest.approx(
        told["eval"]["after"]["mean"] - told["eval"]["before"]["mean"]
    )
    assert told["gain"]["low"] <= told["gain"]["value"] <= told["gain"]["high"]
    assert told["n_pairs"] > 0 and told["dpo"]["n_steps"] == -(-told["n_pairs"] // 2) * 3


def test_the_first_step_has_no_margin_and_the_loss_of_a_coin(told):
    assert abs(told["dpo"]["first_margin"]) < 0.001
    assert told["dpo"]["first_loss"] == pytest.approx(0.6931, abs=0.001)
    assert (
        told["dpo"]["last_margin"] > 0.01 and told["dpo"]["last_loss"] < told["dpo"]["first_loss"]
    )


def test_resuming_a_finished_run_does_nothing_and_prints_the_same(finished, told, tmp_path):
    again = cli("resume", "--db", finished.copy(tmp_path), "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == json.loads(finished.stdout)
    assert "running" not in again.stderr


def test_status_lists_runs_and_jobs(exported):
    done = cli("status", "--db", exported, "--json")
    (run,) = json.loads(done.stdout)["runs"]
    assert [(job["kind"], job["state"]) for job in run["jobs"]] == [
        (kind, "done") for kind in ("presample", "resample", "evaluate", "train", "evaluate")
    ]
    plain = cli("status", "--db", exported)
    assert (
        run["id"] in plain.stdout
        and "presample  done         36/36" in plain.stdout
        and plain.stderr == ""
    )


def test_status_calls_a_job_interrupted_that_a_dead_process_left_running(finished, tmp_path):
    path = finished.copy(tmp_path)
    db = Database(path)
    store.jobs.set_state(db, reads_first_job(db), "running")
    db.close()
    (run,) = json.loads(cli("status", "--db", path, "--json").stdout)["runs"]
    assert run["jobs"][0]["state"] == "interrupted"


def reads_first_job(db: Database) -> str:
    return store.jobs.of_run(db, store.runs.listed(db)[0].id)[0].id


def test_a_process_that_does_not_own_the_database_is_told_what_the_owner_does(finished, tmp_path):
    db = Database(finished.copy(tmp_path))
    runner = JobRunner(db)
    runner.submit(
        Iteration(runner.db, store.runs.listed(db)[0].id, 0),
        "evaluate",
        {"policy": "before", "again": True},
    )
    runner.run_next()
    plain, as_json, other = (
        cli("status", "--db", db.path),
        cli("status", "--db", db.path, "--json"),
        cli("resume", "--db", db.path),
    )
    runner.close()
    db.close()
    assert (plain.returncode, as_json.returncode, other.returncode) == (0, 0, 1)
    owner = json.loads(as_json.stdout)
    assert (owner["pid"], owner["kind"], owner["state"], owner["n_total"]) == (
        os.getpid(),
        "evaluate",
        "done",
        18,
    )
    assert (
        f"PID {os.getpid()}" in plain.stdout
        and f"PID {os.getpid()}" in other.stderr
        and "Traceback" not in other.stderr
    )


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


def test_doctor_says_what_is_here(tmp_path):
    done = cli("doctor", "--json", "--db", tmp_path / "none.duckdb")
    found = json.loads(done.stdout)
    assert {
        "torch",
        "transformers",
        "trl",
        "vllm",
        "duckdb",
        "device",
        "sampler",
        "starter",
        "database",
        "disk",
    } <= found.keys()
    assert (
        found["duckdb"] == duckdb.__version__
        and found["starter"] == "there"
        and "will be created" in found["database"]
    )
    assert not (tmp_path / "none.duckdb").exists()
    plain = cli("doctor", "--db", tmp_path / "none.duckdb")
    assert plain.returncode == 0 and "GB free" in plain.stdout


def problem_file(folder, rows: list[str]):
    path = folder / "problems.jsonl"
    path.write_text("\n".join(rows))
    return str(path)


MISTAKES = {
    "thresholds out of order": (
        {"difficulty": {"tau_l": 0.8, "tau_h": 0.2}},
        ["tau_l is 0.8", "tau_h is 0.2"],
    ),
    "no thresholds": (
        {"difficulty": {"tau_l": None}},
        ["difficulty.tau_l and difficulty.tau_h are not set"],
    ),
    "no budget left": ({"sampling": {"n_presample": 8}}, ["sampling.n_presample is 8", "below n"]),
    "no such policy": ({"policy": {"path": "/no/such/policy"}}, ["policy.path is /no/such/policy"]),
    "no such reward model": (
        {"reward": {"path": "./nor/this/one"}},
        ["reward.path is ./nor/this/one"],
    ),
    "no such problems": ({"problems": {"train": "/no/such.jsonl"}}, ["/no/such.jsonl"]),
    "too many problems asked for": (
        {"problems": {"n_train": 2401}},
        ["holds 2400 problems", "2401"],
    ),
    "a misspelt setting": (
        {"training": {"learning_rat": 1e-6}},
        ["training.learning_rat is no setting"],
    ),
    "an unknown loss": (
        {"training": {"loss_type": ["best"]}},
        ["training.loss_type", "best", "sigmoid"],
    ),
}


def assert_sentence(done, *said: str) -> None:
    assert done.returncode == 1 and done.stdout == ""
    assert "Traceback" not in done.stderr and done.stderr.strip().endswith("."), done.stderr
    for part in said:
        assert part in done.stderr, done.stderr


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_configuration_is_a_sentence_and_starts_no_run(tmp_path, mistake):
    changes, said = MISTAKES[mistake]
    (tmp_path / "run.toml").write_text(toml(**changes))
    assert_sentence(
        cli("run", tmp_path / "run.toml", "--db", tmp_path / "studio.duckdb", "--json"), *said
    )
    assert not (tmp_path / "studio.duckdb.files").exists()
    if (tmp_path / "studio.duckdb").exists():
        db = Database(tmp_path / "studio.duckdb")
        assert store.runs.listed(db) == []
        db.close()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["{broken", "not json"], "line 1"),
        (['{"question": "What?"}'], "answer"),
        ([], "holds no usable problem"),
    ],
)
def test_a_broken_problem_file_is_a_sentence_with_its_line(tmp_path, rows, said):
    (tmp_path / "run.toml").write_text(toml(problems={"train": problem_file(tmp_path, rows)}))
    assert_sentence(
        cli("run", tmp_path / "run.toml", "--db", tmp_path / "studio.duckdb"),
        "problems.jsonl",
        said,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "nowhere.toml"], "no configuration file at nowhere.toml"),
        (["resume"], "There is no database at"),
        (["status"], "There is no database at"),
        (["export", "pairs", "pairs.csv"], "There is no database at"),
    ],
)
def test_what_is_not_there_is_a_sentence_and_is_not_made(tmp_path, arguments, said):
    assert_sentence(cli(*arguments, "--db", tmp_path / "none.duckdb"), said)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["export", "pairs", "pairs.xlsx"],
            "pairs.xlsx has the suffix .xlsx: use one of .jsonl, .csv, .parquet",
        ),
        (["export", "pairs", "no/such/folder/pairs.csv"], "is no folder: create it first"),
        (["export", "pairs", "pairs.csv", "--run", "abc"], "There is no run abc"),
        (["resume", "--run", "abc"], "There is no run abc"),
    ],
)
def test_an_unknown_run_suffix_or_folder_is_a_sentence(exported, arguments, said):
    assert_sentence(cli(*arguments, "--db", exported), said)


def test_a_table_without_rows_is_a_file_with_columns_and_the_count_is_told(finished, tmp_path):
    path = finished.copy(tmp_path)
    db = Database(path)
    db.cursor().execute("DELETE FROM pairs")
    db.close()
    done = cli("export", "pairs", tmp_path / "pairs.csv", "--db", path)
    assert done.returncode == 0 and "0 rows in" in done.stderr
    assert (tmp_path / "pairs.csv").read_text().startswith('"prompt","chosen","rejected"')


def test_a_file_that_is_no_database_is_a_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("words " * 1000)
    assert_sentence(
        cli("status", "--db", tmp_path / "notes.txt"), "could not be opened as a database"
    )


def test_the_same_study_twice_in_one_database_takes_the_stored_presamples_and_ends_alike(
    finished, tmp_path
):
    db = finished.copy(tmp_path)
    (tmp_path / "small.toml").write_text(toml())
    again = cli("run", tmp_path / "small.toml", "--db", db, "--json")
    assert again.returncode == 0, again.stderr
    assert "presample" not in again.stderr
    (first,), (second,) = (json.loads(out)["iterations"] for out in (finished.stdout, again.stdout))
    for figure in ("classes", "budget", "n_pairs", "eval", "policy"):
        assert second[figure] == first[figure], figure
