r"""What kind of answer a problem asks for, and whether grading can read it. Pure text work.

Sentinels are references that are no answer, such as "proof" (engine.grading.references).
"""

import re
from typing import Literal, get_args

from engine.grading.answers import read_answer
from engine.grading.references import MAX_WORDS, no_answer
from engine.grading.spelling import written_alike
from engine.grading.words import has_words
from engine.types import Problem

GoldKind = Literal[
    "integer",
    "decimal",
    "fraction",
    "expression",
    "choice",
    "tests",
    "text",
    "sentence",
    "sentinel",
]
KINDS: tuple[GoldKind, ...] = get_args(GoldKind)

_NUMBERS: dict[GoldKind, re.Pattern[str]] = {
    "integer": re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)\Z"),
    "decimal": re.compile(r"[-+]?\d*\.\d+\Z"),
    "fraction": re.compile(r"-?(?:\\[dt]?frac ?\{?-?\d+\}? ?\{?-?\d+\}?|\d+ ?/ ?\d+)\Z"),
}


def gold_kind(problem: Problem) -> GoldKind:
    """The kind of a problem's reference.

    >>> [gold_kind(Problem("", "", a)) for a in ("$7$", "1,000", "0.5", "\\\\frac{1}{2}", "x+1")]
    ['integer', 'integer', 'decimal', 'fraction', 'expression']
    >>> [gold_kind(Problem("", "", a)) for a in ("Monday", "notfound")]
    ['text', 'sentinel']
    """
    if problem.domain != "maths":
        return "choice" if problem.domain == "choice" else "tests"
    if unanswerable := no_answer(problem.answer):
        return "sentence" if unanswerable == "sentence" else "sentinel"
    text = written_alike(problem.answer).strip("$ ")
    for kind, pattern in _NUMBERS.items():
        if pattern.match(text):
            return kind
    if not has_words(problem.answer):
        return "expression"
    return "sentence" if len(re.findall(r"[A-Za-z]{2,}", problem.answer)) > MAX_WORDS else "text"


def is_readable(problem: Problem, kind: GoldKind) -> bool:
    """Whether the exact rules of grading can take a formula apart; other kinds are compared as what
    they are. What cannot be read is left to Math-Verify, or compared as text.
    """
    return kind != "expression" or read_answer(written_alike(problem.answer)) is not None
