r"""The cheap half of checking: writing two answers alike, and deciding the cases that need no
computer algebra.

Pure; it must never import Math-Verify. It says correct or wrong only where Math-Verify says so too
(a property test holds it to that) and answers None everywhere else. Numbered departures from
Math-Verify:
1. Two answers written alike are equal, even where Math-Verify cannot read them.
2. A word behind a number is a unit and is dropped ("18 dollars per day" is 18), beyond
   Math-Verify's own list.
3. Words are compared without case, so an answer in \text{} equals the same words outside it.
4. A choice letter is compared as a letter, whatever stands around it: (C), C., c and \textbf{(C)}\
   27 are one choice.
5. Math-Verify's thousands separators, and \, between groups of three digits.

Departures 3 and 4 are rules, not shortcuts: `check` asks `named_alike` too.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

MAX_PARSED_CHARS = 4_000
"""Longer answers are not handed to Math-Verify."""

_MAX_REWRITTEN_CHARS = 20_000
_MAX_DIGITS = 12
_TOO_CLOSE = Fraction(2, 10**6)
"""Math-Verify rounds decimals to six places: closer than this, it decides."""

_TOO_CLOSE_SHARE = Fraction(1, 10**6)
"""The same for a long decimal or a power of ten, as a share of the larger number: a float would be
rounded too.
"""

_WRITTEN_ALIKE: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"[−–﹣－]", "-"),
        (r"\\\$|\$|(?<!\\)\\[()\[\]!]|\*\*|\\displaystyle(?![A-Za-z])", ""),
        (r"\\(?:left|right)(?![A-Za-z])", ""),
        (
            r"(?<![\d.])(?!0+\\)0*\d{1,3}(?:\\,\d{3})+(?!\d)",
            lambda number: number.group().replace("\\,", ","),
        ),
        (r"(?<!\\)\\[ ,;:]|~|\\q?quad(?![A-Za-z])", " "),
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (r"\{,\}", ","),
        (r"(?:\^\{?\\circ\}?|°|\\degree)(?=\s*$)", ""),
        (r"\s+", " "),
        (r" ?\\?%", "%"),
        (r"(?<=\d) (?=\\frac\{)", ""),
        (r" (?=[^\w\s\\])|(?<=[^\w\s\\,]) ", ""),
        (r"(?<=,) (?!\d{3}(?!\d))", ""),
    )
)
_WRAPPED = re.compile(
    r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|operatorname|bf|rm)\s?\{([^{}]*)\}\Z"
)
_NUMBER = r"[-+]?(?:0*[1-9]\d{0,2}(?:,\d{3})+|\d+)?(?:\.\d+)?"
_PLUS = re.compile(r"\A\+ ?(?=[\d.])")
_LEADING_ZEROS = re.compile(r"\A(-?)0+(?=\d[\d,]*(?:\.\d+)?%?\Z)")
_SCIENTIFIC = re.compile(r"([-+]?\d{1,20}(?:\.\d{1,20})?)[eE]\+?(-?\d{1,4})\Z")
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_SCALED = re.compile(
    r"([-+]?\d{1,12}(?:\.\d{1,12})?)(?: ?\\text\{ ?| )(thousand|million|billion|trillion)(?:"
    r" [A-Za-z ]{1,40})?\}?\Z",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"([-+]?)([1-9]\d{0,2}(?:,\d{3})+|\d*)(\.\d+)?(%)?\Z")
_RATIO = re.compile(
    r"(-?)(?:\\frac\{(-?)(\d{1,12})\}\{(\d{1,12})\}|\\frac([1-9])([1-9])|(\d{1,12})/(\d{1,12}))\Z"
)
_POWER_OF_TEN = re.compile(
    r"(-?\d{1,12}(?:\.\d{1,12})?)\\(?:times|cdot) ?10\^(?:\{(-?\d{1,2})\}|(\d))\Z"
)
_MIXED = re.compile(r"(\d{1,6})\\frac\{(\d{1,6})\}\{(\d{1,6})\}\Z")
_WITH_UNIT = re.compile(
    rf"({_NUMBER}|-?\\frac\{{-?\d{{1,12}}\}}\{{\d{{1,12}}\}}|-?\d{{1,12}}/\d{{1,12}})"
    r"(?: ?\\(?:text|mathrm|mbox|textrm)\{([A-Za-z .,/-]{1,60})\}|(?:(?<=\}) ?| )([A-Za-z][A-Za-z"
    r" ,/-]{1,60}))(?:\^\{?[23]\}?)?\Z"
)
_NO_UNITS = frozenset(
    """
    pi sqrt sin cos tan log ln exp mod and or to plus minus times over if when where million \
