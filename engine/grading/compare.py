"""Whether two answers, taken apart, are equal: True, False, or None where Math-Verify must look.

Pure and bounded. The conventions are written down in docs/verdicts.md; each rule is a function.
"""

from fractions import Fraction

from engine.grading.equations import same_equation
from engine.grading.matching import all_of, matched
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
from engine.grading.regions import as_region
from engine.grading.rounding import is_rounding, misses
from engine.grading.trees import INFINITE, MINUS_INFINITE, Tree, names_in
from engine.grading.values import same_formula

_MAX_ITEMS = 60


def same(gold: Answer, predicted: Answer) -> bool | None:
    """Whether an answer equals the reference."""
    if gold == predicted:
        return True
    match gold, predicted:
        case (Chain(), _) | (_, Chain()):
            return _same_chain(gold, predicted)
        case Named(), Named():
            return _both_named(gold, predicted)
        case Scalar(), Scalar():
            return _same_scalar(gold, predicted)
        case Equation(), Equation():
            return _same_equations(gold, predicted)
        case (Named(), Equation()) | (Equation(), Named()):
            return (
                same_equation(gold.sides, predicted.sides)
                if gold.sides and predicted.sides
                else None
            )
        case (Equation(), Scalar()) | (Scalar(), Equation()):
            return _sum_has_value(gold, predicted)
        case (Region(), _) | (_, Region()):
            return _same_region(gold, predicted)
        case (Items(), _) | (_, Items()):
            return _same_items(gold, predicted)
        case Named(), _:
            return same(gold.value, predicted)
        case _, Named():
            return same(gold, predicted.value)
        case Matrix(), Matrix():
            return _same_matrix(gold, predicted)
        case (Matrix(), Scalar()) | (Scalar(), Matrix()):
            trees = [_tree_of(gold), _tree_of(predicted)]
            return None if None in trees else same_formula(*(tree for tree in trees if tree))
        case _:
            return _same_other(gold, predicted)


def _infinities(*trees: Tree) -> bool:
    return any(tree in (INFINITE, MINUS_INFINITE) for tree in trees)


def _same_tree(first: Tree, second: Tree) -> bool | None:
    return first == second if _infinities(first, second) else same_formula(first, second)


def _same_scalar(gold: Scalar, predicted: Scalar) -> bool | None:
    """Numbers by value; a percent sign may be left out or be a hundredth; a decimal may be the
    rounding of the other (`rounding`).
    """
    if _infinities(gold.tree, predicted.tree):
        return gold.tree == predicted.tree
    equal = same_formula(gold.tree, predicted.tree)
    if equal is not True and gold.percent != predicted.percent:
        percent, plain = (gold, predicted) if gold.percent else (predicted, gold)
        hundredth = ("mul", Fraction(1, 100), percent.tree)
        return same_formula(hundredth, plain.tree) if equal is False else equal
    if equal is False and is_rounding(gold, predicted):
        return True
    return equal


def _both_named(gold: Named, predicted: Named) -> bool | None:
    if gold.name and predicted.name and gold.name != predicted.name:
        if gold.sides and predicted.sides and names_in(gold.sides[1]):
            return same_equation(gold.sides, predicted.sides)
        if gold.name.partition("_")[0] != predicted.name.partition("_")[0]:
            return False
    return same(gold.value, predicted.value)


def _same_chain(gold: Answer, predicted: Answer) -> bool | None:
    """A chain is each of its values. An answer whose values, joined by =, are not equal is wrong,
    even where one of them is right, and so is one whose decimal behind ≈ misses them, unless it is
    the reference's; a reference like that says nothing.
    """
    if isinstance(predicted, Chain) and (_breaks(predicted) or _misses(predicted, gold)):
        return False
    if isinstance(gold, Chain) and _breaks(gold):
        return None
    golds = gold.values if isinstance(gold, Chain) else (gold,)
    others = predicted.values if isinstance(predicted, Chain) else (predicted,)
    outcomes = [same(one, other) for one in golds for other in others]
    return True if True in outcomes else all_of(outcomes)


def _breaks(chain: Chain) -> bool:
    links = zip(chain.values, chain.values[1:], chain.holds)
    return any(must and same(left, right) is False for left, right, must in links)


