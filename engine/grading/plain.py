"""Two plain numbers: whole numbers, decimals, fractions, mixed numbers, a × 10^n, percents.

Pure text work, the fastest of the rules: it decides most pairs, in the caller's own thread. It
answers None wherever a number is another thing, or rounding would decide.
"""

import re
from decimal import Decimal
from fractions import Fraction

_MAX_DIGITS = 12
_TOO_CLOSE = Fraction(2, 10**6)
"""Decimals closer than this are left to `rounding`."""

_TOO_CLOSE_SHARE = Fraction(1, 10**6)
"""The same for a long decimal or a power of ten, as a share of the larger number."""

_PLAIN = re.compile(r"([-+]?)([1-9]\d{0,2}(?:,\d{3})+|\d*)(\.\d+)?(%)?\Z")
_RATIO = re.compile(
    r"(-?)(?:\\frac\{(-?)(\d{1,12})\}\{(\d{1,12})\}|\\frac([1-9])([1-9])|(\d{1,12})/(\d{1,12}))\Z"
)
_POWER_OF_TEN = re.compile(
    r"(-?\d{1,12}(?:\.\d{1,12})?)\\(?:times|cdot) ?10\^(?:\{(-?\d{1,2})\}|(\d))\Z"
)
_MIXED = re.compile(r"(\d{1,6})\\frac\{(\d{1,6})\}\{(\d{1,6})\}\Z")


def _value(text: str) -> tuple[Fraction, bool, bool] | None:
    """(value, written as a decimal, with a percent sign) of a number, fraction, mixed number or a ×
    10^n; else None.
    """
    if len(text) > 40:
        return None
    if (plain := _PLAIN.match(text)) and (plain.group(2) or plain.group(3)):
        sign, whole, decimals, percent = plain.groups()
        digits = whole.replace(",", "") + (decimals or "")
        return Fraction(Decimal(sign + digits)), decimals is not None, percent is not None
    if ratio := _RATIO.match(text):
        outer, inner, *parts = ratio.groups()
        top, bottom = (int(p) for p in parts if p)
        if bottom:
            return Fraction(top, bottom) * (-1 if outer != (inner or "") else 1), False, False
    if power := _POWER_OF_TEN.match(text):
        return (
            Fraction(Decimal(power.group(1)))
            * Fraction(10) ** int(power.group(2) or power.group(3)),
            True,
            False,
        )
    if mixed := _MIXED.match(text):
        whole, top, bottom = map(int, mixed.groups())
        if 0 < top < bottom:
            return whole + Fraction(top, bottom), False, False
    return None


def same_numbers(gold: str, predicted: str) -> bool | None:
    """Whether two plain numbers are equal; None where one is not a plain number, or where rounding
    would decide.
    """
    if gold.isascii() and predicted.isascii() and gold.isdigit() and predicted.isdigit():
        return gold.lstrip("0") == predicted.lstrip("0")
    a, b = _value(gold), _value(predicted)
    if a is None or b is None:
        return None
    if a[2] or b[2]:
        return True if a[0] == b[0] > 0 and a[0].denominator == 1 and not (a[1] or b[1]) else None
    if any(
        one[1] and (len(text) > _MAX_DIGITS or "10^" in text)
        for one, text in ((a, gold), (b, predicted))
    ):
        return (
            False
            if abs(a[0] - b[0]) > max(_TOO_CLOSE, _TOO_CLOSE_SHARE * max(abs(a[0]), abs(b[0])))
            else None
        )
    if a[0] == b[0]:
        return True
    return None if (a[1] or b[1]) and abs(a[0] - b[0]) < _TOO_CLOSE else False
