"""Children that come from a spare child are children of the program like any other."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from engine.paths import ROOT
from engine.placement import child
from engine.placement.backends import Backend
from engine.placement.spare import Spare, end_group

COMMAND = [sys.executable, "-m", "tests.placement.small_spare"]


@pytest.fixture
def spare():
    spare = Spare(COMMAND, ROOT, {**os.environ, "PYTHONPATH": str(ROOT), "WORD": "so"})
    yield spare
    spare.close()


@pytest.fixture
def slow(spare):
    """A spare that is in the middle of something for longer than the program waits."""
    assert spare._process.poll() is None
    os.kill(spare._process.pid, signal.SIGSTOP)
    spare._socket.settimeout(0.2)
    yield spare
    with suppress(ProcessLookupError):
        os.kill(spare._process.pid, signal.SIGKILL)


class Forked:
    """A child with its pipes."""

    def __init__(self, spare, folder):
        self.log = folder / "log.txt"
        stdin, self.stdin = os.pipe()
        answers, write_end = os.pipe()
        with self.log.open("wb") as log:
            self.child = spare.child(stdin, log.fileno(), write_end)
        os.close(stdin)
        os.close(write_end)
        self.answers = os.fdopen(answers)


def test_a_child_is_the_programs_own_with_a_session_an_input_and_an_exit_code(spare, tmp_path):
    first, second = Forked(spare, tmp_path), Forked(spare, tmp_path)
    for forked in (first, second):
        assert forked.answers.readline() == f"{forked.child.pid} so\n"
        assert psutil.Process(forked.child.pid).ppid() == os.getpid()
    os.write(second.stdin, b"a word")
    os.close(second.stdin)
    assert second.child.wait() == 1 and "heard a word" in second.log.read_text()
    assert second.child.wait() == 1
    end_group(first.child)
    assert first.child.wait() == -9 and first.answers.read() == ""
    os.close(first.stdin)


def test_a_child_lives_on_when_the_spare_ends_and_none_comes_any_more(spare, tmp_path):
    forked = Forked(spare, tmp_path)
    assert forked.answers.readline()
    spare._process.kill()
    spare._process.wait()
    assert spare.dead
    assert Forked(spare, tmp_path).child is None
    os.close(forked.stdin)
    assert forked.child.wait() == 1


def test_a_spare_that_answers_too_late_is_ended_and_no_child_of_it_gets_the_pipes(slow, tmp_path):
    forked = Forked(slow, tmp_path)
    with suppress(ProcessLookupError):
        os.kill(slow._process.pid, signal.SIGCONT)
    assert forked.child is None and slow.dead
    assert forked.answers.read() == "", "nobody holds their other end"
    assert Forked(slow, tmp_path).child is None, "and not the child before"
    os.close(forked.stdin)


def test_a_child_can_be_ended_as_soon_as_it_is_there(spare, tmp_path):
    for _ in range(20):
        forked = Forked(spare, tmp_path)
        end_group(forked.child)
        assert forked.answers.read() in ("", f"{forked.child.pid} so\n")
        assert forked.child.wait() == -9
        os.close(forked.stdin)


def test_a_child_that_is_told_of_too_late_is_ended_too(spare, tmp_path, monkeypatch):
    Forked(spare, tmp_path).answers.readline()  # it is ready
    told = []

    class Late:
        """The spare's socket, whose answer is there a moment after it was waited for."""

        def __getattr__(self, name):
            return getattr(own, name)

        def recv(self, n_bytes):
            if told:
                return own.recv(n_bytes)
            told.append(own.recv(n_bytes, socket.MSG_PEEK))
            raise TimeoutError

    own = spare._socket
    monkeypatch.setattr(spare, "_socket", Late())
    monkeypatch.setattr("engine.placement.spare.socket.send_fds", sent_through(own))
    forked = Forked(spare, tmp_path)
    assert forked.child is None and spare.dead
    assert forked.answers.read() in ("", f"{int(told[0])} so\n")
    assert not psutil.pid_exists(int(told[0]))


def sent_through(own):
    send_fds = socket.send_fds
    return lambda _, parts, descriptors: send_fds(own, parts, descriptors)


def test_everything_ends_with_a_program_that_is_killed(tmp_path):
    code = (
        "import os, sys\n"
        "from tests.placement import test_spare as t\n"
        "spare = t.Spare(t.COMMAND, t.ROOT, {**os.environ, 'WORD': 'so'})\n"
        f"forked = t.Forked(spare, t.Path({str(tmp_path)!r}))\n"
        "forked.answers.readline()\n"
        "print(spare._process.pid, forked.child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    left = [psutil.Process(int(pid)) for pid in program.stdout.readline().split()]
    program.kill()
    program.communicate()
    _, alive = psutil.wait_procs(left, timeout=60)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def test_a_backend_is_started_where_the_spare_is_gone(monkeypatch, tmp_path):
    monkeypatch.setattr(child.devices, "has_gpu", lambda: False)
    workers = child.Workers(tmp_path)
    workers.prepare()
    first = workers._spare
    first._process.kill()
    first._process.wait()
    opened = workers.get(Backend("hf_local", str(tmp_path)))
    assert isinstance(opened._process, subprocess.Popen)
    workers.prepare()
    assert workers._spare is not first and not workers._spare.dead
    workers.close()
    assert opened.dead and workers._spare.dead


@pytest.fixture
def workers(tmp_path, spare):
    workers = child.Workers(tmp_path)
    workers._spare = spare
    yield workers
    workers.close()


def test_a_backend_that_was_expected_is_the_one_that_is_opened(workers):
    workers.expect(Backend("dpo"))
    begun = workers._expected
    workers.expect(Backend("dpo"))
    workers.release()
    assert workers._expected is begun and workers.get(Backend("dpo")) is begun
    assert workers._expected is None
    assert workers.get(Backend("sft")) is not begun


def test_an_expected_backend_that_died_meanwhile_is_opened_anew(workers):
    workers.expect(Backend("dpo"))
    begun = workers._expected
    end_group(begun._process)
    begun._reader.join()
    opened = workers.get(Backend("dpo"))
    assert opened is not begun and psutil.pid_exists(opened.pid)


def test_another_expectation_or_the_end_of_the_program_ends_an_expected_backend(workers):
    for name in ("dpo", "sft"):
        workers.expect(Backend(name))
    first, second = workers.get(Backend("dpo")), workers._expected
    assert second.is_open_for(Backend("sft")) and first is not second
    workers.close()
    assert second.dead and first.dead


def test_nothing_is_expected_where_children_are_not_forked(workers):
    workers.expect(Backend("vllm_local"))
    workers.expect(Backend("dpo", options={"n_processes": 2}))
    assert workers._expected is None


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_killed_backend_leaves_no_descriptor_behind(tmp_path):
    open_now = lambda: len(os.listdir("/proc/self/fd"))
    before = open_now()
    backends = [child.Remote(Backend("sft"), tmp_path / "logs") for _ in range(2)]
    for backend in backends:
        backend.kill()
    assert open_now() == before, "while somebody still holds them"
    with pytest.raises(child.WorkerDied):
        backends[0].load()
