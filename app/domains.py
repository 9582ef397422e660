"""What a problem's domain adds to its page: options with the right one marked, tests, the program
that was run and the test that it failed. All of it is text of strangers, so shown inertly.
"""

import re

import streamlit as st

from app import inert
from engine.grading.options import options_of, picked
from engine.grading.program import tests_of
from engine.types import Reference

MOST_TESTS = 10
_FAILED = re.compile(r"Test (\d+) of \d+ (?:failed|took)")


def reference(of: Reference) -> None:
    """Behind a question: what is asked for."""
    if of.domain == "choice":
        _options(of)
    elif of.domain == "code":
        _tests(of)


def _options(of: Reference) -> None:
    options = options_of(of)
    right = picked(of.answer, options)
    for letter, text in options.items():
        mark = " :blue-badge[right]" if letter in right else ""
        st.markdown(f"**{letter}** {inert.markdown(text)}{mark}")


def _tests(of: Reference) -> None:
    wanted = tests_of(of)
    with st.expander(f"{len(wanted.tests):,} tests, all have to pass"):
        if wanted.setup:
            st.code(wanted.setup, language=None, wrap_lines=True)
        for test in wanted.tests[:MOST_TESTS]:
            _test(test)
        if len(wanted.tests) > MOST_TESTS:
            st.caption(f"and {len(wanted.tests) - MOST_TESTS:,} more")


def _test(test: str | dict[str, str]) -> None:
    shown = (
        test
        if isinstance(test, str)
        else f"reads\n{test['input'].rstrip()}\nwrites\n{test['output'].rstrip()}"
    )
    st.code(shown, language=None, wrap_lines=True)


def outcome(of: Reference, predicted: str | None, reason: str | None) -> None:
    """Behind a response of code: the program that was run, and the first test that it failed."""
    if of.domain != "code" or not predicted:
        return
    st.caption("The program")
    st.code(predicted, language="python", wrap_lines=True)
    failed = _FAILED.match(reason or "")
    tests = tests_of(of).tests
    if failed and int(failed.group(1)) <= len(tests):
        st.caption(f"The first test that fails: {failed.group(1)} of {len(tests):,}")
        _test(tests[int(failed.group(1)) - 1])