def _misses(chain: Chain, gold: Answer) -> bool:
    """Whether a decimal behind ≈ is not what stands in front of it, or another one than the
    reference gives to as many places; the reference's own is none of this.
    """
    known = gold.values if isinstance(gold, Chain) else (gold,)
    scalars = [one for one in known if isinstance(one, Scalar)]
    links = zip(chain.values, chain.values[1:], chain.holds)
    for left, right, must in links:
        if must or not isinstance(left, Scalar) or not isinstance(right, Scalar):
            continue
        if any(same(one, right) for one in scalars):
            continue
        if misses(right, left) or any(_as_many_places(one, right) for one in scalars):
            return True
    return False


def _as_many_places(first: Scalar, second: Scalar) -> bool:
    return bool(first.digits) and len(first.digits) == len(second.digits)


def _same_equations(gold: Equation, predicted: Equation) -> bool | None:
    """Whether two equations say the same. Identities, which say nothing of their variables, are
    compared by what their sides are.
    """
    if (same_solutions := same_equation(gold.sides, predicted.sides)) is not None:
        return same_solutions
    holds = [same_formula(*equation.sides) for equation in (gold, predicted)]
    if holds == [True, True]:
        return same_formula(gold.sides[0], predicted.sides[0])
    return False if set(holds) == {True, False} else None


def _sum_has_value(gold: Answer, predicted: Answer) -> bool | None:
    """m + n = 15 and 15: a sum of variables with a value is that value."""
    equation, value = (gold, predicted) if isinstance(gold, Equation) else (predicted, gold)
    assert isinstance(equation, Equation) and isinstance(value, Scalar)
    left, right = equation.sides
    if names_in(value.tree) or names_in(right):
        return None
    is_sum = isinstance(left, tuple) and left[0] == "add" and all(map(_is_term, left[1:]))
    return same_formula(right, value.tree) if is_sum else False


def _is_term(tree: Tree) -> bool:
    """A variable, or a number times one."""
    if isinstance(tree, tuple) and tree[0] == "mul" and isinstance(tree[1], Fraction):
        tree = tree[2]
    return isinstance(tree, tuple) and tree[0] == "name"


def _same_region(gold: Answer, predicted: Answer) -> bool | None:
    names = [one.name for one in (gold, predicted) if isinstance(one, Region | Named) and one.name]
    plain = [one.value if isinstance(one, Named) else one for one in (gold, predicted)]
    first, second = map(as_region, plain)
    if first is None or second is None:
        return None if any(isinstance(one, Equation | Matrix) for one in plain) else False
    if len(names) == 2 and names[0] != names[1]:
        return _is_mirrored(first, second) or _is_mirrored(second, first)
    if len(first.pieces) != len(second.pieces) or len(first.pieces) > _MAX_ITEMS:
        return None if len(first.pieces) != len(second.pieces) else False
    return matched(first.pieces, second.pieces, _same_piece)


def _is_mirrored(above: Region, below: Region) -> bool:
    """Whether a > b is said of two variables as b < a."""
    if len(above.pieces) != 1 or len(below.pieces) != 1:
        return False
    (one,), (other,) = above.pieces, below.pieces
    ends = one.low == ("name", below.name) and other.high == ("name", above.name)
    lines = one.high == INFINITE and other.low == MINUS_INFINITE
    return ends and lines and one.low_closed == other.high_closed


def _same_piece(first: Piece, second: Piece) -> bool | None:
    ends = (
        (first.low, second.low, first.low_closed, second.low_closed),
        (
            first.high,
            second.high,
            first.high_closed,
            second.high_closed,
        ),
    )
    return all_of(
        [
            _same_tree(a, b) if _infinities(a) or left == right else False
            for a, b, left, right in ends
        ]
    )


def _same_items(gold: Answer, predicted: Answer) -> bool | None:
    named = [one.name for one in (gold, predicted) if isinstance(one, Named) and one.name]
    first, second = (one.value if isinstance(one, Named) else one for one in (gold, predicted))
    if len(named) == 2 and named[0].partition("_")[0] != named[1].partition("_")[0]:
        return False
    if not isinstance(first, Items) or not isinstance(second, Items):
        items, other = (first, second) if isinstance(first, Items) else (second, first)
        return _one_value(items, other)
    if max(len(first.items), len(second.items)) > _MAX_ITEMS:
        return None
    if all(any(isinstance(item, Named) for item in one.items) for one in (first, second)):
        return _same_names(first, second)
    first, second = _in_order(first), _in_order(second)
    kinds = {first.kind, second.kind}
    if kinds == {"()", "[]"} and len(first.items) == 2:
        return False  # (3,4) is a point or an open interval, [3,4] a closed one
    if kinds <= {"list", "{}"}:
        return matched(first.items, second.items, same)
    if len(first.items) != len(second.items):
        return False
    return all_of([same(a, b) for a, b in zip(first.items, second.items)])


