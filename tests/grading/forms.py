"""Pairs of answers in the many ways people and models write them, drawn from a seed, for the
differential test.

A pair is two spellings of one value, or of two values that are easily taken for each other. `equal`
is what the drawing knows; None where it is a matter of convention (is 50% the same as 0.5?).
"""

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple

UNITS = (
    "cm",
    "dollars",
    "square feet",
    "miles per hour",
    "m/s",
    "kg",
    "hours",
    "students",
    "minutes",
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


def _integer(rng: random.Random) -> int:
    return rng.choice((1, -1)) * rng.choice(
        (rng.randrange(13), rng.randrange(1000), rng.randrange(10**7), rng.randrange(10**11))
    )


def _grouped(value: int, separator: str) -> str:
    return f"{value:,}".replace(",", separator)


def _spelled(rng: random.Random, value: int) -> str:
    """A whole number: sign, separators, leading and trailing zeros, money, wrapping."""
    sign = "" if value >= 0 else rng.choice(("-", "-", "-", "−", "- ", "–"))
    if value > 0 and rng.random() < 0.1:
        sign = "+"
    digits = rng.choice(
        (
            str(abs(value)),
            str(abs(value)),
            *(_grouped(abs(value), s) for s in (",", "{,}", r"\,", r",\!")),
        )
    )
    if rng.random() < 0.05:
        digits = "0" + digits
    text = sign + digits + rng.choice(("",) * 8 + (".", ".0", ".00"))
    return rng.choice(
        (
            *("{}",) * 8,
            "${}$",
            r"\${}",
            r"\text{{{}}}",
            r"\mathbf{{{}}}",
            " {} ",
            r"\displaystyle {}",
            r"\({}\)",
            "**{}**",
        )
    ).format(text)


def _near(rng: random.Random, value: int) -> int:
    return rng.choice(
        (
            -value,
            value + 1,
            value - 1,
            value * 10,
            value * 1000,
            value // 10,
            value + 10**6,
            _integer(rng),
        )
    )


def _other(rng: random.Random, value: int) -> int:
    return value if rng.random() < 0.5 else _near(rng, value)


def whole_numbers(rng: random.Random) -> tuple[str, str, bool | None]:
    a = _integer(rng)
    b = _other(rng, a)
    return _spelled(rng, a), _spelled(rng, b), a == b


def _unit(rng: random.Random, text: str) -> str:
    unit = rng.choice(UNITS)
    spelled = (
        " {}",
        r" \text{{ {}}}",
        r"\text{{ {}}}",
        r"\ \text{{{}}}",
        r"\,\mathrm{{{}}}",
        r"~\mathrm{{{}}}",
        r" \mbox{{ {}}}",
        "",
    )
    return text + rng.choice(spelled).format(unit) + rng.choice(("",) * 6 + ("^2", "^{2}", "."))


def units(rng: random.Random) -> tuple[str, str, bool | None]:
    a = abs(_integer(rng))
    b = abs(_other(rng, a))
    gold, predicted = str(a), f"{b:,}"
    if rng.random() < 0.2:
        degrees = rng.choice((r"^\circ", r"^{\circ}", "°", r" \degree"))
        return rng.choice((gold, gold + degrees)), str(b) + degrees, a == b
    if gold[-1:] == "^" or rng.random() < 0.5:
        gold = _unit(rng, gold) if rng.random() < 0.5 else gold
    predicted = _unit(rng, predicted)
    squared = any("^" in text and not any(c.isalpha() for c in text) for text in (gold, predicted))
    return gold, predicted, None if squared else a == b


def decimals(rng: random.Random) -> tuple[str, str, bool | None]:
    places = rng.choice((*range(1, 8), 12, 15, 18))
    a = rng.randrange(-(10 ** rng.randrange(1, 9)), 10**8)
    b = rng.choice((a, a, a, a + 1, a * 10, -a, a + 10**places, a + 10 ** max(0, places - 6)))
    texts = []
    for value in (a, b):
        digits = str(abs(value)).rjust(places + 1, "0")
        text = f"{digits[:-places]}.{digits[-places:]}"
        if rng.random() < 0.2:
            text += "0" * rng.randrange(1, 3)
        if rng.random() < 0.2 and text.startswith("0."):
            text = text[1:]
        texts.append(
            ("-" if value < 0 else "")
            + rng.choice(("{}", "{}", "{}", "${}$", r"\${}", "{}.")).format(text)
        )
    return texts[0], texts[1], a == b if places < 6 else (True if a == b else None)


def _ratio(rng: random.Random, value: Fraction) -> str:
    top, bottom = value.numerator, value.denominator
    times = rng.choice((1, 1, 1, 2, 3))
    top, bottom, sign = abs(top) * times, bottom * times, "-" if value < 0 else ""
    spelled = [
        rf"\frac{{{top}}}{{{bottom}}}",
        rf"\dfrac{{{top}}}{{{bottom}}}",
        rf"\tfrac{{{top}}}{{{bottom}}}",
        f"{top}/{bottom}",
    ]
    spelled += [rf"\frac {{{top}}} {{{bottom}}}", rf"{{{top}}}/{{{bottom}}}"]
    if top < 10 and bottom < 10:
        spelled += [rf"\frac{top}{bottom}", rf"\frac {top} {bottom}", rf"\frac{top}{{{bottom}}}"]
    if top > bottom and top % bottom and value > 0:
        spelled.append(rf"{top // bottom}\frac{{{top % bottom}}}{{{bottom}}}")
    text = rng.choice(spelled)
    if sign and text.startswith(r"\frac{") and rng.random() < 0.4:
        return rng.choice((rf"\frac{{-{top}}}{{{bottom}}}", rf"\frac{{{top}}}{{-{bottom}}}"))
    return sign + text


def fractions(rng: random.Random) -> tuple[str, str, bool | None]:
    a = Fraction(rng.randrange(-40, 41), rng.randrange(1, 13))
    b = rng.choice((a, a, a, -a, 1 / a if a else a, a + 1, a + Fraction(1, 12)))
    gold = _ratio(rng, a)
    if rng.random() < 0.3:
        decimal = f"{float(b):.{rng.choice((1, 2, 4, 6, 9))}f}"
        exact = Fraction(decimal) == b
        return gold, decimal, (a == b) if exact else None
    return gold, _ratio(rng, b), a == b


def percents(rng: random.Random) -> tuple[str, str, bool | None]:
    a = rng.choice((rng.randrange(0, 201), rng.randrange(0, 2001) / 10))
    b = rng.choice((a, a, a + 1, a / 100, a * 100, -a))
    signs = ("%", r"\%", r" \%", " percent", "")
    gold, predicted = f"{a:g}" + rng.choice(signs), f"{b:g}" + rng.choice(signs)
    return gold, predicted, None


def scientific(rng: random.Random) -> tuple[str, str, bool | None]:
    mantissa, exponent = rng.randrange(1, 1000) / 10 ** rng.randrange(3), rng.randrange(-6, 12)
    shift = rng.choice((0, 0, 0, 1, -1))
    spelled = (
        r"{} \times 10^{{{}}}",
        r"{}\times10^{{{}}}",
        r"{} \cdot 10^{{{}}}",
        "{}e{}",
        "{}E{}",
        r"{} * 10^{{{}}}",
    )
    gold = rng.choice(spelled).format(f"{mantissa:g}", exponent)
    return (
        gold,
        rng.choice(spelled).format(f"{mantissa:g}", exponent + shift),
        None if exponent < 0 else not shift,
    )


def big_words(rng: random.Random) -> tuple[str, str, bool | None]:
    a, power, word = (
        rng.randrange(1, 500),
        *rng.choice(((3, "thousand"), (6, "million"), (9, "billion"))),
    )
    b = rng.choice((a, a, a + 1))
    gold = rng.choice(
        (f"{a} {word}", f"{a * 10**power:,}", rf"{a}\text{{ {word}}}", f"{a} {word} dollars")
    )
    predicted = rng.choice(
        (
            f"{b} {word}",
            str(b * 10**power),
            rf"{b} \text{{ {word}}}",
            rf"{b} \times 10^{power}",
            str(b),
        )
    )
    return gold, predicted, a == b and predicted != str(b) if not gold.isdigit() else None


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


def roots(rng: random.Random) -> tuple[str, str, bool | None]:
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


def _end(rng: random.Random, value: int | Fraction) -> str:
    return str(value) if isinstance(value, int) else _ratio(rng, value)


def intervals(rng: random.Random) -> tuple[str, str, bool | None]:
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
    return [str(item.numerator) if item.denominator == 1 else _ratio(rng, item) for item in items]


def sets(rng: random.Random) -> tuple[str, str, bool | None]:
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


def tuples(rng: random.Random) -> tuple[str, str, bool | None]:
    items = _items(rng, rng.randrange(2, 5))
    other = rng.choice((items, items, items[::-1], [items[0] + 1, *items[1:]], items[:-1]))
    shapes = ("({})", r"\left({}\right)", "( {} )", r"\left( {} \right)", r"\langle {} \rangle")
    gold = rng.choice(shapes[:4]).format(", ".join(_listed(rng, items)))
    predicted = rng.choice(shapes[:4]).format(rng.choice((", ", ",")).join(_listed(rng, other)))
    return gold, predicted, items == other if len(other) > 1 else None


def matrices(rng: random.Random) -> tuple[str, str, bool | None]:
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


def words(rng: random.Random) -> tuple[str, str, bool | None]:
    a = rng.choice(NAMES)
    b = rng.choice((a, a, rng.choice(NAMES)))
    shapes = ("{}", r"\text{{{}}}", r"\textbf{{{}}}", r"\mathrm{{{}}}", "{}.", "${}$", "**{}**")
    spelled = rng.choice((str, str.lower, str.upper, str.title))(b)
    return rng.choice(shapes).format(a), rng.choice(shapes).format(spelled), a == b


def choices(rng: random.Random) -> tuple[str, str, bool | None]:
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


def formulas(rng: random.Random) -> tuple[str, str, bool | None]:
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


def named_values(rng: random.Random) -> tuple[str, str, bool | None]:
    a = Fraction(rng.randrange(-20, 20), rng.choice((1, 1, 2, 3)))
    b = rng.choice((a, a, a + 1))
    (gold,), (predicted,) = _listed(rng, [a]), _listed(rng, [b])
    gold = rng.choice((gold, f"x={gold}", f"x = {gold}"))
    return gold, rng.choice((f"x={predicted}", f"x = {predicted}", predicted)), a == b


def with_pi(rng: random.Random) -> tuple[str, str, bool | None]:
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


def zeros_and_signs(rng: random.Random) -> tuple[str, str, bool | None]:
    """Small numbers with signs and zeros in front, and what looks like one: a time of day, a
    decimal comma.
    """
    a = rng.randrange(60)
    b = rng.choice((a, a, a + 1, 10 * a))
    spelled = (
        "{}",
        "0{}",
        "00{}",
        "+{}",
        "+ {}",
        "+0{}",
        "-0{}",
        "0{}.0",
        "0{} cm",
        r"0{}\%",
        "0{},000",
        "0,00{}",
        "0{}:30",
        "5:{}",
        "({},0{})",
        "0{}/02",
    )
    first, second = rng.choice(spelled), rng.choice(spelled)
    signless = ("{}", "0{}", "00{}", "+{}", "+ {}", "+0{}", "0{}.0", "0{} cm")
    known = first in signless and second in signless
    return first.format(a, a), second.format(b, b), a == b if known else None


def across_kinds(rng: random.Random) -> tuple[str, str, bool | None]:
    first, second = rng.sample(KINDS[:-1], 2)
    return first(rng)[0], second(rng)[1], None


KINDS: tuple[Callable[[random.Random], tuple[str, str, bool | None]], ...] = (
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
