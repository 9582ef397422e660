"""Formulas as trees of tuples, and what is asked of a tree.

A Fraction; ("name", x); ("const", "pi" | "e" | "i" | "oo"); ("add", …); ("mul", a, b);
("div", a, b); ("pow", a, b); ("root", a, n); ("call", function, a); ("log", a, base);
("binomial", n, k).
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
    return tree[2:] if tree[0] == "call" else tree[1:]


def names_in(tree: Tree) -> frozenset[str]:
    """The variables of a formula."""
    if isinstance(tree, Fraction):
        return frozenset()
    if tree[0] == "name":
        return frozenset((tree[1],))
    return frozenset().union(*map(names_in, parts_of(tree)))


def renamed(tree: Tree, old: str, new: str) -> Tree:
    """The same formula with another name for a variable."""
    if isinstance(tree, Fraction):
        return tree
    if tree == ("name", old):
        return ("name", new)
    return tuple(part if isinstance(part, str) else renamed(part, old, new) for part in tree)


def negative(tree: Tree) -> Tree:
    """The formula with a minus in front."""
    return -tree if isinstance(tree, Fraction) else ("mul", Fraction(-1), tree)
