r"""Taking an answer apart: numbers and formulas, names, equations, lists, tuples, sets, intervals,
matrices, ratios, times (`parts`).

Pure text work over `formula`; it never compares (see `compare`).
"""

import re
from fractions import Fraction
from functools import lru_cache

from engine.grading.formula import read_formula
from engine.grading.names import ACCENTED
from engine.grading.parts import (
    Answer,
    Based,
    Chain,
    Equation,
    Items,
    Matrix,
    Named,
    Piece,
    Ratio,
    Region,
    Scalar,
    Time,
)
from engine.grading.regions import RELATION, VARIABLE, as_region, bound, inequality, joined, piece
from engine.grading.splitting import (
    aligned_as_list,
    in_brackets,
    matrix_rows,
    split,
    with_commas,
)
from engine.grading.trees import INFINITE, MINUS_INFINITE, Unread, names_in
from engine.grading.units import without_unit

CONSTANTS = ("e", "i", r"\pi")
"""Letters that stand for a number, and never name one."""

_DECIMAL = re.compile(r"[-+]?[\d,]*\.(\d+)\Z")
_SCIENTIFIC = re.compile(r"[-+]?\d+(?:\.(\d+))? ?(?:\\times|\\cdot|\*) ?10\^\{?(-?\d{1,4})\}?\Z")
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?: ?(?:\\text\{ ?)?([apAP])\.?[mM]\.?\}?)?\Z")
_BASED = re.compile(r"([0-9A-Fa-f]{1,40})_(?:\{(?:\\text\{)? ?(\d{1,2})\}?\}|(\d{1,2}))\Z")
_MARKED = r"(?:'{1,2}|\^\{-1\}|\^\{?(?:\\prime ?){1,3}\}?)?"
_FUNCTION = re.compile(
    rf"(?:[A-Za-z]|{ACCENTED})(?:_\{{?\w{{1,4}}\}}?)?{_MARKED}"
    r"\([^()=]{1,40}\)\Z|\|[A-Z]\w?\|\Z|[A-Z]{2,4}\Z|[A-Z]\^\{-1\}\Z"
)
_BUILDER = re.compile(r"\\?\{ ?([A-Za-z])(?: ?\\in ?\\?(?:mathbb\{R\}|R))? ?[|:] ?(.+?) ?\\?\}\Z")
_MEMBER = re.compile(r"([A-Za-z](?:_\{?\w{1,4}\}?)?) ?\\in ?(?![A-Za-z])(.+)\Z")
_REVERSED = re.compile(r"([\[\](])([^\[\]();,]+)[;,]([^\[\]();,]+)([\[\])])\Z")
_EQUALS = re.compile(r"((?<!_\{\w)=|\\approx(?![A-Za-z]))")
_WORDY = re.compile(
    r"\\(?:text|mathrm|angle|triangle|overline|operatorname)|(?<![A-Za-z\\])[A-Za-z]{4,}"
)
_UNREADABLE = re.compile(r"\\(?:ne|int|lim|Rightarrow|to|equiv|pmod|bmod|mod)(?![A-Za-z])|\?")
_SIXTIETHS = r"(\d{1,2}(?:\.\d{1,9})?)"
_ANGLE = re.compile(
    rf"(-?)(\d{{1,6}})(?:\^\{{?\\circ\}}?|°) ?{_SIXTIETHS}(?:\^\{{?\\prime\}}?|')"
    rf" ?(?:{_SIXTIETHS}(?:\^\{{?\\prime ?\\prime\}}?|''|\"))?\Z"
)
_INTERVAL = re.compile(r"([\[(])([^\[\](),;]+),([^\[\](),;]+)([\])])\Z")
_UPRIGHT = re.compile(r"\\(?:mathrm|text|mathbf|mathit)\{([A-Za-z])\}\Z")
_UNEQUAL = re.compile(r"([A-Za-z]) ?\\ne(?![A-Za-z]) ?(.+)\Z")
_ALL_REALS = ("all real numbers", "all reals", "the real numbers", "the set of all real numbers")
_PLUS_MINUS = re.compile(r"\\(pm|mp)(?![A-Za-z])")


@lru_cache(maxsize=16_384)
def read_answer(text: str) -> Answer | None:
    """An answer in the common spelling, taken apart; None where it cannot be."""
    try:
        return _read(text, 0)
    except (Unread, RecursionError):
        return None


def _read(text: str, depth: int) -> Answer:
    text = text.strip()
    if not text or depth > 6:
        raise Unread
    if rows := matrix_rows(text):
        return Matrix(tuple(tuple(_read(cell, depth + 1) for cell in row) for row in rows))
    text = aligned_as_list(text)
    if text in (r"\emptyset", r"\{\}"):
        return Items("{}", ())
    if (region := _region_of(text, depth)) is not None:
        return region
    commas, is_either = with_commas(text)
    parts = split(commas, ";") if ";" in commas else split(commas, ",")
    if len(parts) > 1:
        return _listed([_read(part, depth + 1) for part in parts], is_either)
    return _single(text, depth)


