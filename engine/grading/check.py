"""The expensive half of checking: Math-Verify, in a child process that can be killed.

It must never be imported by the parent: Math-Verify takes a second to load, can hang for good and
can take all memory. No timeout is set here; whoever calls `check` must be able to end the process.

Source: Math-Verify 0.9, `verify(gold, target)`: gold first, it is not symmetric. Departures:
1. Only the LaTeX reading is used. The plain-expression reading goes through sympy's `parse_expr`,
   which runs code.
2. An exception while comparing is an error, not a wrong answer; two answers written alike are equal
   all the same.
3. Prose is compared as text. Math-Verify reads a sentence as a product of its letters, which is
   slow and equates anagrams.
4. Formulas and equations that differ at a point are wrong without an attempt to simplify their
   difference. Math-Verify alone also calls any two equations equal that it finds no solution of,
   like 1 = 2 and 3 = 4.
5. An interval and the inequality it solves are equal in both directions
   (`allow_set_relation_comp`).
6. Statements that differ in one value alone, such as f(1) = 2 and f(1) = 3, are compared by that
   value (`differences`); Math-Verify looks at one side.
7. Numbers below a thousandth that differ by 2 % are not equal; Math-Verify rounds to six places, so
   2e-19 is 1e-27 to it.
"""

import logging
from functools import lru_cache
from typing import Any, Literal

from math_verify import LatexExtractionConfig, parse, verify

from engine.grading.differences import only_difference
from engine.grading.exact import named_alike, quoted
from engine.grading.points import differ_at_a_point, tiny_and_apart
from engine.grading.reading import as_text, decide_by_reading
from engine.grading.words import is_prose

logging.getLogger("math_verify").setLevel(logging.CRITICAL)

_READING = (LatexExtractionConfig(),)


def _parse(answer: str) -> list[Any]:
    # None switches the timeout off, which Math-Verify's annotation (int) does not say
    return parse(f"\\boxed{{{answer}}}", _READING, parsing_timeout=None)  # pyright: ignore[reportArgumentType]


@lru_cache(maxsize=4096)
def _parsed_gold(gold: str) -> list[Any]:
    return _parse(gold)


def check(
    gold: str, predicted: str, *, shortcuts: bool = True, is_hard: bool | None = None
) -> tuple[Literal["correct", "wrong", "error"] | None, str]:
    """Compares two answers in the common spelling (see `exact.written_alike`); returns (status,
    reason). May hang.

    Args:
        shortcuts: False makes the comparison Math-Verify's alone; no point is tried first.
        is_hard: False only reads both answers, and returns no status where that decides nothing;
            True knows that it does not; None does both.

    Raises:
        MemoryError: the process reached its memory limit; it should end.
    """
    if named := named_alike(gold, predicted):
        return named
    if shortcuts and not is_hard and (decision := decide_by_reading(gold, predicted)):
        return decision
    if is_hard is False:
        return None, ""
    if is_prose(gold) or is_prose(predicted):
        return as_text(gold, predicted)
    return _compared_as_formulas(gold, predicted, shortcuts=shortcuts)


def _compared_as_formulas(
    gold: str, predicted: str, *, shortcuts: bool
) -> tuple[Literal["correct", "wrong", "error"], str]:
    wrong = "wrong", f"The extracted answer {quoted(predicted)} is not {quoted(gold)}."
    if shortcuts and (parts := only_difference(gold, predicted)):
        status, reason = check(*parts)
        if status in ("correct", "wrong"):
            return (status, f"They differ in one part. {reason}")
    wanted, answer = _parsed_gold(gold), _parse(predicted)
    try:
        if shortcuts and wanted and answer and differ_at_a_point(wanted[0], answer[0]):
            return wrong
        equal = verify(
            wanted, answer, timeout_seconds=None, raise_on_error=True, allow_set_relation_comp=True
        )
    except MemoryError:
        raise
    except Exception as error:
        if gold == predicted:
            return "correct", f"The same answer: {quoted(gold)}."
        return (
            "error",
            f"Comparing {quoted(predicted)} with {quoted(gold)} failed: {type(error).__name__}.",
        )
    if equal and wanted and answer and tiny_and_apart(wanted[0], answer[0]):
        return wrong
    if equal:
        return "correct", f"Equal by Math-Verify: {quoted(gold)} and {quoted(predicted)}."
    if all(isinstance(reading, str) for reading in wanted):
        return (
            "wrong",
            f"The reference {quoted(gold)} is not a formula; as text it is not"
            f" {quoted(predicted)}.",
        )
    if all(isinstance(reading, str) for reading in answer):
        return (
            "wrong",
            (
                f"The extracted answer {quoted(predicted)} cannot be read as a formula; as text it"
                f" is not {quoted(gold)}."
            ),
        )
    return wrong
