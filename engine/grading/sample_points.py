"""At which points two formulas are compared: the same ones every time. Pure."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from engine.grading.rationals import Point
from engine.grading.trees import Tree, holds_series, names_in, parts_of

_FAR = 7
"""How many times as large variables are at the second try."""

_NEAR = Fraction(1, 9)
"""How large variables are, as a share, where there is a series: it has to come to rest."""

_WHOLE_POINTS = 90
"""Where formulas with floors are compared: between most whole numbers, they are alike."""


def tries(first: Tree, second: Tree) -> list[list[Point]]:
    """Points for two formulas; a further list for where the one before says nothing.

    Variables are positive unless their signs matter, small where a series has to come to rest, and
    whole numbers inside floors.
    """
    names, both = names_in(first) | names_in(second), (first, second)
    if not names:
        return [[{}]]
    if n_steps := sum(map(_has_steps, both)):
        whole = whole_points(names)
        return [whole if n_steps == 2 else whole + points(names, (1, 1))]
    if any(map(holds_series, both)):
        return [points(names, (1, 1), _NEAR)]
    if any(map(_minds_signs, both)):
        return [points(names, (1, 1, -1))]
    return [points(names, (1, 1)), points(names, (1, 1), _FAR)]


def points(names: Iterable[str], signs: Sequence[int], scale: Fraction | int = 1) -> list[Point]:
    """As many points as signs: a fraction of its own for every variable, the same every time."""
    ordered = sorted(names)
    return [
        {
            name: sign * scale * Fraction(37 + 17 * place + 5 * at, 53 + 11 * place - 16 * at)
            for place, name in enumerate(ordered)
        }
        for at, sign in enumerate(signs)
    ]


def whole_points(names: Iterable[str]) -> list[Point]:
    """Whole numbers for every variable, one after the other, the same every time."""
    ordered = sorted(names)
    return [
        {
            name: Fraction(12 + (at * (2 * place + 1) + place) % 97)
            for place, name in enumerate(ordered)
        }
        for at in range(_WHOLE_POINTS)
    ]


def _has_steps(tree: Tree) -> bool:
    """Whether a formula holds a floor or a ceiling."""
    if isinstance(tree, Fraction):
        return False
    return tree[:2] in (("call", "floor"), ("call", "ceil")) or any(map(_has_steps, parts_of(tree)))


def _minds_signs(tree: Tree) -> bool:
    """Whether an absolute value, or the root of an even power, makes a variable's sign matter."""
    if isinstance(tree, Fraction):
        return False
    if tree[0] == "call" and tree[1] == "abs":
        return bool(names_in(tree))
    if tree[0] == "root":
        return _has_even_power(tree[1])
    return any(_minds_signs(part) for part in parts_of(tree))


def _has_even_power(tree: Tree) -> bool:
    if isinstance(tree, Fraction):
        return False
    if tree[0] == "pow" and isinstance(tree[2], Fraction) and names_in(tree[1]):
        return tree[2].denominator == 1 and tree[2] % 2 == 0
    return any(_has_even_power(part) for part in parts_of(tree))
