"""Commands that cannot be done: every mistake is a sentence and stores nothing."""

import pytest

from engine import store
from engine.store import Database
from tests.small_runs import cli, toml


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
        ["training.learning_rat is not a setting"],
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
        (["export", "pairs", "no/such/folder/pairs.csv"], "is not a folder: create it first"),
        (["export", "pairs", "pairs.csv", "--run", "abc"], "There is no run abc"),
        (["resume", "--run", "abc"], "There is no run abc"),
    ],
)
def test_an_unknown_run_suffix_or_folder_is_a_sentence(exported, arguments, said):
    assert_sentence(cli(*arguments, "--db", exported), said)


def test_a_file_that_is_no_database_is_a_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("words " * 1000)
    assert_sentence(
        cli("status", "--db", tmp_path / "notes.txt"), "could not be opened as a database"
    )
