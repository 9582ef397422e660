"""Labels of what is chosen from a list. The browser answers with a label, and of two options with
the same one the last is taken, whichever was clicked: so no two may be equal.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import chain, count
from typing import TypeVar

Value = TypeVar("Value")


def distinct(labels: Mapping[Value, str], apart: Callable[[Value], str] = str) -> dict[Value, str]:
    """The same labels by value, those that several values have with what tells them apart behind
    them, and where that is equal too, with a number.

    >>> distinct({"/a/one": "mine", "/b/one": "mine", "/c": "other"}, lambda v: v[-3:])
    {'/a/one': 'mine · one', '/b/one': 'mine · one (2)', '/c': 'other'}
    """
    n_labelled = Counter(labels.values())
    longer = {
        value: label if n_labelled[label] == 1 else f"{label} · {apart(value)}"
        for value, label in labels.items()
    }
    different: dict[str, Value] = {}
    for value, label in longer.items():
        numbered = (f"{label} ({n})" for n in count(2))
        free = next(name for name in chain([label], numbered) if name not in different)
        different[free] = value
    return {value: label for label, value in different.items()}
