"""The sandbox: a hostile corpus gets nowhere, stalls nothing and changes nothing; honest programs
pass; without bubblewrap nothing is run.
"""

import dataclasses
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.errors import GradingError
from engine.grading import sandbox
from engine.grading.sandbox import Limits, Sandbox, box
from tests.grading.hostile_programs import BEFORE, FORGERS, SCRIPTS, TEST

needs_bubblewrap = pytest.mark.skipif(
    sandbox.unavailable() is not None, reason=str(sandbox.unavailable())
)
MEMORY_MIB = 256 + os.getpid() % 97
"""Another one in every process that runs these tests, so that it knows its own sandboxes."""
SHORT = Limits(wall_s=5.0, cpu_s=1, memory_mib=MEMORY_MIB, file_mib=1, tmp_mib=4)
AT_ONCE = 4


def children() -> set[str]:
    """Processes of this machine that run in a sandbox with these limits."""
    running = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"/inside.py\x00" in line and b"\x00%d\x001\x001\x00" % MEMORY_MIB in line:
            running.add(folder.name)
    return running


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """What there is to be read, reached and changed."""
    folder = tmp_path_factory.mktemp("studio")
    (folder / "studio.duckdb").write_bytes(b"what we know")
    abstract, file = f"\0studio-{os.getpid()}", str(folder / "server")
    servers = [socket.create_server(("127.0.0.1", 0)), _unix(abstract), _unix(file)]
    os.environ["STUDIO_SECRET"] = "what we know"
    yield {
        "folder": str(folder),
        "file": str(folder / "studio.duckdb"),
        "name": "studio.duckdb",
        "pid": str(os.getpid()),
        "port": servers[0].getsockname()[1],
        "abstract": abstract,
        "socket": file,
    }
    del os.environ["STUDIO_SECRET"]
    for server in servers:
        server.close()


@pytest.fixture(scope="module")
def corpus(outside):
    """(what every program did, whether the files outside are as they were)."""
    before, sandboxed = content(Path(outside["folder"])), Sandbox(SHORT)

    def script(name):
        program = f"{BEFORE}\nOUTSIDE = {outside!r}\n{SCRIPTS[name]}\n"
        return name, sandboxed.script(program, "")

    def forger(name):
        return name, sandboxed.tests(FORGERS[name], [TEST], "", ["secret"])

    with ThreadPoolExecutor(AT_ONCE) as threads:
        scripts, forgers = threads.map(script, SCRIPTS), threads.map(forger, FORGERS)
        done = {**dict(scripts), **dict(forgers)}
    return done, content(Path(outside["folder"])) == before


