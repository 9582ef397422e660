"""The command line before any command runs: versions, usage errors, help, and what it does not
import.
"""

import io
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from engine.cli.dashboard import dashboard_command
from engine.cli.main import main, studio
from engine.errors import lack_of_memory
from engine.export.run import TABLES
from engine.login import Role, read_login
from engine.paths import ROOT
from tests.small_runs import cli


def test_version_is_the_project_s():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    done = cli("--version")
    assert (done.returncode, done.stdout) == (0, f"hs-star {project['version']}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Commands:"),
        (["walk"], "No such command 'walk'"),
        (["run"], "Missing argument 'CONFIG.toml'"),
        (["status", "--bogus"], "No such option"),
        (["init", "run.toml"], "Missing option '--solutions'"),
        (["replay", "--mode", "neither"], "'neither' is not one of"),
        (["evaluate", "starter", "--n-max", "few"], "'few' is not a valid integer"),
        (["export", "everything", "out"], "'everything' is not one of 'problems'"),
    ],
)
def test_arguments_that_cannot_be_parsed_are_status_2_on_standard_error(arguments, said, capsys):
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == "" and said in told.err


def test_help_lists_every_command_with_all_of_its_summary(capsys):
    assert main(["--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for name, command in studio.commands.items():
        summary = " ".join(command.help.partition("\n\n")[0].split())
        assert summary.endswith(".") and f"{name} {summary}" in told


def test_the_page_of_commands_has_every_one_of_them():
    told = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [name for name in studio.commands if f"`hs-star {name}" not in told] == []
    assert "`hs-star --version`" in told


def test_the_help_of_export_names_every_table():
    context = click.Context(studio.commands["export"])
    told = studio.commands["export"].get_help(context)
    assert all(table in told for table in TABLES)


def test_ctrl_c_is_status_130_and_says_that_the_rest_is_stored(monkeypatch, capsys):
    def stopped(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(studio.commands["status"], "callback", stopped)
    assert main(["status"]) == 130
    told = capsys.readouterr()
    assert told.out == "" and "What was finished is stored" in told.err


def test_an_end_of_file_inside_a_command_is_not_taken_for_ctrl_c(monkeypatch):
    def broken(**_):
        raise EOFError

    monkeypatch.setattr(studio.commands["status"], "callback", broken)
    with pytest.raises(click.Abort) as raised:
        main(["status"])
    assert isinstance(raised.value.__cause__, EOFError)


def test_the_dashboard_gets_streamlit_s_options_and_the_database():
    command = dashboard_command(Path("a b.duckdb"), ("--server.port", "8600"))
    script = str(ROOT / "app" / "main.py")
    assert command[-6:] == [script, "--server.port", "8600", "--", "--db", "a b.duckdb"]


@pytest.mark.parametrize("command", ["status", "resume", "doctor"])
def test_a_tilde_before_a_database_is_the_user_s_own_folder(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    main([command, "--db=~/none.duckdb"])
    assert str(tmp_path / "none.duckdb") in "".join(capsys.readouterr())


def test_listing_commands_opens_no_database_library():
    program = "import sys, engine.cli.main; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert {"duckdb", "pyarrow", "pydantic", "torch"} & set(done.stdout.split()) == set()


def test_a_password_is_read_from_standard_input_and_only_its_hash_is_stored(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    database = tmp_path / "studio.duckdb"
    assert main(["password", "--read-only", "--db", str(database)]) == 0
    assert "for looking only is set in" in capsys.readouterr().err
    assert read_login(database).role_of_password("correct horse battery") is Role.READ_ONLY
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["password", "--db", str(database)]) == 1
    assert "give at least 12" in capsys.readouterr().err
    assert main(["password", "--read-only", "--remove", "--db", str(database)]) == 0
    assert not read_login(database).is_set


def test_too_little_memory_is_a_sentence(tmp_path, monkeypatch, capsys):
    def no_thread(path: Path) -> None:
        raise RuntimeError("can't start new thread")

    (tmp_path / "studio.duckdb").touch()
    monkeypatch.setattr("engine.store.Database", no_thread)
    assert main(["status", "--db", str(tmp_path / "studio.duckdb")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("There is not enough memory (can't start new thread):")
    assert "Raise its limit (ulimit -v)" in said


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (MemoryError(), True),
        (RuntimeError("can't start new thread"), True),
        (OSError(12, "Cannot allocate memory"), True),
        (ImportError("a.so: failed to map segment from shared object"), True),
        (RuntimeError("another"), False),
    ],
)
def test_errors_that_say_there_was_no_memory_are_known(error, is_one):
    assert bool(lack_of_memory(error)) is is_one
