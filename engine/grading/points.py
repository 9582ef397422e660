"""Telling two formulas apart by their value at one point, so that most wrong answers need no
symbolic proof.

Child side only: it works on parsed sympy objects. It can show that two formulas differ, never that
they are equal. Without it Math-Verify tries to simplify the difference, which takes seconds for
formulas that have nothing in common.
"""

from typing import Any

import sympy
from sympy.core.function import AppliedUndef

_DIGITS = 20
_DIFFERENT = 1e-6
_DIFFERENT_DECIMALS = 1e-4
"""With a decimal in a formula: Math-Verify would round it."""

_TINY = 1e-3
_NOT_AT_A_POINT = (
    sympy.UnevaluatedExpr,
    sympy.Integral,
    sympy.Sum,
    sympy.Product,
    sympy.Limit,
    sympy.Derivative,
    sympy.factorial,
    sympy.binomial,
    sympy.floor,
    sympy.ceiling,
    sympy.Mod,
    sympy.zoo,
    sympy.nan,
    sympy.oo,
    AppliedUndef,
)


def _sides(gold: Any, predicted: Any) -> tuple[Any, Any] | None:
    """What has to be equal: both formulas, or the right sides where x = a meets x = b, x = a meets
    b, a meets x = b.
    """
    named = [side.lhs if isinstance(side, sympy.Eq) else None for side in (gold, predicted)]
    if any(name is not None and not isinstance(name, sympy.Symbol) for name in named):
        return None
    if None not in named and named[0] != named[1]:
        return None
    sides = [side.rhs if isinstance(side, sympy.Eq) else side for side in (gold, predicted)]
    if any(not isinstance(side, sympy.Expr) or isinstance(side, sympy.Symbol) for side in sides):
        return None
    names = {name for name in named if name is not None}
    if any(side.has(*_NOT_AT_A_POINT) or names & side.free_symbols for side in sides):
        return None
    return sides[0], sides[1]


def _explicit(relation: sympy.Eq) -> bool:
    """Whether it gives one variable by the others: y = f(x)."""
    return isinstance(relation.lhs, sympy.Symbol) and relation.lhs not in relation.rhs.free_symbols


def _point(*sides: Any) -> dict[Any, Any]:
    """A value for every variable, each its own, positive and below 2."""
    symbols = sorted(set().union(*(side.free_symbols for side in sides)), key=str)
    return {
        symbol: sympy.Rational(37 + 17 * place, 53 + 11 * place)
        for place, symbol in enumerate(symbols)
    }


def _apart(first: Any, second: Any, point: dict[Any, Any]) -> bool:
    a, b = (complex(side.subs(point).evalf(_DIGITS)) for side in (first, second))
    share = (
        _DIFFERENT_DECIMALS
        if any(side.has(sympy.Float) for side in (first, second))
        else _DIFFERENT
    )
    return abs(a - b) > share * max(1.0, abs(a), abs(b))


def _with_plain_name(relation: Any) -> Any:
    """Q(t) = ... as Q = ...; anything else as it is."""
    if not isinstance(relation, sympy.Eq) or not isinstance(relation.lhs, AppliedUndef):
        return relation
    return sympy.Eq(
        sympy.Symbol(relation.lhs.func.__name__, real=True), relation.rhs, evaluate=False
    )


def _equations_apart(gold: Any, predicted: Any) -> bool:
    """Whether a point that satisfies one equation, of the kind y = f(x), clearly breaks the other.

    Equations without a variable are apart where their right sides are.
    """
    equations = _with_plain_name(gold), _with_plain_name(predicted)
    if not all(
        isinstance(one, sympy.Eq) and all(isinstance(side, sympy.Expr) for side in one.args)
        for one in equations
    ):
        return False
    if any(one.has(*_NOT_AT_A_POINT) for one in equations):
        return False
    if not any(one.free_symbols for one in equations):
        return _apart(equations[0].rhs, equations[1].rhs, {})
    for one, other in (equations, equations[::-1]):
        if _explicit(one):
            point = _point(one, other)
            point[one.lhs] = one.rhs.subs(point)
            if _apart(other.lhs, other.rhs, point):
                return True
    return False


def tiny_and_apart(gold: Any, predicted: Any) -> bool:
    """Whether two numbers, both below a thousandth, differ by more than a fiftieth of the larger
    one.
    """
    if not all(
        isinstance(side, sympy.Expr) and not side.free_symbols for side in (gold, predicted)
    ):
        return False
    try:
        a, b = (complex(side.evalf(_DIGITS)) for side in (gold, predicted))
    except (TypeError, ValueError, OverflowError, ZeroDivisionError, RecursionError):
        return False
    larger = max(abs(a), abs(b))
    return larger < _TINY and abs(a - b) > larger / 50


def differ_at_a_point(gold: Any, predicted: Any) -> bool:
    """Whether two parsed answers are formulas, or equations, that one fixed point tells apart;
    False when in doubt.

    Every variable gets a positive value of its own below 2. Sums, integrals, whole-number functions
    and unknown functions are left to Math-Verify. May hang, like everything that evaluates a
    formula.
    """
    try:
        if sides := _sides(gold, predicted):
            return _apart(*sides, _point(*sides))
        return _equations_apart(gold, predicted)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError, RecursionError):
        return False
