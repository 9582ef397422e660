r"""The cheap half of checking: the pairs that are decided in the caller's own thread, in
microseconds.

Pure; it must never import Math-Verify or mpmath. It decides answers written alike, plain numbers,
choices and words, and answers None for everything else: then a checking process reads the
formulas (`reading`) and asks Math-Verify last. Where a rule decides otherwise than Math-Verify,
docs/verdicts.md says so and why.
"""

from typing import Literal, NamedTuple

from engine.grading.choices import is_reference, named_choice
from engine.grading.plain import same_numbers
from engine.grading.spelling import Spelled, spelled, written_alike
from engine.grading.units import clash
from engine.grading.words import same_date, same_words

__all__ = ["Decision", "decide", "decide_spelled", "named_alike", "too_long", "written_alike"]

MAX_PARSED_CHARS = 4_000
"""Longer answers are not handed to Math-Verify."""


class Decision(NamedTuple):
    """What the exact rules say of one pair."""

    status: Literal["correct", "wrong", "error"]
    reason: str


def quoted(answer: str) -> str:
    """The answer as a sentence quotes it: one line, at most 60 characters."""
    line = " ".join(answer[:200].split())
    return line if len(line) <= 60 else line[:59] + "…"


def decide_spelled(gold: Spelled, predicted: Spelled) -> Decision | None:
    """As decide; two different units behind the values are two different answers."""
    if clash(gold.unit, predicted.unit):
        return Decision(
            "wrong",
            f"The unit of the extracted answer {quoted(predicted.text)} is {predicted.unit}, that"
            f" of {quoted(gold.text)} is {gold.unit}.",
        )
    return decide(gold.text, predicted.text)


def decide(gold: str, predicted: str) -> Decision | None:
    """Decides a pair of answers in the common spelling, or returns None: then Math-Verify must
    look.

    An answer too long to be parsed, and not decided by the rules, gets "error".
    """
    if gold == predicted:
        return Decision("correct", f"The same answer: {quoted(gold)}.")
    if (equal := same_numbers(gold, predicted)) is not None:
        return of_numbers(equal, gold, predicted)
    return named_alike(gold, predicted) or too_long(gold, predicted)


def wrong(gold: str, predicted: str) -> Decision:
    """The decision that two answers are not equal."""
    return Decision("wrong", f"The extracted answer {quoted(predicted)} is not {quoted(gold)}.")


def of_numbers(equal: bool, gold: str, predicted: str) -> Decision:
    """The decision on two numbers or formulas."""
    if not equal:
        return wrong(gold, predicted)
    return Decision("correct", f"Equal as numbers: {quoted(gold)} and {quoted(predicted)}.")


def named_alike(gold: str, predicted: str) -> Decision | None:
    """Decides two choices, two dates, or the same words in another case; None for anything else."""
    if (equal := _same_choice(gold, predicted)) is not None:
        if equal:
            return Decision("correct", f"The same choice: {quoted(gold)}.")
        return wrong(gold, predicted)
    if (equal := same_date(gold, predicted)) is not None:
        same = Decision("correct", f"The same date: {quoted(gold)}.")
        return same if equal else wrong(gold, predicted)
    if same_words(gold, predicted):
        return Decision("correct", f"The same words: {quoted(gold)}.")
    return None


def _same_choice(gold: str, predicted: str) -> bool | None:
    """Whether an answer names the reference's letters, or is the value beside its letter. Letters
    that are not in the order of the alphabet are an ordering.
    """
    wanted = named_choice(gold)
    if wanted is None or not is_reference(gold):
        return None
    given = named_choice(predicted)
    if given is not None:
        is_ordering = list(wanted.order) != sorted(wanted.order)
        return wanted.order == given.order if is_ordering else wanted.letters == given.letters
    if not wanted.value:
        return None
    decision = decide(spelled(wanted.value).text, predicted)
    return None if decision is None else decision.status == "correct"


def too_long(gold: str, predicted: str) -> Decision | None:
    """An error where one of the answers is longer than what Math-Verify is handed, else None."""
    longest = max(len(gold), len(predicted))
    if longest <= MAX_PARSED_CHARS:
        return None
    which = "extracted" if len(predicted) == longest else "reference"
    limit = f"longer than the {MAX_PARSED_CHARS:,} that are parsed"
    return Decision("error", f"The {which} answer has {longest:,} characters, {limit}.")
