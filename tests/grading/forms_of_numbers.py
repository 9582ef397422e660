"""How people and models write numbers: with signs, separators and units, as fractions, percents and
powers of ten. Kinds of tests.grading.forms, each drawing a reference, an answer and whether they
are equal.
"""

import random
from fractions import Fraction

Drawn = tuple[str, str, bool | None]

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


def whole_numbers(rng: random.Random) -> Drawn:
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


def units(rng: random.Random) -> Drawn:
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
    both = all(any(c.isalpha() for c in text) for text in (gold, predicted))
    return gold, predicted, None if squared or both else a == b  # two units may differ


def decimals(rng: random.Random) -> Drawn:
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


def ratio(rng: random.Random, value: Fraction) -> str:
    """A fraction of two whole numbers in one of its spellings, not always in lowest terms."""
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


def fractions(rng: random.Random) -> Drawn:
    a = Fraction(rng.randrange(-40, 41), rng.randrange(1, 13))
    b = rng.choice((a, a, a, -a, 1 / a if a else a, a + 1, a + Fraction(1, 12)))
    gold = ratio(rng, a)
    if rng.random() < 0.3:
        decimal = f"{float(b):.{rng.choice((1, 2, 4, 6, 9))}f}"
        exact = Fraction(decimal) == b
        return gold, decimal, (a == b) if exact else None
    return gold, ratio(rng, b), a == b


def percents(rng: random.Random) -> Drawn:
    a = rng.choice((rng.randrange(0, 201), rng.randrange(0, 2001) / 10))
    b = rng.choice((a, a, a + 1, a / 100, a * 100, -a))
    signs = ("%", r"\%", r" \%", " percent", "")
    gold, predicted = f"{a:g}" + rng.choice(signs), f"{b:g}" + rng.choice(signs)
    return gold, predicted, None


def scientific(rng: random.Random) -> Drawn:
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


def big_words(rng: random.Random) -> Drawn:
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


def zeros_and_signs(rng: random.Random) -> Drawn:
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
