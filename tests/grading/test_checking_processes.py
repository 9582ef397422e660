"""The checking processes: killed ones, those without memory, those that cannot start, orphans."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import GradingError
from engine.grading import Grader

ROOT = Path(__file__).parents[2]
HANGS = r"\boxed{9^{9^{9^9}}}"


def test_an_answer_whose_process_was_killed_is_asked_again_and_judged_as_ever():
    with Grader(n_workers=1, timeout_s=10) as victim:
        assert victim.grade_many([("x+1", r"\boxed{1+x}")])[0].correct
        (pid,) = victim.child_pids
        future = victim.submit(
            [
                ("x+1", HANGS),
                ("x+1", r"\boxed{x-1}"),
                ("x+1", r"\boxed{1 + x}"),
                ("7", r"\boxed{7}"),
            ]
        )
        os.kill(pid, signal.SIGKILL)
        assert [verdict.status for verdict in future.result()] == [
            "timeout",
            "wrong",
            "correct",
            "correct",
        ]


def test_an_answer_too_large_for_the_memory_limit_is_not_correct_and_costs_nothing_else():
    with Grader(n_workers=1, timeout_s=60, memory_mib=600) as small:
        greedy, easy = small.grade_many([("x+1", r"\boxed{2^{2^{33}}}"), ("x+1", r"\boxed{1+x}")])
        assert not greedy.correct
        assert easy.correct


GREEDY = """
import sys
import engine.grading.check as check
from engine.grading.child import main
honest = check.check
check.check = lambda gold, found, **how: bytearray(2 << 30) if "9" in found else honest(gold, \
found, **how)
main(int(sys.argv[3]), int(sys.argv[4]))
"""


def test_a_process_that_reaches_its_memory_limit_ends_and_the_verdict_says_so(
    tmp_path, monkeypatch
):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{GREEDY}' \"$@\"\n")
    python.chmod(0o700)
    monkeypatch.setattr("engine.grading.process.sys.executable", str(python))
    with Grader(n_workers=1, timeout_s=60, memory_mib=700) as small:
        greedy, easy = small.grade_many([("x+1", r"\boxed{x+9}"), ("x+1", r"\boxed{1+x}")])
    assert greedy.status == "error"
    assert greedy.reason.startswith("Checking needed more than 700 MiB.")
    assert easy.correct


def test_closing_answers_what_is_open_and_takes_no_more():
    closing = Grader(n_workers=1, timeout_s=60)
    future = closing.submit([("x+1", HANGS), ("7", r"\boxed{7}")])
    closing.close()
    hanging, plain = future.result()
    assert (hanging.status, plain.status) == ("error", "correct")
    assert hanging.reason.startswith("The grader was closed before this answer was checked.")
    closing.close()
    with pytest.raises(GradingError, match="closed"):
        closing.grade_many([("x+1", r"\boxed{1+x}")])


def test_a_process_that_cannot_start_is_a_grading_error():
    with (
        Grader(n_workers=1, memory_mib=1) as starved,
        pytest.raises(GradingError, match=r"could not start.*memory_mib"),
    ):
        starved.grade_many([("x+1", r"\boxed{1+x}")])


def test_an_interpreter_that_is_gone_is_a_grading_error_and_nobody_waits_for_ever(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("engine.grading.process.sys.executable", str(tmp_path / "python"))
    with Grader(n_workers=1) as homeless:
        failed = homeless.submit([("x+1", r"\boxed{1+x}")]).exception(timeout=60)
    assert isinstance(failed, GradingError) and "could not start" in str(failed)


def test_no_process_outlives_a_killed_parent():
    code = (
        "import time; from engine.grading import Grader; g = Grader(n_workers=1);"
        r"g.grade_many([('x+1', r'\boxed{1+x}')]); print(g.child_pids[0], flush=True);"
        r" time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        ended = os.pidfd_open(child)
        parent.kill()
    try:
        assert select.select([ended], [], [], 60)[0], "the child still runs"
    finally:
        os.close(ended)


def test_a_process_whose_parent_is_gone_ends_in_the_middle_of_a_pair():
    command = [sys.executable, "-m", "engine.grading.child", "1024", "1"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as orphan:
        assert orphan.stdout.readline() == b'{"ready": true}\n'
        orphan.stdin.write(json.dumps(["x+1", "9^{9^{9^9}}"]).encode() + b"\n")
        orphan.stdin.flush()
        assert orphan.wait(60) == -signal.SIGALRM
