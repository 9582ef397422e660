"""The exact value of a formula that is a fraction, at a point. Pure, bounded by MAX_BITS."""

import math
from fractions import Fraction
from typing import Any

from engine.grading.trees import INFINITE, Tree

Point = dict[str, Any]
"""Fractions, or mpmath numbers, by variable."""

MAX_BITS = 120_000
"""Of an exact number: 2024! has 19,000."""


MAX_TERMS = 1_000
"""Of a sum or a product."""


class NotRational(Exception):
    """The value is no fraction, or one with too many digits."""


class Unsure(Exception):
    """The value cannot be computed here."""


def exact(tree: Tree, point: Point) -> Fraction:
    """The value as a fraction.

    Raises: NotRational; Unsure for a division by zero.
    """
    if isinstance(tree, Fraction):
        return tree
    match tree[0]:
        case "name":
            value = point[tree[1]]
            if not isinstance(value, Fraction):
                raise NotRational
            return value
        case "add":
            return _limited(sum((exact(part, point) for part in tree[1:]), Fraction()))
        case "mul":
            return _limited(exact(tree[1], point) * exact(tree[2], point))
        case "div":
            top, bottom = exact(tree[1], point), exact(tree[2], point)
            if not bottom:
                raise Unsure
            return _limited(top / bottom)
        case "pow":
            return _power(exact(tree[1], point), exact(tree[2], point))
        case "root":
            return _exact_root(exact(tree[1], point), exact(tree[2], point))
        case "call":
            return _exact_call(tree[1], exact(tree[2], point))
        case "binomial":
            return _binomial(exact(tree[1], point), exact(tree[2], point))
        case "sum" | "prod":
            return _series(tree, point)
    raise NotRational


def _series(tree: tuple, point: Point) -> Fraction:
    """Of a finite sum or product."""
    is_sum = tree[0] == "sum"
    value = Fraction(not is_sum)
    for at in indices(tree, point):
        term = exact(tree[4], point | {tree[1]: at})
        value = _limited(value + term if is_sum else value * term)
    return value


def indices(tree: tuple, point: Point) -> list[Fraction]:
    """The index's values of a finite sum or product. Raises: NotRational for any other."""
    if tree[3] == INFINITE:
        raise NotRational
    low, high = exact(tree[2], point), exact(tree[3], point)
    n = high - low + 1
    if low.denominator != 1 or n.denominator != 1 or not 0 <= n <= MAX_TERMS:
        raise NotRational
    return [low + at for at in range(int(n))]


def _limited(value: Fraction) -> Fraction:
    if value.numerator.bit_length() + value.denominator.bit_length() > MAX_BITS:
        raise NotRational
    return value


def _power(base: Fraction, exponent: Fraction | int) -> Fraction:
    if exponent.denominator != 1:
        if base > 0 and exponent.denominator <= 64:
            return _power(_exact_root(base, Fraction(exponent.denominator)), exponent.numerator)
        raise NotRational
    n = exponent.numerator
    bits = base.numerator.bit_length() + base.denominator.bit_length()
    if abs(base) != 1 and base and (abs(n) > MAX_BITS or abs(n) * bits > MAX_BITS * 2):
        raise NotRational
    if not base and n <= 0:
        raise Unsure
    if abs(base) == 1:
        return Fraction(-1 if base < 0 and n % 2 else 1)
    return base**n


def _exact_root(value: Fraction, index: Fraction) -> Fraction:
    n = index.numerator
    if index.denominator != 1 or not 2 <= n <= 64:
        raise NotRational
    if value < 0:
        if n % 2 == 0:
            raise NotRational
        return -_exact_root(-value, index)
    return Fraction(_whole_root(value.numerator, n), _whole_root(value.denominator, n))


def _whole_root(value: int, n: int) -> int:
    """The n-th root of a whole number that is an n-th power. Raises: NotRational."""
    if value < 2:
        return value
    root = 1 << -(-value.bit_length() // n)
    while (better := ((n - 1) * root + value // root ** (n - 1)) // n) < root:
        root = better
    if root**n != value:
        raise NotRational
    return root


def _exact_call(name: str, value: Fraction) -> Fraction:
    match name:
        case "abs":
            return abs(value)
        case "floor":
            return Fraction(math.floor(value))
        case "ceil":
            return Fraction(math.ceil(value))
        case "!" if value.denominator == 1 and 0 <= value <= 9_000:
            return Fraction(math.factorial(value.numerator))
    raise NotRational


def _binomial(n: Fraction, k: Fraction) -> Fraction:
    if n.denominator != 1 or k.denominator != 1 or not 0 <= k <= n <= 20_000:
        raise NotRational
    return Fraction(math.comb(n.numerator, k.numerator))
