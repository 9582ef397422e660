"""The domain `code`: the last fenced block of a response is run against its problem's tests.

All tests have to pass; the first that fails is the reason. Programs run in `sandbox`, or not at
all. What a test compares is compared outside the program's reach: asserts in a sandbox of their
own that calls the program, outputs here.

Source: MBPP (Austin et al., 2021), pass at all tests; the rules are ours, docs/verdicts.md.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from engine.grading.extraction import Extracted, Extraction, without_surrogates
from engine.grading.sandbox import Limits, Sandbox, unavailable
from engine.grading.text import shown
from engine.grading.turns import turn_of
from engine.types import Reference, Verdict, VerdictStatus

NO_BLOCK = "No fenced block of code"
MAX_SHOWN_TEST = 200
MAX_PROGRAM_CHARS = 100_000

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)")
_PYTHON = {"", "python", "py", "python3", "{.python}"}


class Block(NamedTuple):
    """A fenced block."""

    text: str
    language: str
    is_closed: bool
    end: int
    """Behind its closing fence, in characters."""


@dataclass(frozen=True, slots=True)
class CodeTests:
    """What a program has to pass."""

    tests: tuple[str | dict[str, str], ...]
    """Asserts, or what is read and has to be written: {"input", "output"}."""
    setup: str = ""
    names: tuple[str, ...] = ()
    """What the asserts may call of the program."""


def tests_of(reference: Reference) -> CodeTests:
    """The tests of a problem; none where the reference brings none."""
    details = json.loads(reference.details) if reference.details else {}
    tests, names = details.get("tests", ()), details.get("names", ())
    return CodeTests(tuple(tests), details.get("setup", ""), tuple(names))


class CodeDomain:
    """Implements engine.grading.domains.CheckedDomain."""

    is_quick = False

    def __init__(self, limits: Limits = Limits()) -> None:
        self._sandbox = Sandbox(limits)

    def extract(self, reference: Reference, response: str, rules: Extraction) -> Extracted:
        return extract_program(response, rules)

    def check(self, reference: Reference, extracted: Extracted) -> Verdict:
        """Blocks for as long as the tests take. Raises: GradingError without a sandbox."""
        program = extracted.answer
        flag = " The response ran on behind the end of its turn." if extracted.ran_on else ""
        if program is None or not program.strip():
            why = extracted.rule if program is None else "The block is empty"
            return Verdict(False, None, "no_answer", f"{why}.{flag}")
        source = f" Taken from {extracted.rule}.{flag}"
        wanted = tests_of(reference)
        if not wanted.tests:
            return Verdict(False, shown(program), "error", f"The problem has no tests.{source}")
        if len(program) > MAX_PROGRAM_CHARS:
            why = f"The program is longer than {MAX_PROGRAM_CHARS:,} characters."
            return Verdict(False, shown(program), "wrong", why + source)
        status, why = self._run(program, wanted)
        return Verdict(status == "correct", shown(program), status, why + source)

    def unavailable(self) -> str | None:
        return unavailable()

    def stop(self) -> None:
        self._sandbox.stop()

    def _run(self, program: str, wanted: CodeTests) -> tuple[VerdictStatus, str]:
        """Asserts first, then what is read and written."""
        asserts = [(n, test) for n, test in enumerate(wanted.tests) if isinstance(test, str)]
        n_tests = len(wanted.tests)
        if asserts:
            texts = [text for _, text in asserts]
            run = self._sandbox.tests(program, texts, wanted.setup, wanted.names)
            if run.n_passed < len(asserts):
                number, test = asserts[run.n_passed]
                return self._failed(number, n_tests, _line(test), run.why, run.is_over)
        for number, test in enumerate(wanted.tests):
            if isinstance(test, str):
                continue
            script = self._sandbox.script(program, test["input"])
            why = _difference(script.status, script.output, script.error, test["output"])
            if why or script.took_too_long:
                read = f"input {_line(test['input'])!r}"
                return self._failed(number, n_tests, read, why, not script.took_too_long)
        return "correct", f"It passes {n_tests} test{'s' if n_tests > 1 else ''}."

    def _failed(
        self, number: int, n_tests: int, test: str, why: str, is_over: bool
    ) -> tuple[VerdictStatus, str]:
        named = f"Test {number + 1} of {n_tests}"
        if not is_over:
            limits = self._sandbox.limits
            most = f"{limits.wall_s:g} s, or {limits.cpu_s} s of processor time"
            return "timeout", f"{named} took longer than {most}: {test}."
        return "wrong", f"{named} failed: {test} ({_line(why)})."


def extract_program(response: str, rules: Extraction) -> Extracted:
    """The last block of Python behind the thinking; else the last block in no other language; by
    "lenient", a response without a fence is all program. Never raises. Linear in the response.
    """
    turn = turn_of(without_surrogates(response), _first_end, rules.thinking)
    if turn.text is None:
        return Extracted(None, "The thinking of the response never ends")
    blocks = list(fenced_blocks(turn.text))
    python = [block for block in blocks if block.language.lower() in _PYTHON]
    if chosen := (python or blocks)[-1:]:
        rule = "the last fenced block" if python else f"a block of {chosen[0].language[:20]}"
        unclosed = "" if chosen[0].is_closed else ", which never closes"
        return Extracted(chosen[0].text, rule + unclosed, turn.ran_on)
    if rules.mode == "lenient" and turn.text.strip():
        return Extracted(turn.text, "the whole response", turn.ran_on)
    return Extracted(None, NO_BLOCK, turn.ran_on)


def fenced_blocks(text: str) -> Iterator[Block]:
    """Fenced blocks in order; one that never closes ends with the text."""
    fence, language, start, position = "", "", 0, 0
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        following = position + len(line)
        if mark and not fence:
            fence, language, start = mark.group(1), mark.group(2), following
        elif mark and fence and _closes(mark, line, fence):
            yield Block(text[start:position], language, True, following)
            fence = ""
        position = following
    if fence:
        yield Block(text[start:], language, False, len(text))


def _closes(mark: re.Match[str], line: str, fence: str) -> bool:
    return mark.group(1).startswith(fence) and line.strip() == mark.group(1)


def _first_end(text: str) -> int | None:
    first = next(fenced_blocks(text), None)
    return first.end if first and first.is_closed else None


def _difference(status: int | None, output: str, error: str, wanted: str) -> str:
    """Why a run is not right; empty where it is. Spaces may stand at the ends of lines."""
    if status:
        last = error.strip().splitlines()[-1:] or [f"it ended with status {status}"]
        return last[0]
    if _lines(output) == _lines(wanted):
        return ""
    return f"it wrote {_line(output)!r} where {_line(wanted)!r} is right"


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _line(text: str) -> str:
    """A text on one line, at most MAX_SHOWN_TEST characters."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_SHOWN_TEST else line[:MAX_SHOWN_TEST] + "…"
