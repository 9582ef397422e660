"""What an answer is made of, once it is read (`answers`): immutable, compared in `compare`."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.grading.trees import Tree


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number or a formula."""

    tree: Tree
    percent: bool = False
    digits: str = ""
    """Of a decimal, or of a in a × 10^n, those behind the point; empty for anything else."""
    power: int = 0
    """n of a × 10^n."""


@dataclass(frozen=True, slots=True)
class Named:
    """A value with its name: x = 5, f(2) = 7, Area = 12."""

    name: str
    """The variable, with its index; empty for another name."""
    value: "Answer"
    sides: tuple[Tree, Tree] | None = None
    """The equation that it is, where both sides are formulas."""


@dataclass(frozen=True, slots=True)
class Equation:
    sides: tuple[Tree, Tree]


@dataclass(frozen=True, slots=True)
class Chain:
    """One value in several spellings: 1/2 = 0.5."""

    values: tuple["Answer", ...]
    holds: tuple[bool, ...]
    """Whether = stands between a value and the next one, and not ≈."""


@dataclass(frozen=True, slots=True)
class Items:
    """Several answers."""

    kind: Literal["list", "()", "[]", "{}"]
    items: tuple["Answer", ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """An interval, or a point."""

    low: Tree
    high: Tree
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Region:
    """A set of real numbers: intervals and points, in any order."""

    pieces: tuple[Piece, ...]
    name: str = ""
    """The variable that it is about, where an inequality named one."""


@dataclass(frozen=True, slots=True)
class Matrix:
    rows: tuple[tuple["Answer", ...], ...]


@dataclass(frozen=True, slots=True)
class Ratio:
    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Time:
    hour: int
    minute: int
    half: str
    """a, p or empty."""


@dataclass(frozen=True, slots=True)
class Based:
    """Digits in another base than ten."""

    digits: str
    base: int


Answer: TypeAlias = (
    Scalar | Named | Equation | Chain | Items | Region | Matrix | Ratio | Time | Based
)
