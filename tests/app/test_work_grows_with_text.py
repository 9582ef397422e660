"""Whatever reads model text in the dashboard's process does work that grows with the text, not with
its square: counted, not timed.
"""

import re
import sys
from collections.abc import Callable

import pytest

from app import differences, inert
from engine.grading.boxes import boxes
from engine.grading.extraction import extract_answer, ran_on
from engine.method import steps
from engine.servers import words

READERS: dict[str, Callable[[str], object]] = {
    "a formula's place": inert.markdown,
    "steps": steps.split_steps,
    "number of steps": steps.n_steps,
    "boxes": boxes,
    "the answer": extract_answer,
    "text behind the answer": ran_on,
    "a difference": lambda text: differences.difference(
        steps.split_steps(text), steps.split_steps("b" + text[:-1] + "c")
    ),
    "a server's words": words.inert,
}
UNITS = [
    *("$", "$$", r"\[", r"\(", r"\boxed{", "{", "}", "\\", " ", "\n", "\n \n", "\r\n"),
    *("a\n\n", "a\n\nb\n\n", "a\n\nb\n\na\n\nc\n\n", "answer is ", "the answer is 4. "),
    *("1,", "4 ", "-", "= ", "A) ", "<think>", "</think>", "####", "**", "Final answer: "),
    *("\\text{", "\\frac{"),
]
SHORT, LONG = 2_000, 16_000


class Counting:
    """A compiled pattern that counts the characters its searches pass over."""

    passed = 0

    def __init__(self, pattern: re.Pattern[str]):
        self._pattern = pattern

    def __getattr__(self, name: str):
        method = getattr(self._pattern, name)
        if name not in ("search", "match", "fullmatch", "finditer", "findall", "split", "sub"):
            return method

        def counted(*arguments, **options):
            found = method(*arguments, **options)
            text = next(one for one in reversed(arguments) if isinstance(one, str))
            start = next((one for one in arguments[1:] if isinstance(one, int)), 0)
            end = found.end() if isinstance(found, re.Match) else len(text)
            Counting.passed += end - start
            return found

        return counted


@pytest.fixture(autouse=True)
def counted_patterns(monkeypatch):
    for name, module in list(sys.modules.items()):
        if name.startswith(("app", "engine.grading", "engine.method", "engine.samplers")):
            for variable, value in list(vars(module).items()):
                if isinstance(value, re.Pattern):
                    monkeypatch.setattr(module, variable, Counting(value))


def work(read: Callable[[str], object], text: str) -> int:
    """Lines of Python that run, and characters that patterns pass over."""
    n_lines = 0

    def trace(frame, event, argument):
        nonlocal n_lines
        n_lines += event == "line"
        return trace

    before, Counting.passed = sys.gettrace(), 0
    sys.settrace(trace)
    try:
        read(text)
    finally:
        sys.settrace(before)
    return n_lines + Counting.passed


@pytest.mark.parametrize("reader", READERS)
def test_work_grows_no_faster_than_the_text(reader):
    read = READERS[reader]
    too_much = {}
    for unit in UNITS:
        short, long = (work(read, (unit * n)[:n]) for n in (SHORT, LONG))
        if long > 1.1 * (LONG / SHORT) * short + 2_000:
            too_much[unit] = (short, long)
    assert too_much == {}