def _single(text: str, depth: int) -> Answer:
    if bracketed := in_brackets(text):
        return _bracketed(*bracketed, depth)
    if ":" in text and RELATION.search(text):
        return _twice(text, depth)
    if _PLUS_MINUS.search(text):
        return _both_signs(text, depth)
    if _UNREADABLE.search(text):
        raise Unread
    if RELATION.search(text):
        return inequality(text)
    if _EQUALS.search(text):
        return _equation(text, depth)
    if angle := _ANGLE.match(text):
        return _angle(*angle.groups())
    if based := _BASED.match(text):
        return Based(based.group(1).upper().lstrip("0"), int(based.group(2) or based.group(3)))
    if time := _TIME.match(text):
        hour, minute, half = time.groups()
        if int(hour) < 25 and int(minute) < 60:
            return Time(int(hour), int(minute), (half or "").lower())
    if ":" in text:
        return Ratio(tuple(read_formula(part) for part in split(text, ":")))
    return scalar(text)


def _twice(text: str, depth: int) -> Answer:
    """x ≥ 2 : [2, ∞) as one region in two spellings."""
    spellings = [as_region(_read(part, depth + 1)) for part in split(text, ":")]
    regions = tuple(region for region in spellings if region)
    if len(regions) < len(spellings) or len(regions) != 2:
        raise Unread
    return Chain(regions, (True,))


def _angle(sign: str, degrees: str, minutes: str, seconds: str | None) -> Scalar:
    """An angle in degrees, minutes and seconds as degrees."""
    value = Fraction(degrees) + Fraction(minutes) / 60 + Fraction(seconds or 0) / 3600
    return Scalar(-value if sign else value)


def scalar(text: str) -> Scalar:
    """One number or formula. Raises: Unread."""
    if text.endswith("%"):
        return Scalar(read_formula(text[:-1]), percent=True)
    if decimal := _DECIMAL.match(text):
        return Scalar(read_formula(text), digits=decimal.group(1))
    if scientific := _SCIENTIFIC.match(text):
        behind, power = scientific.groups()
        return Scalar(read_formula(text), digits=behind or "", power=int(power))
    return Scalar(bound(text))


def _bracketed(left: str, inner: str, right: str, depth: int) -> Answer:
    commas, _ = with_commas(inner)
    parts = split(commas, ";") if ";" in commas else split(commas, ",")
    if left == r"\{" or (left == "{" and len(parts) > 1):
        return Items("{}", tuple(_read(part, depth + 1) for part in parts))
    if len(parts) == 1:
        if left in "({":
            return _read(inner, depth + 1)
        return scalar(left + inner + right)
    if left + right in ("(]", "[)"):
        if len(parts) != 2:
            raise Unread
        return Region((piece(left, parts[0], parts[1], right),))
    if any(re.search(r"\d,\d{3}(?!\d)", part) for part in parts):
        raise Unread
    return Items("()" if left == "(" else "[]", tuple(_read(part, depth + 1) for part in parts))


def _both_signs(text: str, depth: int) -> Answer:
    """a ± b as the list of a + b and a − b."""
    signs = {"pm": ("+", "-"), "mp": ("-", "+")}
    both = [_PLUS_MINUS.sub(lambda sign, at=at: signs[sign.group(1)][at], text) for at in (0, 1)]
    return _listed([_read(one, depth + 1) for one in both], False)


def _region_of(text: str, depth: int) -> Answer | None:
    r"""A set of numbers in the signs of sets: ∪, ∈, reversed brackets, {x | …}, ℝ; None else. One
    of {…} is a list with a name.
    """
    if builder := _BUILDER.match(text):
        inner = _read(builder.group(2), depth + 1)
        if isinstance(inner, Region):
            return inner
        raise Unread
    if member := _MEMBER.match(text):
        inner = _read(member.group(2), depth + 1)
        if isinstance(inner, Items) and inner.kind == "{}":
            return Named(member.group(1), inner)
        region = as_region(inner)
        return Region(region.pieces, member.group(1)) if region else None
    if unequal := _UNEQUAL.match(text):
        point = read_formula(unequal.group(2))
        both = piece("(", r"-\infty", unequal.group(2), ")"), Piece(point, INFINITE, False, False)
        return Region(both, unequal.group(1))
    unions = split(text, r"\cup")
    if len(unions) > 1:
        regions = [_member_of_union(part, depth) for part in unions]
        if any(region is None for region in regions):
            raise Unread
        return Region(tuple(p for region in regions if region for p in region.pieces))
    if (ends := _REVERSED.match(text)) and (ends.group(1) == "]" or ends.group(4) == "["):
        left, low, high, right = ends.groups()
        return Region((piece(left if left == "[" else "(", low, high, right),))
    if text in (r"\mathbb{R}", r"\mathbf{R}") or text.lower() in _ALL_REALS:
        return Region((Piece(MINUS_INFINITE, INFINITE, False, False),))
    return None


