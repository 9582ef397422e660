"""Deciding a pair by reading both answers: what a checking process tries before Math-Verify.

Pure and bounded. It answers None where one of the answers cannot be read, or where the values at
points say nothing for sure.
"""

from engine.grading.answers import read_answer
from engine.grading.choices import is_reference, named_choice
from engine.grading.compare import same
from engine.grading.exact import Decision, of_numbers, quoted, wrong
from engine.grading.parts import Named, Scalar
from engine.grading.spelling import spelled
from engine.grading.words import behind_stand, has_words, same_stand

MAX_READ_CHARS = 1_000


def decide_by_reading(gold: str, predicted: str) -> Decision | None:
    """Decides a pair of answers in the common spelling, or returns None."""
    if max(len(gold), len(predicted)) > MAX_READ_CHARS:
        return None
    if (equal := same_stand(gold, predicted)) is not None:
        same_one = f"The same stand: {quoted(gold)} and {quoted(predicted)}."
        is_same = equal and not _values_differ(behind_stand(gold), behind_stand(predicted))
        return Decision("correct", same_one) if is_same else wrong(gold, predicted)
    choice = named_choice(gold)
    if choice and choice.value and is_reference(gold) and named_choice(predicted) is None:
        gold = spelled(choice.value).text
    wanted, given = read_answer(gold), read_answer(predicted)
    if wanted is None or given is None:
        unread = predicted if given is None else gold
        return as_text(gold, predicted) if has_words(unread) else None
    equal = same(wanted, given)
    if equal is None:
        return None
    if isinstance(wanted, Scalar) and isinstance(given, Scalar):
        return of_numbers(equal, gold, predicted)
    if equal:
        return Decision("correct", f"Equal: {quoted(gold)} and {quoted(predicted)}.")
    return wrong(gold, predicted)


def _values_differ(gold: str, predicted: str) -> bool:
    """Whether two answers give different values of one thing behind their yes or no. Anything else
    that stands there is a reason, and may be another one.
    """
    wanted, given = (read_answer(text) if text else None for text in (gold, predicted))
    names = {one.name for one in (wanted, given) if isinstance(one, Named)}
    values = [one.value if isinstance(one, Named) else one for one in (wanted, given)]
    if len(names) > 1 or "" in names or not all(isinstance(one, Scalar) for one in values):
        return False
    return wanted is not None and given is not None and same(wanted, given) is False


def as_text(gold: str, predicted: str) -> Decision:
    """Compares two answers as text, without case."""
    if gold.casefold() == predicted.casefold():
        return Decision("correct", f"The same text: {quoted(gold)}.")
    return Decision("wrong", f"Compared as text, {quoted(predicted)} is not {quoted(gold)}.")
