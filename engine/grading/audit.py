"""What two engines of rules disagree about, by kind: which verdict became which, over which kinds
of answers.
"""

from collections import Counter
from collections.abc import Sequence

from engine.grading.again import Disagreement
from engine.grading.answers import read_answer
from engine.grading.choices import is_reference
from engine.grading.extraction import reference_answer
from engine.grading.spelling import spelled
from engine.grading.words import has_words

_NAMES = {
    "Scalar": "a number or formula",
    "Named": "a named value",
    "Equation": "an equation",
    "Chain": "a value in several spellings",
    "Items": "several values",
    "Region": "a set of numbers",
    "Matrix": "a matrix",
    "Ratio": "a ratio",
    "Time": "a time",
    "Based": "a number in another base",
}


def kinds(disagreements: Sequence[Disagreement]) -> list[tuple[str, int]]:
    """(kind, how many), the most frequent first.

    >>> kinds([])
    []
    """
    return Counter(map(_kind, disagreements)).most_common()


def _kind(one: Disagreement) -> str:
    reference = what_it_is(spelled(reference_answer(one.answer)).text)
    answer = what_it_is(spelled(one.predicted).text) if one.predicted else "no answer"
    return f"{one.was} → {one.is_now}: {answer} for {reference}"


def what_it_is(answer: str) -> str:
    """What an answer in the common spelling is, in a few words."""
    if is_reference(answer):
        return "a choice"
    if (read := read_answer(answer)) is not None:
        return _NAMES[type(read).__name__]
    return "words" if has_words(answer) else "what is not read here"