def _member_of_union(text: str, depth: int) -> Region | None:
    """An interval, where (12,102) is one too, or another region."""
    if ends := _INTERVAL.match(text):
        left, low, high, right = ends.groups()
        return Region((piece(left, low, high, right),))
    return as_region(_read(text, depth + 1))


def _equation(text: str, depth: int) -> Answer:
    parts = _EQUALS.split(text)
    sides, signs = [part.strip() for part in parts[::2]], parts[1::2]
    if not all(sides):
        raise Unread
    if in_brackets(sides[0]) and len(sides) == 2:
        return _names_of_tuple(sides[0], sides[1], depth)
    if len(sides) == 2 and (named := _named(sides[0], sides[1], depth)):
        return named
    if (
        len(sides) == 2
        and VARIABLE.match(sides[1])
        and (named := _named(sides[1], sides[0], depth))
    ):
        return named
    if len(sides) > 2 or signs[0] != "=":
        return _chain(sides, signs, depth)
    left, right = (read_formula(side) for side in sides)
    if not names_in(left) and not names_in(right):
        return _chain(sides, signs, depth)
    return Equation((left, right))


def _named(name: str, value: str, depth: int) -> Named | None:
    """name = value; None where the left side is no name."""
    name = _UPRIGHT.sub(r"\1", name)
    if VARIABLE.match(name) and name not in CONSTANTS:
        measured = without_unit(value)
        inner = _read(measured.value if measured else value, depth + 1)
        sides = None
        if isinstance(inner, Scalar):
            left = read_formula(name)
            if names_in(left) & names_in(inner.tree):
                return None
            sides = left, inner.tree
        return Named(_spelled_name(name), inner, sides)
    if _FUNCTION.match(name) or _WORDY.search(name):
        measured = without_unit(value)
        return Named("", _read(measured.value if measured else value, depth + 1))
    return None


def _spelled_name(name: str) -> str:
    r"""A variable's name in one spelling: x_1 for x_{1}, v for \mathbf{v}."""
    tree = read_formula(name)
    return tree[1] if isinstance(tree, tuple) and tree[0] == "name" else name


def _names_of_tuple(names: str, values: str, depth: int) -> Answer:
    """(x,y) = (1,2) as x = 1, y = 2."""
    inner, other = in_brackets(names), _read(values, depth + 1)
    letters = re.split("[,;]", inner[1]) if inner else []
    if (
        not isinstance(other, Items)
        or len(letters) != len(other.items)
        or not all(VARIABLE.match(letter.strip()) for letter in letters)
    ):
        if isinstance(other, Items) and all(VARIABLE.match(n.strip()) for n in letters):
            return other  # several tuples
        raise Unread
    pairs = zip(letters, other.items)
    return Items("()", tuple(Named(letter.strip(), value) for letter, value in pairs))


def _chain(sides: list[str], signs: list[str], depth: int) -> Answer:
    """S = 2 + 4 = 6: the values, without a name or a formula of other variables in front."""
    is_variable = VARIABLE.match(sides[0]) and sides[0] not in CONSTANTS
    is_name = is_variable or _FUNCTION.match(sides[0]) or _WORDY.search(sides[0])
    name = sides[0] if is_variable else ""
    if is_name:
        sides, signs = sides[1:], signs[1:]
    values = [_read(side, depth + 1) for side in sides]
    last = values[-1]
    if isinstance(last, Scalar) and not names_in(last.tree):
        while isinstance(values[0], Scalar) and names_in(values[0].tree):
            values, signs = values[1:], signs[1:]
    chain = Chain(tuple(values), tuple(sign == "=" for sign in signs))
    answer = chain if len(values) > 1 else values[0]
    return Named(name, answer) if is_name else answer


def _listed(answers: list[Answer], is_either: bool) -> Answer:
    """Several answers side by side: of one variable, of several, or half-lines that make a set."""
    if all(isinstance(answer, Region) for answer in answers):
        return joined([answer for answer in answers if isinstance(answer, Region)], is_either)
    first = answers[0]
    if isinstance(first, Named) and not any(isinstance(other, Named) for other in answers[1:]):
        return Named(first.name, Items("list", (first.value, *answers[1:])))
    names = {_base(answer.name) if isinstance(answer, Named) else "" for answer in answers}
    if len(names) == 1 and isinstance(first, Named) and _base(first.name):
        values = tuple(answer.value for answer in answers if isinstance(answer, Named))
        return Named(_base(first.name), Items("list", values))
    return Items("list", tuple(answers))


def _base(name: str) -> str:
    """x of x_1."""
    return re.sub(r"_\d+\Z", "", name)
