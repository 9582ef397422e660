"""The wheel in an environment of its own, used from an empty folder: hs-star runs a study and the
dashboard serves.

The environment holds the wheel alone, installed without its dependencies; a .pth file lets it see
those of the environment that runs the test, which saves installing them again.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import urllib.request
import venv
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.serving import answers, free_port
from engine.paths import ROOT
from tests.small_runs import toml

pytestmark = pytest.mark.wheel

SOURCES = ("engine", "app", "pages", "data/starter", "data/configs", "data/suites")
FILES = ("pyproject.toml", "requirements.txt", "README.md", "LICENSE")
PIP = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy, so that nothing an earlier build left in the checkout gets in."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for folder in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, source / folder, ignore=ignored)
    for file in FILES:
        shutil.copy(ROOT / file, source / file)
    build = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", str(out), str(source)]
    finished(build, source)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The bin folder of an environment with the wheel in it."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False, symlinks=True)
    paths = {"base": str(home), "platbase": str(home)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    scripts = Path(sysconfig.get_path("scripts", "venv", vars=paths))
    python = str(scripts / "python")
    finished([*PIP, "--python", python, "install", "--no-deps", str(wheel)], home)
    return scripts


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Path:
    """An empty folder outside the checkout, and a user's data folder that is empty too."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user"))
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def finished(command: list[str], cwd: Path) -> str:
    """A command's standard output, once it ended well."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_s_own_files_come_from_the_wheel(installed, elsewhere):
    code = (
        "import json; from engine import paths; "
        "print(json.dumps([str(paths.ROOT), str(paths.CHECKOUT), str(paths.DEFAULT_DB)]))"
    )
    root, checkout, database = json.loads(
        finished([str(installed / "python"), "-c", code], elsewhere)
    )
    assert Path(root).is_relative_to(installed.parent) and checkout == "None"
    assert Path(database) == Path(os.environ["XDG_DATA_HOME"], "hs-star-studio", "studio.duckdb")
    for file in carried():
        assert Path(root, file).is_file(), f"{file} is not in the wheel"


def carried() -> list[str]:
    """Every file of the checkout's program folders, but for what Python makes of them."""
    found = [path for folder in SOURCES for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [str(path.relative_to(ROOT)) for path in found if path.parent.name != "__pycache__"]


def test_the_version_is_the_checkout_s(installed, elsewhere):
    here = finished([sys.executable, "-m", "engine", "--version"], ROOT)
    assert finished([str(installed / "hs-star"), "--version"], elsewhere) == here


def test_a_study_runs_from_an_empty_folder(installed, elsewhere):
    (elsewhere / "quick.toml").write_text(toml(training={"n_epochs": 1}))
    run = [str(installed / "hs-star"), "run", "quick.toml", "--db", "quick.duckdb", "--json"]
    (iteration,) = json.loads(finished(run, elsewhere))["iterations"]
    assert iteration["budget"]["total"] == 12 * 8 and iteration["n_pairs"] > 0
    assert iteration["policy"]["after"] != iteration["policy"]["before"]


def test_the_first_page_draws_over_a_database_in_the_user_s_data_folder(installed, elsewhere):
    code = (
        "import json; from streamlit.testing.v1 import AppTest; "
        "from engine.paths import ROOT, DEFAULT_DB; "
        "app = AppTest.from_file(str(ROOT / 'app' / 'main.py'), default_timeout=60).run(); "
        "print(json.dumps({'exceptions': [one.value for one in app.exception], "
        "'n_elements': len(app.main.children), 'database_exists': DEFAULT_DB.is_file()}))"
    )
    (elsewhere / ".streamlit").mkdir()  # a test without a server does not read the program's own
    (elsewhere / ".streamlit" / "config.toml").write_text('[server]\naddress = "127.0.0.1"\n')
    shown = json.loads(finished([str(installed / "python"), "-c", code], elsewhere))
    assert shown["exceptions"] == []
    assert shown["n_elements"] > 0 and shown["database_exists"]


@contextmanager
def dashboard(installed: Path, folder: Path):
    """The address of `hs-star dashboard` on a free port, over the default database."""
    port = free_port()
    command = [str(installed / "hs-star"), "dashboard", "--server.port", str(port)]
    with (folder.parent / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        is_up = answers(process, f"{url}/_stcore/health", limit_s=60)
        assert is_up, (folder.parent / "log.txt").read_text()
        yield url, process
    finally:
        process.kill()
        process.wait()


def test_the_dashboard_serves_with_its_own_settings_and_ends_at_ctrl_c(installed, elsewhere):
    (elsewhere / "app").mkdir()
    (elsewhere / "app" / "__init__.py").write_text("raise ImportError('not the program')\n")
    with dashboard(installed, elsewhere) as (url, process):
        assert fetched(f"{url}/_stcore/health") == "ok"
        assert "<html" in fetched(f"{url}/")
        log = (elsewhere.parent / "log.txt").read_text()
        assert url in log and "External URL" not in log, "app/.streamlit/config.toml is not read"
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()
