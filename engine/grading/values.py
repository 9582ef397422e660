"""Whether two formulas have the same value, without computer algebra: exact fractions where they
are rational, else certified numbers of 60 and 180 digits, at points that are the same every time.

Pure, bounded in time and memory by its limits, and deterministic. It answers None where it cannot
be sure. Numbers are never floats: nothing underflows, and a sum that swallows one of its terms, or
cancels most of its digits, is computed with more digits or not at all.

Two formulas with variables that agree at every point to 180 digits are equal, those that differ at
one are not. Variables stand for positive numbers, unless an absolute value or the root of an even
power makes the sign matter.
"""

import threading
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Literal

from engine.grading.matrices import Grid, holds_matrix, worked_out
from engine.grading.rationals import MAX_TERMS, NotRational, Point, Unsure, exact, indices
from engine.grading.sample_points import tries
from engine.grading.trees import INFINITE, Tree, Unread, names_in, renamed

_PRECISIONS = 200, 600, 6_000
_SURE_BITS = 40
"""Bits that rounding may have touched."""

_RESTING = 4
"""Terms in a row that change nothing, after which a series is at rest."""

_MAX_MAGNITUDE = 64
"""Bits of an exponent, or of the argument of a periodic function."""


class Swallowed(Unsure):
    """A sum loses a term, or most of its digits, at this precision."""


_local = threading.local()


def _context(bits: int) -> Any:
    """The calling thread's own numbers of so many bits; mpmath is loaded on first use."""
    if not hasattr(_local, "contexts"):
        from mpmath import MPContext

        _local.contexts = {}
        for size in _PRECISIONS:
            _local.contexts[size] = context = MPContext()
            context.prec = size
    return _local.contexts[bits]


def number(tree: Tree, point: Point, bits: int) -> Any:
    """The value as an mpmath number of so many bits.

    Raises: Unsure.
    """
    try:
        return _Numbers(bits, point).of(tree)
    except (ValueError, OverflowError, TypeError, ArithmeticError, NotRational):
        raise Unsure from None


class _Numbers:
    """Values of formulas at one point, to one precision."""

    def __init__(self, bits: int, point: Point) -> None:
        self._bits, self._point, self._ctx = bits, point, _context(bits)

    def of(self, tree: Tree) -> Any:
        ctx = self._ctx
        try:
            value = exact(tree, self._point)
        except (NotRational, RecursionError):
            assert isinstance(tree, tuple)
        else:
            return ctx.mpf(value.numerator) / value.denominator
        match tree[0]:
            case "name":
                return self._point[tree[1]]
            case "const":
                return self._constant(tree[1])
            case "add":
                return self._sum([self.of(part) for part in tree[1:]])
            case "mul":
                return self.of(tree[1]) * self.of(tree[2])
            case "div":
                return self.of(tree[1]) / self.of(tree[2])
            case "pow":
                return self._power(self.of(tree[1]), self.of(tree[2]))
            case "root":
                return self._root(self.of(tree[1]), tree[2])
            case "log":
                return ctx.log(self.of(tree[1])) / ctx.log(self.of(tree[2]))
            case "call":
                return self._call(tree[1], self.of(tree[2]))
            case "binomial":
                n, k = self._small(self.of(tree[1])), self._small(self.of(tree[2]))
                return ctx.binomial(n, k)
            case "sum" | "prod":
                return self._series(tree)
        raise Unsure

    def _series(self, tree: tuple) -> Any:
        """A finite sum or product, or one without an end that comes to rest by itself."""
        is_sum, value, n_small = tree[0] == "sum", self._ctx.mpf(tree[0] == "prod"), 0
        for at in self._indices(tree):
            term = _Numbers(self._bits, self._point | {tree[1]: at}).of(tree[4])
            value, step = (value + term, term) if is_sum else (value * term, term - 1)
            n_small = n_small + 1 if self._is_lost(step, value if is_sum else 1) else 0
            if n_small == _RESTING and tree[3] == INFINITE:
                return value
        if tree[3] == INFINITE:
            raise Unsure
        return value

    def _indices(self, tree: tuple) -> Iterable[Fraction]:
        if tree[3] != INFINITE:
            return indices(tree, self._point)
        low = exact(tree[2], self._point)
        return (low + at for at in range(MAX_TERMS))

    def _is_lost(self, term: Any, value: Any) -> bool:
        """Whether adding a term changes none of the digits that count."""
        size, whole = self._size(term), self._size(value)
        return size is None or (whole is not None and size < whole - self._bits)

    def _constant(self, name: str) -> Any:
        match name:
            case "pi":
                return +self._ctx.pi
            case "e":
                return +self._ctx.e
            case "i":
                return self._ctx.mpc(0, 1)
        raise Unsure  # an infinity

    def _sum(self, parts: Sequence[Any]) -> Any:
        """Raises: Swallowed where a term is too small to count, or the sum to be trusted."""
        total = parts[0]
        for part in parts[1:]:
            before, term = self._size(total), self._size(part)
            total = total + part
            if before is None or term is None:
                continue
            after = self._size(total)
            lost = self._bits if after is None else max(before, term) - after
            if lost > self._bits - _SURE_BITS:
                total *= 0  # zero to this precision; the next one confirms it
            elif lost > self._bits // 4 or abs(before - term) > self._bits - 2 * _SURE_BITS:
                raise Swallowed
        return total

    def _size(self, value: Any) -> int | None:
        """Bits before the point; None for zero."""
        return int(self._ctx.mag(value)) if value else None

    def _power(self, base: Any, exponent: Any) -> Any:
        ctx = self._ctx
        if not base:
            raise Unsure
        is_whole = ctx.isint(exponent)
        if not is_whole and isinstance(base, ctx.mpf) and base < 0:
            raise Unsure  # the real root to some, the principal one to others
        size, scale = self._size(exponent), self._size(ctx.log(base))
        if size is not None and size + (scale or 0) > _MAX_MAGNITUDE:
            raise Unsure
        return base**exponent

    def _root(self, value: Any, index: Tree) -> Any:
        ctx = self._ctx
        n = exact(index, self._point) if not names_in(index) else Fraction(1, 2)
        if n.denominator == 1 and 2 <= n <= 1000:
            if n % 2 and isinstance(value, ctx.mpf) and value < 0:
                return -ctx.root(-value, int(n))
            return ctx.root(value, int(n))
        raise Unsure

    def _small(self, value: Any) -> Any:
        if self._bits == _PRECISIONS[-1] or ((self._size(value) or 0) > 12):
            raise Unsure
        return value

    def _call(self, name: str, value: Any) -> Any:
        ctx = self._ctx
        if name in ("floor", "ceil"):
            return self._step(name, value)
        if name == "!":
            return ctx.gamma(self._small(value) + 1)
        if name == "abs":
            return abs(value)
        if (size := self._size(value)) is not None and size > _MAX_MAGNITUDE // 2:
            raise Unsure
        if name == "arccot" and not (isinstance(value, ctx.mpf) and value > 0):
            raise Unsure  # of a negative number, it is one of two
        if name.startswith("arc"):
            name = "a" + name[3:]
        return getattr(ctx, "log" if name == "ln" else name)(value)

    def _step(self, name: str, value: Any) -> Any:
        ctx = self._ctx
        near = abs(value - ctx.nint(value))
        if not isinstance(value, ctx.mpf) or near < ctx.ldexp(1, _SURE_BITS - self._bits):
            raise Unsure
        return ctx.floor(value) if name == "floor" else ctx.ceil(value)