billion thousand
    hundred trillion dozen percent pct half thirds quarters am pm choose factorial squared cubed \
with not
    """.split()
)
_WORDS = re.compile(r"(?:[A-Za-z]{3,}|[Nn][Oo])(?:[ '-][A-Za-z]+)*\Z")
_LETTER = re.compile(r"\(?([A-Ja-j])\)?[.:]?\Z")
_LABELLED = re.compile(r"(?:\\(?:text|textbf|mathrm|mathbf)\{)?\(?([A-J])[).:](?:\}|\s|\\| |$)")


class Decision(NamedTuple):
    """What the exact rules say of one pair."""

    status: Literal["correct", "wrong", "error"]
    reason: str


def written_alike(answer: str) -> str:
    r"""One answer in the one spelling that answers are compared in: no dollars, \left, thin spaces,
    units or \text{}.
    """
    text = answer.strip()
    if len(text) > _MAX_REWRITTEN_CHARS or (text.isascii() and text.isdigit()):
        return text
    for pattern, new in _WRITTEN_ALIKE:
        text = pattern.sub(new, text)
    text = text.strip().rstrip(".,;").strip()
    while wrapped := _WRAPPED.match(text):
        text = wrapped.group(1).strip().rstrip(".").strip()
    text = _PLUS.sub("", text)
    if scientific := _SCIENTIFIC.match(text):
        return "{}\\times10^{{{}}}".format(*scientific.groups())
    if scaled := _SCALED.match(text):
        return f"{scaled.group(1)}\\times10^{{{_SCALES[scaled.group(2).lower()]}}}"
    return _LEADING_ZEROS.sub(r"\1", _without_unit(text))


def _without_unit(text: str) -> str:
    if (
        len(text) > 200
        or not (match := _WITH_UNIT.match(text))
        or not any(c.isdigit() for c in match.group(1))
    ):
        return text
    words = re.findall(r"[a-z]+", (match.group(2) or match.group(3)).lower())
    one_letter = words and len(words[0]) < 2 and words[:2] != ["m", "s"]
    return (
        text
        if not words or one_letter or len(words) > 6 or _NO_UNITS.intersection(words)
        else match.group(1)
    )


def quoted(answer: str) -> str:
    """The answer as a sentence quotes it: one line, at most 60 characters."""
    line = " ".join(answer[:200].split())
    return line if len(line) <= 60 else line[:59] + "…"


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


def _as_numbers(gold: str, predicted: str) -> bool | None:
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


def _as_choice(gold: str, predicted: str) -> bool | None:
    """Whether two choice letters are the same; None unless both answers name one."""
    wanted = _LETTER.match(gold)
    chosen = _LETTER.match(predicted) or _LABELLED.match(predicted)
    if wanted is None or chosen is None or not wanted.group(1).isupper():
        return None
    return wanted.group(1) == chosen.group(1).upper()


def decide(gold: str, predicted: str) -> Decision | None:
    """Decides a pair of answers in the common spelling, or returns None: then Math-Verify must
    look.

    An answer too long to be parsed, and not decided by the rules, gets "error".
    """
    wrong = Decision("wrong", f"The extracted answer {quoted(predicted)} is not {quoted(gold)}.")
    if gold == predicted:
        return Decision("correct", f"The same answer: {quoted(gold)}.")
    if (equal := _as_numbers(gold, predicted)) is not None:
        return (
            Decision("correct", f"Equal as numbers: {quoted(gold)} and {quoted(predicted)}.")
            if equal
            else wrong
        )
    return named_alike(gold, predicted) or too_long(gold, predicted)


def named_alike(gold: str, predicted: str) -> Decision | None:
    """Decides two choice letters, or the same words in another case; None for anything else
    (departures 3 and 4).
    """
    if (equal := _as_choice(gold, predicted)) is not None:
        if equal:
            return Decision("correct", f"The same choice: {quoted(gold)}.")
        return Decision("wrong", f"The extracted answer {quoted(predicted)} is not {quoted(gold)}.")
    if _WORDS.match(gold) and _WORDS.match(predicted) and gold.casefold() == predicted.casefold():
        return Decision("correct", f"The same words: {quoted(gold)}.")
    return None


def too_long(gold: str, predicted: str) -> Decision | None:
    """An error where one of the answers is longer than what Math-Verify is handed, else None."""
    longest = max(len(gold), len(predicted))
    if longest <= MAX_PARSED_CHARS:
        return None
    which = "extracted" if len(predicted) == longest else "reference"
    limit = f"longer than the {MAX_PARSED_CHARS:,} that are parsed"
    return Decision("error", f"The {which} answer has {longest:,} characters, {limit}.")