def _unix(address: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen()
    return server


def test_the_corpus_has_at_least_60_programs():
    assert len(SCRIPTS) + len(FORGERS) >= 60 and not set(SCRIPTS) & set(FORGERS)


@needs_bubblewrap
@pytest.mark.parametrize("name", SCRIPTS)
def test_no_attack_succeeds(corpus, name):
    run = corpus[0][name]
    assert run.output.startswith("tried"), f"the attack was never tried: {run}"
    assert "escaped" not in run.output, run.output


@needs_bubblewrap
@pytest.mark.parametrize("name", FORGERS)
def test_no_program_says_that_it_passed(corpus, name):
    run = corpus[0][name]
    assert run.n_passed == 0 and (run.why or not run.is_over), run


UNPROTECTED = (
    "the environment",
    "the database by its path",
    "a server of ours",
    "a server of ours by its abstract name",
    "a server of ours by a file",
    "passwords and keys",
    "killing us",
    "a fork bomb",
)
"""Attacks that do no harm where they succeed; the fork bomb is let off with one child."""


@pytest.mark.parametrize("name", UNPROTECTED)
def test_the_same_attack_succeeds_without_a_sandbox(outside, name):
    attack = SCRIPTS[name].replace("range(10_000)", "range(1)")
    program = f"{BEFORE}\nOUTSIDE = {outside!r}\n{attack}\n"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert "escaped" in done.stdout, done


@needs_bubblewrap
def test_afterwards_all_is_as_it_was_and_nothing_runs(corpus):
    assert corpus[1]
    assert children() == set()


@needs_bubblewrap
@pytest.mark.parametrize(
    ("program", "test", "name"),
    [
        ("def set(x): return {1, 2}\ndef f(): return 3", "assert set([f()]) == {1, 2}", "f"),
        ("def f(): return [1]\nlen = lambda x: 5", "assert len(f()) == 5", "f"),
        (
            "import sys, types\nm = types.ModuleType('math')\nm.isclose = lambda *a: True\n"
            "sys.modules['math'] = m\ndef f(): return 1",
            "import math\nassert math.isclose(f(), 2)",
            "f",
        ),
    ],
)
def test_what_tests_compare_with_is_not_the_programs(program, test, name):
    assert Sandbox(SHORT).tests(program, [test], "", [name]).n_passed == 0


@needs_bubblewrap
@pytest.mark.parametrize(
    ("program", "test"),
    [
        (
            "f = lambda: {'a': (1, 2.5, None, True), 'b': {3}}",
            "{'a': (1, 2.5, None, True), 'b': {3}}",
        ),
        (
            "def f(): return [2**200, -1, 'é\\ud800', b'x', 1j]",
            "[2**200, -1, 'é\\ud800', b'x', 1j]",
        ),
        ("from collections import Counter\ndef f(): return Counter('aab')", "{'a': 2, 'b': 1}"),
        ("def f(): return float('inf')", "float('inf')"),
        ("from collections import namedtuple\nf = lambda: namedtuple('P', 'x')(1)", "(1,)"),
    ],
)
def test_plain_data_comes_back_as_it_was(program, test):
    run = Sandbox(SHORT).tests(program, [f"assert f() == {test}"], "", ["f"])
    assert run.n_passed == 1, run


@needs_bubblewrap
def test_objects_of_the_program_can_be_used_and_its_errors_be_expected():
    program = """
class Node:
    def __init__(self, value): self.value, self.next = value, None
    def __len__(self): return 1 + (len(self.next) if self.next else 0)
def total(node): return node.value + (total(node.next) if node.next else 0)
def fail(): raise KeyError('gone')
def numbers(): yield from (1, 2, 3)
"""
    tests = [
        "one = Node(1)\none.next = Node(41)\nassert total(one) == 42",
        "assert len(one) == 2 and one.next.value == 41",
        "try:\n    fail()\nexcept KeyError as error:\n    assert 'gone' in str(error)",
        "assert list(numbers()) == [1, 2, 3]",
        "assert numbers() == [1, 2, 3]",
    ]
    run = Sandbox(SHORT).tests(program, tests, "", ["Node", "total", "fail", "numbers"])
    assert (run.n_passed, run.why) == (4, "it gave an object of its own")


@needs_bubblewrap
def test_a_stopped_sandbox_ends_what_runs_and_starts_nothing():
    for _ in range(5):
        stopped = Sandbox(dataclasses.replace(SHORT, wall_s=60))
        with ThreadPoolExecutor(1) as thread:
            running = thread.submit(stopped.script, "import time; time.sleep(50)", "")
            while not stopped._boxes:
                pass
            stopped.stop()
            assert isinstance(running.exception(), GradingError), "no verdict comes of it"
    with pytest.raises(GradingError, match="stopped"):
        stopped.script("print(1)", "")
    assert children() == set()


def test_without_bubblewrap_nothing_is_run_and_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(box.shutil, "which", lambda name: None)
    monkeypatch.setattr(sandbox, "_works", type(sandbox._works)())
    assert "apt-get install bubblewrap" in (sandbox.unavailable() or "")
    with pytest.raises(GradingError, match="apt-get install bubblewrap"):
        Sandbox().script("print(1)", "")


def test_a_sandbox_that_does_not_work_is_refused_with_what_it_said(monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(box.shutil, "which", lambda name: str(broken))
    monkeypatch.setattr(sandbox, "_works", type(sandbox._works)())
    said = sandbox.unavailable() or ""
    assert "No permissions to create new namespace" in said and "user namespaces" in said
