"""Pairs of answers in the many ways people and models write them, drawn from a seed, for the
differential test.

A pair is two spellings of one value, or of two values that are easily taken for each other. `equal`
is what the drawing knows; None where it is a matter of convention (is 50% the same as 0.5?).
"""

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple

from tests.grading.forms_of_numbers import (
    Drawn,
    big_words,
    decimals,
    fractions,
    percents,
    ratio,
    scientific,
    units,
    whole_numbers,
    zeros_and_signs,
)

NAMES = (
    "Evelyn",
    "Monday",
    "no solution",
    "yes",
    "no",
    "True",
    "even",
    "odd",
    "east",
    "Neither",
    "infinitely many",
    "red",
)


class Form(NamedTuple):
    """One drawn pair."""

    kind: str
    gold: str
    predicted: str
    equal: bool | None


def forms(n: int, seed: int = 0) -> Iterator[Form]:
    """`n` pairs, every kind equally often; the same for the same seed."""
    rng = random.Random(seed)
    for at in range(n):
        draw = KINDS[at % len(KINDS)]
        gold, predicted, equal = draw(rng)
        yield Form(draw.__name__, gold, predicted, equal)


def _root(rng: random.Random, factor: int, inner: int) -> str:
    sign, factor = "-" if factor < 0 else "", abs(factor)
    spelled = [
        rf"{factor}\sqrt{{{inner}}}",
        rf"\sqrt{{{factor * factor * inner}}}",
        rf"{factor} \cdot \sqrt{{{inner}}}",
    ]
    spelled += [rf"{factor} \sqrt {{{inner}}}", rf"\sqrt{{{inner}}} \cdot {factor}"]
    if inner < 10:
        spelled.append(rf"{factor}\sqrt {inner}")
    if factor == 1:
        spelled.append(rf"\sqrt{{{inner}}}")
    return sign + rng.choice(spelled)


def roots(rng: random.Random) -> Drawn:
    factor, inner = (
        rng.choice((-1, 1)) * rng.randrange(1, 8),
        rng.choice((2, 3, 5, 6, 7, 10, 11, 13)),
    )
    other = rng.choice(
        ((factor, inner),) * 3
        + ((-factor, inner), (factor + (1 if factor != -1 else 2), inner), (factor, inner + 17))
    )
    gold, predicted = _root(rng, factor, inner), _root(rng, *other)
    if rng.random() < 0.3:
        gold, predicted = (
            rf"\frac{{{gold}}}{{3}}",
            rng.choice((rf"\frac{{{predicted}}}{{3}}", rf"\dfrac{{{predicted}}}{{3}}")),
        )
    return gold, predicted, other == (factor, inner)


def intervals(rng: random.Random) -> Drawn:
    low = rng.randrange(-20, 20)
    high = low + rng.randrange(1, 30)
    ends = rng.choice("[("), rng.choice(")]")
    spelled = []
    other = rng.choice(
        ((low, high, *ends),) * 3
        + ((low, high, "[" if ends[0] == "(" else "(", ends[1]), (low, high + 1, *ends))
    )
    for a, b, left, right in ((low, high, *ends), other):
        spelled.append(
            rng.choice(
                ("{}{},{}{}", "{}{}, {}{}", r"\left{}{},{}\right{}", r"\left{} {}, {} \right{}")
            ).format(left, a, b, right)
        )
    if rng.random() < 0.25:
        signs = ("\\leq" if other[2] == "[" else "<"), ("\\le" if other[3] == "]" else "<")
        spelled[1] = f"{other[0]} {signs[0]} x {signs[1]} {other[1]}"
    if rng.random() < 0.2:
        halves = rf"(-\infty,{low}{ends[1]}", rf"(-\infty, {other[0]}{other[3]}"
        return halves[0], halves[1], (low, ends[1]) == (other[0], other[3])
    return spelled[0], spelled[1], other == (low, high, *ends)


def _items(rng: random.Random, n: int) -> list[Fraction]:
    return [Fraction(value, rng.choice((1, 1, 1, 2, 3))) for value in rng.sample(range(-12, 13), n)]


def _listed(rng: random.Random, items: list[Fraction]) -> list[str]:
    return [str(item.numerator) if item.denominator == 1 else ratio(rng, item) for item in items]


def sets(rng: random.Random) -> Drawn:
    items = list(dict.fromkeys(_items(rng, rng.randrange(2, 5))))
    other = rng.sample(items, len(items))
    change = rng.random()
    if change < 0.2:
        other = other[:-1]
    elif change < 0.4:
        other[0] += 1
    shapes = (r"\{{{}\}}", r"\left\{{{}\right\}}", "{}", r"\{{ {} \}}")
    joined = rng.choice((", ", ",")).join(_listed(rng, other))
    if len(other) == 2 and rng.random() < 0.3:
        joined = rng.choice((r" \text{ and } ", " and ", r"\text{ or }", " or ")).join(
            _listed(rng, other)
        )
    gold = rng.choice(shapes).format(", ".join(_listed(rng, items)))
    known = (
        set(items) == set(other)
        if len(other) > 1 and "or" not in joined and "," in joined
        else None
    )
    return gold, rng.choice(shapes).format(joined), known


