"""The checking process: reads pairs as JSON lines (reference, answer, whether reading has left it
open), answers each with one JSON line, ends when its
input closes.

Started by `pool` as `python -m engine.grading.child MEMORY_MIB ALARM_S RULES`. It knows nothing
of batches or verdicts. A pair that takes longer than ALARM_S ends the process through SIGALRM's
default action: the parent kills it earlier, so this only matters where the parent is gone. Nothing
a library prints reaches the answers' pipe.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO, Literal, cast

Rules = Literal["ours", "unaided", "math-verify"]
"""ours; ours without what is tried before Math-Verify; Math-Verify alone, whole texts and all."""

WARM_UP = (
    ("x^2", "x+1"),
    (r"\frac{\sqrt{2}}{3}", r"2\pi \text{cm}"),
    ("7:05x", r"8:10 \text{y.z.}"),
    ("(1, 2]", r"\{1, 2\}"),
)
"""Pairs that make the libraries build what they build on first use. The first pair of a kind takes
25 ms instead of 1.
"""
OUT_OF_MEMORY = 77
"""Exit status after the memory limit was reached."""


def _private_output() -> BinaryIO:
    """The answers' pipe; descriptor 1 is turned to standard error."""
    pipe = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(pipe, "wb", buffering=0)


def _checked_by(rules: Rules) -> Callable[..., tuple[str | None, str]]:
    """A function of (reference, answer, whether reading has left it open)."""
    if rules == "math-verify":
        from engine.grading.bare import check_bare

        return check_bare
    from engine.grading.check import check

    def checked(gold: str, predicted: str, is_hard: bool | None = None):
        return check(gold, predicted, shortcuts=rules == "ours", is_hard=is_hard)

    return checked


def main(memory_mib: int, alarm_s: int, rules: Rules = "ours") -> None:
    """Serves until standard input closes."""
    answers = _private_output()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))
    try:
        check = _checked_by(rules)
        for gold, predicted in WARM_UP:
            check(gold, predicted)
    except Exception as error:
        answers.write(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode() + b"\n")
        return
    answers.write(b'{"ready": true}\n')
    for line in sys.stdin.buffer:
        gold, predicted, *is_hard = json.loads(line)
        signal.alarm(alarm_s)
        try:
            status, reason = check(gold, predicted, *is_hard)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        signal.alarm(0)
        answers.write(json.dumps({"status": status, "reason": reason}).encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), cast(Rules, (sys.argv[3:] or ["ours"])[0]))