Outcome = Literal["same", "apart", "unsure", "swallowed"]


def compared(a: Any, b: Any, bits: int) -> Outcome:
    """Two numbers of so many bits; unsure where both, or their difference, are next to nothing."""
    context = _context(_PRECISIONS[0])
    difference = abs(a - b)
    if not difference:
        return "same"
    close = context.mag(difference) + bits - _SURE_BITS
    larger = max(abs(a), abs(b))
    if close < context.mag(larger):
        return "same"
    return "unsure" if close < 0 else "apart"


def same_at(first: Tree, second: Tree, point: Point) -> Outcome:
    """Whether two formulas have the same value at one point."""
    try:
        return "same" if exact(first, point) == exact(second, point) else "apart"
    except NotRational:
        pass
    except Unsure:
        return "unsure"
    outcome: Outcome = "unsure"
    sames = 0
    for bits in _PRECISIONS:
        try:
            a, b = number(first, point, bits), number(second, point, bits)
        except Swallowed:
            outcome = "swallowed"
            continue
        except Unsure:
            return "unsure"
        outcome = compared(a, b, bits)
        if outcome == "apart":
            return outcome
        sames += 1
        if sames == 2:
            return "same"  # or both are zero: what is next to nothing has shrunk with the bits
    return outcome


def same_formula(first: Tree, second: Tree) -> bool | None:
    """Whether two formulas are equal; None where no point can tell."""
    if first == second:
        return True
    names = names_in(first) | names_in(second)
    if "C" in names and "c" in names_in(second) and "c" not in names_in(first):
        second = renamed(second, "c", "C")  # a constant of integration
        names = names_in(first) | names_in(second)
    if holds_matrix(first) or holds_matrix(second):
        return _same_matrices(first, second)
    if not names:
        return _decided([same_at(first, second, {})])
    for points in tries(first, second):
        decision = _decided(same_at(first, second, point) for point in points)
        if decision is not None:
            return decision
    return None


def _same_matrices(first: Tree, second: Tree) -> bool | None:
    """Whether two sums and products of matrices are equal, cell by cell."""
    try:
        one, other = worked_out(first), worked_out(second)
    except Unread:
        return None
    if not isinstance(one, Grid) and not isinstance(other, Grid):
        return same_formula(one, other)
    if not (isinstance(one, Grid) and isinstance(other, Grid) and one.shape == other.shape):
        return False
    lines = zip(one.rows, other.rows, strict=True)
    cells = [same_formula(a, b) for line in lines for a, b in zip(*line, strict=True)]
    return False if False in cells else None if None in cells else True


def _decided(outcomes: Iterable[Outcome]) -> bool | None:
    """False at the first point that tells; True where all agree, or none can be told apart."""
    seen: set[Outcome] = set()
    for outcome in outcomes:
        if outcome == "apart":
            return False
        seen.add(outcome)
    if "swallowed" in seen:
        return False  # they differ by less than can be computed, and are not written alike
    return None if "unsure" in seen else True