def tuples(rng: random.Random) -> Drawn:
    items = _items(rng, rng.randrange(2, 5))
    other = rng.choice((items, items, items[::-1], [items[0] + 1, *items[1:]], items[:-1]))
    shapes = ("({})", r"\left({}\right)", "( {} )", r"\left( {} \right)", r"\langle {} \rangle")
    gold = rng.choice(shapes[:4]).format(", ".join(_listed(rng, items)))
    predicted = rng.choice(shapes[:4]).format(rng.choice((", ", ",")).join(_listed(rng, other)))
    return gold, predicted, items == other if len(other) > 1 else None


def matrices(rng: random.Random) -> Drawn:
    cells = [str(rng.randrange(-9, 10)) for _ in range(4)]
    other = rng.choice((cells, cells, [str(int(cells[0]) + 1), *cells[1:]]))
    texts = []
    for a, b, c, d in (cells, other):
        name, space = rng.choice(("pmatrix", "bmatrix")), rng.choice((" ", ""))
        texts.append(
            rf"\begin{{{name}}}{space}{a} & {b}{space}\\{space or ' '}{c} &"
            rf" {d}{space}\end{{{name}}}"
        )
    return texts[0], texts[1], cells == other


def words(rng: random.Random) -> Drawn:
    a = rng.choice(NAMES)
    b = rng.choice((a, a, rng.choice(NAMES)))
    shapes = ("{}", r"\text{{{}}}", r"\textbf{{{}}}", r"\mathrm{{{}}}", "{}.", "${}$", "**{}**")
    spelled = rng.choice((str, str.lower, str.upper, str.title))(b)
    return rng.choice(shapes).format(a), rng.choice(shapes).format(spelled), a == b


def choices(rng: random.Random) -> Drawn:
    a = rng.choice("ABCDE")
    b = rng.choice((a, a, *"ABCDE"))
    gold = rng.choice(("{}", "({})", r"\text{{{}}}", r"\text{{({})}}", r"\textbf{{({})}}")).format(
        a
    )
    shapes = (
        "{}",
        "({})",
        "{}.",
        "{})",
        r"\text{{{}}}",
        r"\textbf{{({})}}",
        r"\textbf{{({})}}\ 27",
        "({}) 27",
        "{}: 12",
        r"\mathrm{{{}}}",
    )
    return gold, rng.choice(shapes).format(b if rng.random() < 0.9 else b.lower()), None


def formulas(rng: random.Random) -> Drawn:
    a, b = rng.randrange(1, 10), rng.randrange(1, 10)
    c = rng.choice((b, b, b + 1))
    spelled = [
        f"{a}x+{c}",
        f"{a} x + {c}",
        f"{c}+{a}x",
        rf"{a}\cdot x+{c}",
        f"{a}*x+{c}",
        f"{a}x+{{{c}}}",
        rf"\left({a}x+{c}\right)",
        f"y={a}x+{c}",
    ]
    return f"{a}x+{b}", rng.choice(spelled), b == c


def named_values(rng: random.Random) -> Drawn:
    a = Fraction(rng.randrange(-20, 20), rng.choice((1, 1, 2, 3)))
    b = rng.choice((a, a, a + 1))
    (gold,), (predicted,) = _listed(rng, [a]), _listed(rng, [b])
    gold = rng.choice((gold, f"x={gold}", f"x = {gold}"))
    return gold, rng.choice((f"x={predicted}", f"x = {predicted}", predicted)), a == b


def with_pi(rng: random.Random) -> Drawn:
    a = Fraction(rng.randrange(1, 13), rng.choice((1, 1, 2, 3, 4)))
    b = rng.choice((a, a, a + 1))
    texts = []
    for value in (a, b):
        top, bottom = value.numerator, value.denominator
        whole = [rf"{top}\pi", rf"{top} \pi", rf"{top} \cdot \pi", rf"\pi \cdot {top}"]
        parts = [
            rf"\frac{{{top}\pi}}{{{bottom}}}",
            rf"\frac{{{top}}}{{{bottom}}}\pi",
            rf"{top}\pi/{bottom}",
            rf"\dfrac{{{top} \pi}}{{{bottom}}}",
        ]
        texts.append(rng.choice(whole if bottom == 1 else parts))
    return texts[0], texts[1], a == b


def across_kinds(rng: random.Random) -> Drawn:
    first, second = rng.sample(KINDS[:-1], 2)
    return first(rng)[0], second(rng)[1], None


KINDS: tuple[Callable[[random.Random], Drawn], ...] = (
    whole_numbers,
    units,
    decimals,
    fractions,
    percents,
    scientific,
    big_words,
    roots,
    intervals,
    sets,
    tuples,
    matrices,
    words,
    choices,
    formulas,
    named_values,
    with_pi,
    zeros_and_signs,
    across_kinds,
)
