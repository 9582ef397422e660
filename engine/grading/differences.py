r"""Where two answers that are written alike differ: the one part, at their commas and signs of
relation, that is not the same text.

Pure text work, linear. A statement says the same as another with the same words in front and
another value behind only if the values are equal; Math-Verify, asked about the whole, compares one
side: ∫ sin = 0 is ∫ sin = 1 to it.
"""

from engine.grading.splitting import split

_RELATIONS = ("approx", "sim", "simeq", "cong", "equiv", "perp", "parallel", "in", "subset", "to")
_SEPARATORS = (";", ",", "=", *(rf"\{name}" for name in _RELATIONS), ":")


def only_difference(gold: str, predicted: str) -> tuple[str, str] | None:
    """The parts of both that differ, cut as small as the separators allow; None where nothing can
    be cut off, or more than one part differs.

    >>> only_difference("f(1)=2,f(3)=4", "f(1)=2,f(3)=5")
    ('4', '5')
    """
    narrowed = (gold, predicted)
    for separator in _SEPARATORS:
        parts = [split(text, separator) for text in narrowed]
        if len(parts[0]) != len(parts[1]):
            return None
        differing = [pair for pair in zip(*parts) if pair[0] != pair[1]]
        if len(differing) != 1:
            return None
        [narrowed] = differing
    return None if narrowed == (gold, predicted) or not all(narrowed) else narrowed
