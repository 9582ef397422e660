"""Formulas as trees of tuples, and what is asked of a tree.

A Fraction; ("name", x); ("const", "pi" | "e" | "i" | "oo"); ("add", …); ("mul", a, b);
("div", a, b); ("pow", a, b); ("root", a, n); ("call", function, a); ("log", a, base);
("binomial", n, k); ("sum" | "prod", index, low, high, a), where the index is a name of its own;
("matrix", number of columns, a, …), row by row.
"""

from fractions import Fraction
from typing import TypeAlias

Tree: TypeAlias = Fraction | tuple

INFINITE: Tree = ("const", "oo")
MINUS_INFINITE: Tree = ("mul", Fraction(-1), INFINITE)


class Unread(Exception):
    """The text is no formula, or no answer, that is read here."""


def parts_of(tree: Tree) -> tuple[Tree, ...]:
    """The formulas that a formula is made of."""
    if isinstance(tree, Fraction) or tree[0] in ("name", "const"):
        return ()
    return tree[2:] if tree[0] in ("call", "sum", "prod", "matrix") else tree[1:]


def names_in(tree: Tree) -> frozenset[str]:
    """The variables of a formula; the index of a sum is none."""
    if isinstance(tree, Fraction):
        return frozenset()
    if tree[0] == "name":
        return frozenset((tree[1],))
    names = frozenset().union(*map(names_in, parts_of(tree)))
    return names - {tree[1]} if tree[0] in ("sum", "prod") else names


def holds_series(tree: Tree) -> bool:
    """Whether a formula holds a sum or product without an end."""
    if isinstance(tree, Fraction):
        return False
    is_series = tree[0] in ("sum", "prod") and tree[3] == INFINITE
    return is_series or any(map(holds_series, parts_of(tree)))


def renamed(tree: Tree, old: str, new: str) -> Tree:
    """The same formula with another name for a variable."""
    if isinstance(tree, Fraction):
        return tree
    if tree == ("name", old):
        return ("name", new)
    return tuple(part if isinstance(part, str | int) else renamed(part, old, new) for part in tree)


def negative(tree: Tree) -> Tree:
    """The formula with a minus in front."""
    return -tree if isinstance(tree, Fraction) else ("mul", Fraction(-1), tree)
