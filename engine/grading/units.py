r"""Units behind a value: "15 \mathrm{~cm}" is 15 with the unit cm, "18 apples" is 18 of something.

A value without a unit equals the value with any unit; two different known units are two different
answers, and nothing is converted (docs/verdicts.md). What is no unit is left where it is: words
that multiply (hundred, dozen), bounds (or more), a second value (5 feet 6 inches), months, a letter
in bold, a letter that is no unit's, a chemical formula.
"""

import re
from typing import NamedTuple

from engine.grading.unit_names import BY_NAME, BY_SYMBOL, MONEY, NO_UNITS, POWERS, RATES

_UPRIGHT = "text|mathrm|mbox|textrm|textnormal|rm"
_OTHER = "operatorname|mathbf|textbf|textit|mathit"
_POWER = r"\^(?:\{-?\d{1,2}\}|\d)"
_ITEM = (
    rf"\\(?:{_UPRIGHT}|{_OTHER})\s?\{{(?=[^{{}}]*[A-Za-z])"
    rf"(?:[ A-Za-z.,/\d·*\\-]|{_POWER}|\^-\d|\{{ ?\}}){{1,60}}\}}(?:{_POWER})?"
)
_VALUE_END = r"[\d})\]!π]|\\pi"
_IN_FONT = re.compile(
    rf"(?P<value>.*?(?:{_VALUE_END}))(?P<space> ?)"
    rf"(?P<unit>{_ITEM}(?: ?(?:\\cdot|[·*/-])? ?{_ITEM}){{0,6}})\.?\Z"
)
_FONT = re.compile(rf"\\(?:{_UPRIGHT}|{_OTHER})\s?(?=\{{)|[{{}}]|\\cdot(?![A-Za-z])")
_LETTER_IN_OTHER = re.compile(rf"\\(?:{_OTHER})\s?\{{ ?[A-Za-z] ?\}}")
_SURE_VALUE = re.compile(r"(?:[-+.,\d/{}() ]|\\(?:frac|sqrt|pi|times|cdot)(?![A-Za-z])|π|\^)+\Z")
_NUMBER = r"[-+]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)"
_PLAIN_UNIT = re.compile(
    rf"(?P<value>{_NUMBER}(?:\^\{{?\d{{1,3}}\}}?|/\d{{1,12}})?"
    r"|-?\d{0,6}\\frac\{-?\d{1,12}\}\{\d{1,12}\}|-?\d{0,6}\\frac\d\d"
    r"|-?[\d.]{0,6}\\sqrt(?:\{\d{1,6}\}|\d)|-?[\d./]{0,9} ?\\pi)"
    r"(?P<space> ?)(?P<unit>[A-Za-z][A-Za-z .,/'-]{0,60}?)(?P<power>\^\{?-?\d\}?)?\.?\Z"
)
_DECIMAL = re.compile(rf"{_NUMBER}\Z")
_ONE_LETTER = frozenset("mgshLl")
_NOUN = re.compile(r"[a-z]{2,}|[A-Z][a-z]{2,}|[A-Z]+s")
_TOKEN = re.compile(r"[A-Za-z]+|-?\d+|/")


class Measured(NamedTuple):
    """A value and its unit."""

    value: str
    unit: str
    """The known unit's own short name, such as km/h or cm2; empty for another noun."""


def without_unit(text: str) -> Measured | None:
    """The value of a text that ends in a unit or a noun; None for a text that does not."""
    if len(text) > 300 or not (text[-1:].isalpha() or text[-1:] in "}.23"):
        return None
    if "\\" in text and (match := _IN_FONT.match(text)):
        return _in_font(match)
    return _plain(text)


def _in_font(match: re.Match[str]) -> Measured | None:
    r"""A unit in \text{} or \mathrm{}, or in several of them."""
    value, unit = match["value"], match["unit"]
    written = _FONT.sub(" ", unit.replace("^", ""))
    words = re.findall("[A-Za-z]+", written)
    if "\\text" in value or _is_no_unit(words) or _LETTER_IN_OTHER.search(unit):
        return None
    known = known_unit(written, None)
    if not known:
        least = 2 if unit.startswith(r"\text") else 3
        return Measured(value, "") if len(words[0]) >= least and _is_noun(words) else None
    is_letter = len(words) == 1 and len(words[0]) == 1 and not match["space"]
    if is_letter and not _SURE_VALUE.match(value):
        return None
    return Measured(value, known)


