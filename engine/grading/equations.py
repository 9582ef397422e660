"""Whether two equations say the same, by values at points.

Pure, like `values`. Equal: their sides' differences are equal up to a constant factor; or one gives
a variable by the others, and the other equation is linear in it and holds there. Different: a point
that satisfies one breaks the other. None in doubt.
"""

from fractions import Fraction
from typing import Any, TypeAlias

from engine.grading.rationals import Unsure
from engine.grading.sample_points import points
from engine.grading.trees import Tree, names_in, negative, parts_of
from engine.grading.values import compared, number, same_formula

Equation: TypeAlias = tuple[Tree, Tree]

_BITS = 200
_ZERO, _ONE, _TWO = Fraction(0), Fraction(1), Fraction(2)


def same_equation(first: Equation, second: Equation) -> bool | None:
    """Whether two equations, each of two sides, have the same solutions; None in doubt."""
    gaps = [_gap(equation) for equation in (first, second)]
    names = names_in(gaps[0])
    if names != names_in(gaps[1]) or not names:
        return False if names != names_in(gaps[1]) else None
    try:
        if _proportional(gaps, names):
            return True
        for equation, gap in ((first, gaps[1]), (second, gaps[0])):
            if (same := _explicit_in(equation, gap)) is not None:
                return same
        return False if _a_solution_breaks(gaps, names) else None
    except Unsure:
        return None


def _gap(equation: Equation) -> Tree:
    """Left side minus right side."""
    return ("add", equation[0], negative(equation[1]))


def _proportional(gaps: list[Tree], names: frozenset[str]) -> bool:
    factors: list[Any] = []
    for point in points(names, (1, 1, -1, 1)):
        a, b = (number(gap, point, _BITS) for gap in gaps)
        if not a or not b:
            raise Unsure
        factors.append(a / b)
    return all(compared(factor, factors[0], _BITS) == "same" for factor in factors[1:])


def _explicit_in(equation: Equation, gap: Tree) -> bool | None:
    """What putting y = f(x) into the other equation says; None where it says nothing."""
    for name, value in (equation, equation[::-1]):
        if isinstance(name, tuple) and name[0] == "name" and name[1] not in names_in(value):
            y = name[1]
            holds = same_formula(put(gap, y, value), _ZERO)
            if holds is False:
                return False
            return True if holds and _is_linear(gap, y) else None
    return None


def _is_linear(gap: Tree, name: str) -> bool:
    at = [put(gap, name, value) for value in (_ZERO, _ONE, _TWO)]
    bend = ("add", at[2], at[0], ("mul", Fraction(-2), at[1]))
    return same_formula(bend, _ZERO) is True and same_formula(at[0], at[1]) is False


def put(tree: Tree, name: str, value: Tree) -> Tree:
    """The formula with a value in a variable's place."""
    if isinstance(tree, Fraction) or not parts_of(tree):
        return value if tree == ("name", name) else tree
    head = tree[: len(tree) - len(parts_of(tree))]
    return (*head, *(put(part, name, value) for part in parts_of(tree)))


def _a_solution_breaks(gaps: list[Tree], names: frozenset[str]) -> bool:
    """Whether some solution of one equation, found where it is quadratic or linear in a variable,
    is none of the other.
    """
    point = points(names, (1,))[0]
    for gap, other in (gaps, gaps[::-1]):
        for name in sorted(names):
            for root in _roots(gap, name, point):
                left = number(other, point | {name: root}, _BITS)
                if compared(left + 1, left * 0 + 1, _BITS // 2) == "apart":
                    return True
    return False


def _roots(gap: Tree, name: str, point: dict[str, Any]) -> list[Any]:
    """The values of a variable that solve gap = 0; empty unless it is quadratic or linear in it."""
    at = [number(gap, point | {name: Fraction(n)}, _BITS) for n in range(-1, 3)]
    a = (at[2] + at[0]) / 2 - at[1]
    b = (at[2] - at[0]) / 2
    c = at[1]
    if compared(4 * a + 2 * b + c + 1, at[3] + 1, _BITS // 2) != "same":
        return []
    if compared(a + 1, a * 0 + 1, _BITS // 2) == "same":
        return [-c / b] if b else []
    root = (b * b - 4 * a * c) ** 0.5
    return [(-b + root) / (2 * a), (-b - root) / (2 * a)]
