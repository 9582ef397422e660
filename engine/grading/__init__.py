"""Grading: does a response's answer equal the reference answer? One odd response is a verdict with
a status, never a crash.

Importing this room is light: mpmath, Math-Verify and sympy are loaded in child processes only, and
only when the cheap rules leave a pair open.

Finding the answer: `extraction` has the order, `turns` what of a response counts, `boxes` and
`statements` where answers stand, `earlier` the order of runs begun before. Comparing: `spelling`,
with `letters` and `units`, writes two answers alike; `exact` decides the cheap cases with `plain`,
`choices` and `words`. In a child, `check` asks `reading` first and Math-Verify last: `answers`
takes an answer apart (`parts`, `splitting`, `regions`, `formula`), `compare` compares the parts, by
`values`, `equations` and `rounding`. `pool` keeps the children. `grader` grades mixed
domains (`domains`): choices of `options`, programs. The rules are in docs/verdicts.md.
"""

import atexit
import threading
from collections.abc import Sequence

from engine.grading.extraction import extract_answer
from engine.grading.grader import Grader
from engine.types import Reference, Verdict

__all__ = ["Grader", "extract_answer", "grade"]

_lock = threading.Lock()
_shared: Grader | None = None


def grade(gold: str | Reference, responses: Sequence[str]) -> list[Verdict]:
    """One verdict per response to one problem, in order. Blocks; uses a grader that the whole
    process shares.

    Args:
        gold: The reference answer, LaTeX or plain; a GSM8K or MATH solution that holds it will do.
            A Reference for a problem of another domain.
        responses: Whole responses; the answer is the last box, else the last stated answer.

    Raises:
        GradingError: no checking process could be started. A single odd response never raises.

    Source: HS-STaR's answer check V(x, r), docs/method.md, section 1.2.
    """
    global _shared
    with _lock:
        if _shared is None:
            _shared = Grader()
            atexit.register(_shared.close)
        grader = _shared
    return grader.grade_many([(gold, response) for response in responses])
