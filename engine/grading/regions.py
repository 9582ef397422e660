r"""Sets of real numbers: intervals, inequalities, {x | …}. Pure text work over `formula`.

`Unread` for inequalities in more than one variable, and for those that would have to be solved.
"""

import re
from fractions import Fraction

from engine.grading.formula import read_formula
from engine.grading.names import ACCENTED
from engine.grading.parts import Answer, Items, Piece, Region, Scalar
from engine.grading.splitting import in_brackets
from engine.grading.trees import INFINITE, MINUS_INFINITE, Tree, Unread, names_in, negative

VARIABLE = re.compile(
    rf"(?:[A-Za-z]|{ACCENTED}|\\[a-zA-Z]+)(?:_(?:\{{\w{{1,6}}\}}|\w))?"
    r"(?:'|\^\\prime(?![A-Za-z])|\^\{(?:\\prime ?){1,3}\}){0,3}\Z"
)
RELATION = re.compile(r"(\\(?:le|ge|lt|gt)(?![A-Za-z])|<|>)")
_BARS = re.compile(r"\|([A-Za-z])\|\Z")


def piece(left: str, low: str, high: str, right: str) -> Piece:
    return Piece(bound(low), bound(high), left == "[", right == "]")


def bound(text: str) -> Tree:
    """A formula, or an infinity."""
    text = text.strip()
    if text.startswith("{") and (inner := in_brackets(text)):
        return bound(inner[1])
    if text.lstrip("+-") == r"\infty":
        return MINUS_INFINITE if text[0] == "-" else INFINITE
    return read_formula(text)


def as_region(answer: Answer) -> Region | None:
    """What may be read as a set of numbers as one: (1,2) as an open interval; None for the rest."""
    if isinstance(answer, Region):
        return answer
    if not isinstance(answer, Items):
        return None
    trees = [item.tree for item in answer.items if isinstance(item, Scalar)]
    if len(trees) < len(answer.items):
        return None
    if answer.kind == "{}" and trees:
        return Region(tuple(Piece(tree, tree, True, True) for tree in trees))
    if answer.kind in ("()", "[]") and len(trees) == 2:
        low, high = trees
        return Region((Piece(low, high, answer.kind == "[]", answer.kind == "[]"),))
    return None


_FLIPPED = {"<": ">", ">": "<", r"\le": r"\ge", r"\ge": r"\le"}


def inequality(text: str) -> Region:
    parts = RELATION.split(text.replace(r"\lt", "<").replace(r"\gt", ">"))
    if len(parts) == 3:
        left, sign, right = (part.strip() for part in parts)
        if not (VARIABLE.match(left) or _BARS.match(left)):
            left, sign, right = right, _FLIPPED[sign], left
        return _half_line(left, sign, right)
    if len(parts) != 5 or not VARIABLE.match(parts[2].strip()):
        raise Unread
    low, first, name, second, high = (part.strip() for part in parts)
    if first in (">", r"\ge"):
        low, high, first, second = high, low, _FLIPPED[second], _FLIPPED[first]
    if not {first, second} <= {"<", r"\le"}:
        raise Unread
    return Region((Piece(bound(low), bound(high), first != "<", second != "<"),), name)


def _half_line(name: str, sign: str, at: str) -> Region:
    end = bound(at)
    closed, is_below = sign in (r"\le", r"\ge"), sign in ("<", r"\le")
    if bars := _BARS.match(name):
        if end in (INFINITE, MINUS_INFINITE) or names_in(end):
            raise Unread
        minus = negative(end)
        if is_below:
            return Region((Piece(minus, end, closed, closed),), bars.group(1))
        outside = Piece(MINUS_INFINITE, minus, False, closed), Piece(end, INFINITE, closed, False)
        return Region(outside, bars.group(1))
    if not VARIABLE.match(name):
        raise Unread
    piece = (
        Piece(MINUS_INFINITE, end, False, closed)
        if is_below
        else Piece(end, INFINITE, closed, False)
    )
    return Region((piece,), name)


def joined(regions: list[Region], is_either: bool) -> Region:
    pieces = tuple(piece for region in regions for piece in region.pieces)
    if is_either or len(pieces) != 2:
        if not is_either:
            raise Unread
        return Region(pieces, regions[0].name)
    above = [p for p in pieces if p.high == INFINITE and p.low != MINUS_INFINITE]
    below = [p for p in pieces if p.low == MINUS_INFINITE and p.high != INFINITE]
    if len(above) != 1 or len(below) != 1:
        raise Unread
    low, high = above[0].low, below[0].high
    if not isinstance(low, Fraction) or not isinstance(high, Fraction):
        raise Unread
    if low < high:
        piece = Piece(low, high, above[0].low_closed, below[0].high_closed)
        return Region((piece,), regions[0].name)
    return Region(pieces, regions[0].name)
