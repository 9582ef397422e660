"""Whether one number is the other, rounded: where a decimal stands for an exact value.

Pure. Two rules for answers that are compared, both narrower than Math-Verify's, which rounds
everything to six places:
1. A decimal with six or more places equals the value that it is the rounding, or the beginning, of.
2. A measured number below a thousandth, written a × 10^-n, equals its rounding to fewer digits, at
   least one of them behind the point.
And one for a value and the decimal that an answer itself puts behind ≈: it lies within one unit of
the last place that is written, rounded or cut.
"""

from fractions import Fraction
from typing import Any

from engine.grading.parts import Scalar
from engine.grading.rationals import NotRational, Unsure, exact
from engine.grading.trees import names_in
from engine.grading.values import number

MIN_PLACES = 6
_BITS = 200
_TINY = Fraction(1, 1000)


def is_rounding(gold: Scalar, predicted: Scalar) -> bool:
    """Whether one of two different numbers is the other one, rounded."""
    if names_in(gold.tree) or names_in(predicted.tree):
        return False
    if gold.power < 0 and predicted.power < 0:
        return _measured(gold, predicted)
    if gold.power or predicted.power:
        return False
    decimals = [one for one in (gold, predicted) if len(one.digits) >= MIN_PLACES]
    if not decimals:
        return False
    rounded = min(decimals, key=lambda one: len(one.digits))
    other = predicted if rounded is gold else gold
    if 0 < len(other.digits) < len(rounded.digits):
        return False
    return _stands_for(rounded, other)


def misses(decimal: Scalar, value: Scalar) -> bool:
    """Whether a decimal behind ≈ is a unit of its last written place or more from the value; False
    where that cannot be said.
    """
    if names_in(value.tree) or names_in(decimal.tree):
        return False
    try:
        near, unit = exact(decimal.tree, {}), _last_place(decimal)
        scale = Fraction(1, 100) if decimal.percent and not value.percent else 1
        off = number(value.tree, {}, _BITS) - number(near * scale, {}, _BITS)
        return bool(abs(off) >= number(unit * scale, {}, _BITS))
    except (NotRational, Unsure, TypeError):
        return False


def _last_place(decimal: Scalar) -> Fraction:
    """What one more in the last written place adds; zeros at the end of a whole number may be
    rounded. Raises: NotRational, Unsure.
    """
    if decimal.digits or decimal.power:
        return Fraction(10) ** (decimal.power - len(decimal.digits))
    whole = exact(decimal.tree, {})
    if whole.denominator > 1:
        raise NotRational
    zeros = len(str(whole)) - len(str(whole).rstrip("0")) if whole else 0
    return Fraction(10**zeros)


def _stands_for(rounded: Scalar, other: Scalar) -> bool:
    assert isinstance(rounded.tree, Fraction), "a decimal is one number"
    unit = Fraction(1, 10 ** len(rounded.digits))
    if abs(rounded.tree) < unit * 10 ** (MIN_PLACES - 1):
        return False  # too few digits that say something
    try:
        value: Any = exact(other.tree, {})
        off = abs(rounded.tree) - abs(value)
        within = -unit < off <= unit / 2
    except Unsure:
        return False
    except NotRational:
        try:
            value = number(other.tree, {}, _BITS)
            if hasattr(value, "imag") and value.imag:
                return False
            off = number(abs(rounded.tree), {}, _BITS) - abs(value)
            within = -number(unit, {}, _BITS) < off <= number(unit / 2, {}, _BITS)
        except Unsure:
            return False
    return bool(within) and (value > 0) == (rounded.tree > 0)


def _measured(gold: Scalar, predicted: Scalar) -> bool:
    fewer, more = sorted((gold, predicted), key=lambda one: len(one.digits))
    a, b = fewer.tree, more.tree
    try:
        a, b = exact(a, {}), exact(b, {})
    except (NotRational, Unsure):
        return False
    if not 0 < len(fewer.digits) < len(more.digits) or max(abs(a), abs(b)) >= _TINY:
        return False
    unit = Fraction(10) ** (fewer.power - len(fewer.digits))
    return abs(a - b) <= unit / 2
