"""Telling two formulas apart by their value at one point, so that most wrong answers need no symbolic proof.

Child side only: it works on parsed sympy objects. It can show that two formulas differ, never that they are equal.
Without it Math-Verify tries to simplify the difference, which takes seconds for formulas that have nothing in common.
"""

from typing import Any

import sympy
from sympy.core.function import AppliedUndef

_DIGITS = 20
_DIFFERENT = 1e-6
_NOT_AT_A_POINT = (
    sympy.Float,
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
    """What has to be equal: both formulas, or the right sides where x = a meets x = b, x = a meets b, a meets x = b."""
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


def differ_at_a_point(gold: Any, predicted: Any) -> bool:
    """Whether two parsed answers are formulas with clearly different values at one fixed point; False when in doubt.

    Every variable gets a positive value of its own below 2. Sums, integrals, whole-number functions, decimals and
    unknown functions are left to Math-Verify. May hang, like everything that evaluates a formula.
    """
    sides = _sides(gold, predicted)
    if sides is None:
        return False
    symbols = sorted(sides[0].free_symbols | sides[1].free_symbols, key=str)
    point = {symbol: sympy.Rational(37 + 17 * place, 53 + 11 * place) for place, symbol in enumerate(symbols)}
    try:
        a, b = (complex(side.subs(point).evalf(_DIGITS)) for side in sides)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return False
    return abs(a - b) > _DIFFERENT * max(1.0, abs(a), abs(b))
