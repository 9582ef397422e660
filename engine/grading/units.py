r"""Units behind a value: "15 \mathrm{~cm}" is 15 with the unit cm, "18 apples" is 18 of something.

A value without a unit equals the value with any unit; two different known units are two different
answers, and nothing is converted (docs/verdicts.md). What is no unit is left where it is: words
that multiply (hundred, dozen), bounds (or more), a second value (5 feet 6 inches).
"""

import re
from typing import NamedTuple

_NAMES = {
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres cms",
    "m": "m meter meters metre metres",
    "km": "km kilometer kilometers kilometre kilometres kms",
    "in": "in inch inches",
    "ft": "ft foot feet",
    "yd": "yd yard yards",
    "mi": "mi mile miles",
    "g": "g gram grams gm",
    "kg": "kg kilogram kilograms kgs",
    "mg": "mg milligram milligrams",
    "lb": "lb lbs pound pounds",
    "oz": "oz ounce ounces",
    "s": "s sec secs second seconds",
    "min": "min mins minute minutes",
    "h": "h hr hrs hour hours",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "year years yr yrs",
    "l": "l liter liters litre litres",
    "ml": "ml milliliter milliliters millilitre millilitres",
    "dollar": "dollar dollars usd bucks",
    "cent": "cent cents",
    "euro": "euro euros eur",
    "degree": "degree degrees deg",
    "radian": "radian radians rad",
    "N": "newton newtons",
    "J": "joule joules",
    "W": "watt watts",
    "Hz": "hz hertz",
    "K": "kelvin",
    "V": "volt volts",
}
_CANONICAL = {name: unit for unit, names in _NAMES.items() for name in names.split()}
_RATES = {"mph": "mi/h", "kph": "km/h", "kmh": "km/h", "sqft": "ft2", "sqm": "m2", "cc": "cm3"}
_MONEY = frozenset(("dollar", "cent", "euro"))
_POWERS = {"square": "2", "sq": "2", "squared": "2", "cubic": "3", "cu": "3", "cubed": "3"}
NO_UNITS = frozenset(
    """
    pi sqrt sin cos tan log ln exp mod and or to plus minus times over if when where million
    billion thousand hundred trillion dozen dozens percent pct half thirds quarters pm am choose
    factorial with not more less fewer least most than at about above below between through from
    is are either neither other hundreds thousands millions score gross pair pairs times
    modulo base except but for all any none no
    """.split()
)
_VALUE_END = r"[\d})\]!π]|\\pi"
_TEXT_UNIT = re.compile(
    r"(?P<value>.*(?:[\d})\]!]|\\pi|[A-Za-z])) ?"
    r"\\(?:text|mathrm|mbox|textrm|textnormal|operatorname|rm|mathbf|textbf|textit|mathit)\s?"
    r"\{(?P<unit>[ A-Za-z .,/^\d{}·*\\-]{1,60}?)\}(?P<power>\^\{?[-\d]{1,2}\}?)?\.?\Z"
)
_SLASHED = re.compile(
    r"\\(?:text|mathrm|mbox|textrm)\s?\{ ?([A-Za-z .]{1,20})\}(\^\{?\d\}?)? ?/ ?"
    r"\\(?:text|mathrm|mbox|textrm)\s?\{ ?([A-Za-z .]{1,20})\}(\^\{?\d\}?)?\Z"
)
_NUMBER = r"[-+]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)"
_PLAIN_UNIT = re.compile(
    rf"(?P<value>{_NUMBER}(?:\^\{{?\d{{1,3}}\}}?|/\d{{1,12}})?"
    r"|-?\d{0,6}\\frac\{-?\d{1,12}\}\{\d{1,12}\}|-?\d{0,6}\\frac\d\d"
    r"|-?[\d.]{0,6}\\sqrt(?:\{\d{1,6}\}|\d)|-?[\d./]{0,9} ?\\pi)"
    r"(?P<space> ?)(?P<unit>[A-Za-z][A-Za-z .,/'-]{0,60}?)(?P<power>\^\{?-?\d\}?)?\.?\Z"
)
_ONE_LETTER = frozenset("mgshLl")


class Measured(NamedTuple):
    """A value and its unit."""

    value: str
    unit: str
    """The known unit's own short name, such as km/h or cm2; empty for another noun."""


def without_unit(text: str) -> Measured | None:
    """The value of a text that ends in a unit or a noun; None for a text that does not."""
    if len(text) > 300 or not (text[-1:].isalpha() or text[-1:] in "}.23"):
        return None
    if slashed := _SLASHED.search(text):
        top, top_power, bottom, bottom_power = slashed.groups()
        unit = f"{top}{_digits(top_power)}/{bottom}{_digits(bottom_power)}"
        return Measured(text[: slashed.start()].rstrip(), known_unit(unit, None))
    if (match := _TEXT_UNIT.match(text)) and _is_unit(match["unit"]):
        if not re.search(rf"(?:{_VALUE_END})\Z", match["value"]) or "\\text" in match["value"]:
            return None
        return Measured(match["value"], known_unit(match["unit"], match["power"]))
    return _plain(text)


def _plain(text: str) -> Measured | None:
    match = _PLAIN_UNIT.match(text)
    if not match or not any(c.isdigit() or c == "\\" for c in match["value"]):
        return None
    unit, is_apart = match["unit"].strip(" ."), bool(match["space"])
    words = re.findall("[A-Za-z]+", unit)
    if not _is_unit(unit):
        return None
    known = known_unit(unit, match["power"])
    if len(words[0]) == 1 and not (known and is_apart and words[0] in _ONE_LETTER):
        return None
    if not is_apart and not (known and len(words[0]) > 1 and match["value"][-1] not in "i"):
        return None
    return Measured(match["value"], known)


def _is_unit(text: str) -> bool:
    words = re.findall("[a-z]+", text.lower())
    is_other = words in (["e"], ["i"], ["a", "m"], ["p", "m"]) or text.strip() == "k"
    return 0 < len(words) <= 6 and not is_other and not NO_UNITS.intersection(words)


def clash(first: str, second: str) -> bool:
    """Whether two known units are different ones; what a price is per may be left out.

    >>> clash("cm", "m"), clash("km/h", "km"), clash("dollar/day", "dollar"), clash("", "cm")
    (True, True, False, False)
    """
    if not first or not second:
        return False
    amounts = first.partition("/")[0], second.partition("/")[0]
    if ("/" in first) != ("/" in second) and amounts[0] in _MONEY:
        first, second = amounts
    return first != second


def _digits(power: str | None) -> str:
    return "".join(c for c in power or "" if c.isdigit() or c == "-").removeprefix("1")


def known_unit(text: str, power: str | None) -> str:
    """The short name of a known unit in words or letters; empty for anything else.

    >>> known_unit("cubic centimeters", None), known_unit("miles per hour", None)
    ('cm3', 'mi/h')
    >>> known_unit("cm", "^2")
    'cm2'
    """
    names: list[str] = []
    raised = ""
    for word in re.findall(r"[A-Za-z]+|\d|/", text.replace("\\", " ")):
        lower = word.lower()
        if word == "/" or lower == "per":
            names.append("/")
        elif lower in _POWERS or word.isdigit():
            if lower in ("squared", "cubed") or word.isdigit():
                names.append(_POWERS.get(lower) or word)
            else:
                raised = _POWERS[lower]
        elif lower in _RATES:
            names.append(_RATES[lower])
        elif lower in _CANONICAL and (len(word) > 1 or word in _ONE_LETTER):
            names.append(_CANONICAL[lower] + raised)
            raised = ""
        else:
            return ""
    return "".join(names) + _digits(power) if names else ""