def _one_value(items: Answer, other: Answer) -> bool | None:
    """Several answers that are all the same one are one answer."""
    assert isinstance(items, Items)
    if items.kind not in ("list", "{}") or not items.items:
        return None if isinstance(other, Matrix) else False
    return all_of([same(item, other) for item in items.items])


def _same_names(first: Items, second: Items) -> bool | None:
    """x = 2, y = 4: every name has its value."""
    parts = [
        {item.name: item.value for item in one.items if isinstance(item, Named)}
        for one in (first, second)
    ]
    if any(len(part) != len(one.items) for part, one in zip(parts, (first, second))):
        return (
            all_of([same(a, b) for a, b in zip(first.items, second.items)])
            if len(first.items) == len(second.items)
            else False
        )
    if parts[0].keys() != parts[1].keys():
        return False
    return all_of([same(value, parts[1][name]) for name, value in parts[0].items()])


def _in_order(items: Items) -> Items:
    """Named values as a tuple in the order of their names; anything else as it is."""
    named = [item for item in items.items if isinstance(item, Named)]
    if (
        not named
        or len(named) < len(items.items)
        or len({item.name for item in named}) < len(named)
    ):
        return items
    ordered = sorted(named, key=lambda item: item.name)
    return Items("()", tuple(item.value for item in ordered))


def _same_matrix(gold: Matrix, predicted: Matrix) -> bool | None:
    if [len(row) for row in gold.rows] != [len(row) for row in predicted.rows]:
        return False
    pairs = zip(gold.rows, predicted.rows)
    return all_of([same(a, b) for row, other in pairs for a, b in zip(row, other)])


def _tree_of(answer: Matrix | Scalar) -> Tree | None:
    """A number or a formula; a matrix of them."""
    if isinstance(answer, Scalar):
        return answer.tree
    cells = [cell for row in answer.rows for cell in row]
    trees = [cell.tree for cell in cells if isinstance(cell, Scalar)]
    if len(trees) < len(cells) or len({len(row) for row in answer.rows}) > 1:
        return None
    return ("matrix", len(answer.rows[0]), *trees)


def _same_other(gold: Answer, predicted: Answer) -> bool | None:
    """Ratios, times, numbers in other bases, and what is of two kinds."""
    match gold, predicted:
        case Time(), Time():
            halves = {gold.half, predicted.half} - {""}
            same_clock = (gold.hour, gold.minute) == (predicted.hour, predicted.minute)
            return same_clock and len(halves) < 2
        case ((Time() | Ratio()), (Time() | Ratio())):
            return _same_ratio(_as_ratio(gold), _as_ratio(predicted))
        case (Ratio(), Scalar()) | (Scalar(), Ratio()):
            ratio, value = (gold, predicted) if isinstance(gold, Ratio) else (predicted, gold)
            if not isinstance(ratio, Ratio) or not isinstance(value, Scalar):
                return None
            return (
                same_formula(("div", *ratio.parts), value.tree) if len(ratio.parts) == 2 else False
            )
        case Based(), Based():
            return (gold.digits, gold.base) == (predicted.digits, predicted.base)
        case (Based(), Scalar()) | (Scalar(), Based()):
            based, plain = (gold, predicted) if isinstance(gold, Based) else (predicted, gold)
            return (
                isinstance(based, Based)
                and isinstance(plain, Scalar)
                and isinstance(plain.tree, Fraction)
                and based.digits == str(plain.tree)
            )
        case (Matrix() | Equation(), _) | (_, Matrix() | Equation()):
            return None
    return False


def _as_ratio(answer: Answer) -> Ratio:
    if isinstance(answer, Time):
        return Ratio((Fraction(answer.hour), Fraction(answer.minute)))
    assert isinstance(answer, Ratio)
    return answer


def _same_ratio(first: Ratio, second: Ratio) -> bool | None:
    if len(first.parts) != len(second.parts):
        return False
    a, b = first.parts, second.parts
    crossed = [(("mul", a[0], y), ("mul", x, b[0])) for x, y in zip(a[1:], b[1:])]
    return all_of([same_formula(*pair) for pair in crossed])
