"""The domain `code`: the last fenced block of a response that is its program is run against its
problem's tests.

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
from engine.grading.turns import NEW_TURN_OF_CODE, Ends, turn_of
from engine.types import Reference, Verdict, VerdictStatus

NO_BLOCK = "No fenced block of code"
MAX_SHOWN_TEST = 200
MAX_PROGRAM_CHARS = 100_000

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`]*)")
_PYTHON = {"python", "py", "python3", "{.python}"}
_MAX_DEEPER = 3
"""How much deeper than its opening a closing fence may stand: one in a docstring is deeper."""


class Block(NamedTuple):
    """A fenced block."""

    text: str
    language: str
    is_closed: bool
    start: int
    """Where its first line begins, in characters."""
    end: int
    """Where its last line ends: in front of its closing fence."""


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
        return extract_program(response, rules, tests_of(reference).names)

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


def extract_program(response: str, rules: Extraction, names: tuple[str, ...] = ()) -> Extracted:
    """The program of a response: its last block of Python behind the thinking that defines one of
    some names; else its last block of Python, the last one in no language, the last one. By
    "lenient", a response without a fence is all program. Never raises. Linear in the response.
    """
    turn = turn_of(without_surrogates(response), _ENDS, rules.thinking)
    if turn.text is None:
        return Extracted(None, "The thinking of the response never ends")
    if blocks := list(fenced_blocks(turn.text)):
        block, rule = _chosen(blocks, names)
        unclosed = "" if block.is_closed else ", which never closes"
        return Extracted(block.text, rule + unclosed, turn.ran_on)
    if rules.mode == "lenient" and turn.text.strip():
        return Extracted(turn.text, "the whole response", turn.ran_on)
    return Extracted(None, NO_BLOCK, turn.ran_on)


def _chosen(blocks: list[Block], names: tuple[str, ...]) -> tuple[Block, str]:
    """(block, rule) of the program among some blocks."""
    kinds = (
        [block for block in blocks if block.language.lower() in _PYTHON],
        [block for block in blocks if not block.language],
    )
    for kind in kinds if names else ():
        for block in reversed(kind):
            if name := _defined(block.text, names):
                is_last = block is blocks[-1] or block is kind[-1]
                return block, "the last fenced block" + ("" if is_last else f" that defines {name}")
    for kind in kinds:
        if kind:
            return kind[-1], "the last fenced block"
    return blocks[-1], f"a block of {blocks[-1].language[:20]}"


def _defined(program: str, names: tuple[str, ...]) -> str | None:
    """The first of some names that a program defines at its top level."""
    either = "|".join(map(re.escape, names))
    definition = rf"^(?:(?:async +)?def +|class +)({either})\b|^({either})[ \t]*(?::[^=\n]*)?=(?!=)"
    match = re.search(definition, program, re.MULTILINE)
    return (match.group(1) or match.group(2)) if match else None


def fenced_blocks(text: str) -> Iterator[Block]:
    """Fenced blocks in order, without the indent of their fence; one that never closes ends with
    the text.
    """
    fence, indent, language, start, position = "", 0, "", 0, 0
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        position += len(line)
        if mark and not fence:
            indent, fence, language = len(mark.group(1)), mark.group(2), mark.group(3)
            lines, start = [], position
        elif mark and fence and _closes(mark, line, fence, indent):
            yield Block("".join(lines), language, True, start, position - len(line))
            fence = ""
        elif fence:
            lines.append(_dedented(line, indent))
    if fence:
        yield Block("".join(lines), language, False, start, len(text))


def _dedented(line: str, indent: int) -> str:
    """A line without as many spaces as its fence has, or without those that it has."""
    own = len(line) - len(line.lstrip(" \t"))
    return line[min(own, indent) :]


def _closes(mark: re.Match[str], line: str, fence: str, indent: int) -> bool:
    is_near = len(mark.group(1)) <= indent + _MAX_DEEPER
    return is_near and mark.group(2).startswith(fence) and line.strip() == mark.group(2)


def _first_end(text: str) -> int | None:
    first = next(fenced_blocks(text), None)
    return first.end if first and first.is_closed else None


def _spans(text: str) -> list[tuple[int, int]]:
    return [(block.start, block.end) for block in fenced_blocks(text)]


_ENDS = Ends(_first_end, NEW_TURN_OF_CODE, _spans)


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