def _plain(text: str) -> Measured | None:
    match = _PLAIN_UNIT.match(text)
    if not match or not any(c.isdigit() or c == "\\" for c in match["value"]):
        return None
    unit, is_apart = match["unit"].strip(" ."), bool(match["space"])
    words = re.findall("[A-Za-z]+", unit)
    if _is_no_unit(words):
        return None
    known = known_unit(unit, match["power"])
    if not known:
        is_noun = is_apart and len(words[0]) > 2 and _is_noun(words)
        return Measured(match["value"], "") if is_noun else None
    if _is_product(words, unit, match["power"]) or (
        not is_apart and (len(words[0]) == 1 or match["value"][-1] == "i")
    ):
        return None
    is_symbol = any(word in BY_SYMBOL and word.lower() not in BY_NAME for word in words)
    if is_symbol and not (is_apart and _DECIMAL.match(match["value"])):
        return None
    return Measured(match["value"], known)


def _is_product(words: list[str], unit: str, power: str | None) -> bool:
    """Whether letters behind a number are rather variables: 2 N, 2 g h, but not 2 m, 2 m/s."""
    if len(words[0]) > 1:
        return False
    if words[0] not in _ONE_LETTER:
        return True
    return (
        len(words) > 1
        and max(map(len, words)) == 1
        and "/" not in unit
        and "-" not in (power or "")
    )


def _is_no_unit(words: list[str]) -> bool:
    lower = [word.lower() for word in words]
    return (
        not 0 < len(words) <= 6
        or lower in (["e"], ["i"], ["a", "m"], ["p", "m"], ["squared"], ["cubed"])
        or words == ["k"]
        or not NO_UNITS.isdisjoint(lower)
    )


def _is_noun(words: list[str]) -> bool:
    """Whether words look like a noun, and not like letters: NaCl and bh do not."""
    return bool(_NOUN.fullmatch(words[0])) or any(len(w) > 3 and w.islower() for w in words[1:])


def clash(first: str, second: str) -> bool:
    """Whether two known units are different ones; what a price is per may be left out.

    >>> clash("cm", "m"), clash("km/h", "km"), clash("dollar/day", "dollar"), clash("", "cm")
    (True, True, False, False)
    """
    if not first or not second:
        return False
    amounts = first.partition("/")[0], second.partition("/")[0]
    if ("/" in first) != ("/" in second) and amounts[0] in MONEY:
        first, second = amounts
    return first != second


def known_unit(text: str, power: str | None) -> str:
    """The short name of a known unit in words or letters, whatever the order of its parts; empty
    for anything else.

    >>> known_unit("cubic centimeters", None), known_unit("miles per hour", None)
    ('cm3', 'mi/h')
    >>> known_unit("cm", "^2"), known_unit("m s", "^{-2}"), known_unit("s N", None)
    ('cm2', 'm/s2', 'N·s')
    """
    text = text.replace("\\mu ", "u").replace("\\", " ")
    exponents: dict[str, int] = {}
    last, raised, side = "", 1, 1
    for token in _TOKEN.findall(f"{text} {(power or '').strip('^{}')}"):
        if token == "/" or token == "per":
            if not last:
                return ""
            side = -1
        elif token.lstrip("-").isdigit() or token in ("squared", "cubed"):
            if not last:
                return ""
            exponents[last] += (POWERS.get(token) or int(token)) * side - side
        elif token.lower() in POWERS:
            raised = POWERS[token.lower()]
        elif names := _named(token):
            for last, times in names:
                exponents[last] = exponents.get(last, 0) + times * raised * side
            raised = 1
        else:
            return ""
    return _written(exponents)


def _named(word: str) -> tuple[tuple[str, int], ...]:
    """The units of one word with their powers; none for a word that names no unit."""
    lower = word.lower()
    if lower in RATES:
        return RATES[lower]
    if word in BY_SYMBOL:
        return ((BY_SYMBOL[word], 1),)
    if lower in BY_NAME and (len(word) > 1 or word in _ONE_LETTER):
        return ((BY_NAME[lower], 1),)
    return ()


def _written(exponents: dict[str, int]) -> str:
    powers = sorted((name, power) for name, power in exponents.items() if power)
    above = "·".join(f"{name}{power if power > 1 else ''}" for name, power in powers if power > 0)
    below = [f"/{name}{-power if power < -1 else ''}" for name, power in powers if power < 0]
    return "".join([above or ("1" if below else ""), *below])
