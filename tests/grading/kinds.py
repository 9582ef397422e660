"""Generators of pairs by kind: another value each time, in every dress that the kind is known for,
and neighbours that are easily taken for it: another sign, digit, operator, order or unit.

A generator yields (reference, answer, equal); the answer is what stands in a box.
"""

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.grading.kinds_of_formulas import (
    accents,
    approximations,
    chains,
    floors,
    indexed_values,
    series,
    sixtieths,
    statements,
    vectors,
)
from tests.grading.kinds_of_structures import (
    degrees,
    equations,
    formulas,
    intervals,
    matrices,
    named_values,
    sets_and_lists,
    times_ratios_bases,
    tuples,
    words,
)
from tests.grading.kinds_of_values import (
    Pairs,
    choices,
    constants,
    fractions,
    money,
    not_this_number,
    percent,
    radicals,
    repeating,
    scales,
    several_choices,
    thousands,
    tiny_and_huge,
    unicode_maths,
    units,
)


class Pair(NamedTuple):
    kind: str
    gold: str
    answer: str
    equal: bool


def pairs(n: int, seed: int = 0) -> Iterator[Pair]:
    """At least `n` pairs of each kind; the same for the same seed."""
    for kind, draw in KINDS.items():
        rng = random.Random(f"{kind} {seed}")
        drawn = 0
        while drawn < n:
            for gold, answer, equal in draw(rng):
                drawn += 1
                yield Pair(kind, gold, answer, equal)


KINDS: dict[str, Callable[[random.Random], Pairs]] = {
    draw.__name__: draw
    for draw in (
        thousands,
        money,
        percent,
        units,
        not_this_number,
        scales,
        choices,
        several_choices,
        fractions,
        repeating,
        radicals,
        unicode_maths,
        constants,
        tiny_and_huge,
        intervals,
        sets_and_lists,
        tuples,
        named_values,
        formulas,
        equations,
        matrices,
        times_ratios_bases,
        words,
        degrees,
        chains,
        approximations,
        statements,
        series,
        vectors,
        accents,
        floors,
        indexed_values,
        sixtieths,
    )
}
