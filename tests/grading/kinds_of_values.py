"""Generators of pairs whose answers are one value: numbers, units, choices, formulas. See kinds."""

import random
from collections.abc import Iterator

Pairs = Iterator[tuple[str, str, bool]]


def thousands(rng: random.Random) -> Pairs:
    n = rng.randrange(1_000, 10 ** rng.randrange(4, 10))
    dress = [
        f"{n:,}".replace(",", mark) for mark in (",", "{,}", r"\,", r"\ ", "~", r",\!", " ", r"\;")
    ]
    yield str(n), rng.choice(dress), True
    yield rng.choice(dress), str(n), True
    yield rng.choice(dress), rng.choice(dress), True
    yield str(n), rng.choice(dress)[:-1] + str((n + 1) % 10), False
    yield rng.choice(dress), str(n + rng.choice((1, -1, 10, 1000))), False
    yield f"{n % 9 + 1},{n % 7}", f"{n % 9 + 1}{n % 7}", False
    yield f"{n % 9 + 1} {n % 90 + 10}", f"{n % 9 + 1}{n % 90 + 10}", False


def money(rng: random.Random) -> Pairs:
    n = rng.randrange(2, 5_000)
    dress = [rf"\${n}", f"${n}$", f"{n} dollars", rf"\text{{\$}}{n}", f"€{n}", f"£{n}", f"{n} USD"]
    dress += [f"{n}.00", rf"\${n}.00", rf"{n}\text{{ dollars}}", f"¥{n}", rf"\$ {n}"]
    yield str(n), rng.choice(dress), True
    yield rng.choice(dress), str(n), True
    yield str(n), rng.choice(dress).replace(str(n), str(n + 1)), False
    yield f"{n}", f"-{n}", False
    yield rf"\${n}.50", f"{n}.5", True
    yield rf"\${n}.50", f"{n}.05", False
    yield f"{n} dollars", f"{n} cents", False


def percent(rng: random.Random) -> Pairs:
    n = rng.choice((rng.randrange(1, 200), rng.randrange(11, 2000) / 10))
    signs = ("%", r"\%", " percent", r"\text{ percent}", r" \%", r"\text{ \%}")
    yield f"{n:g}" + rng.choice(signs), f"{n:g}", True
    yield f"{n:g}", f"{n:g}" + rng.choice(signs), True
    yield f"{n:g}" + rng.choice(signs), f"{n:g}" + rng.choice(signs), True
    yield f"{n:g}" + rng.choice(signs), f"{n + 1:g}" + rng.choice(signs), False
    yield f"{n:g}" + rng.choice(signs), f"{n * 10:g}", False
    yield f"{n:g}" + rng.choice(signs), f"-{n:g}", False
    m = rng.randrange(1, 99)
    yield rf"{m}\%", f"{m / 100:.2f}", True
    yield rf"{m}\%", f"{m / 1000:.3f}", False


UNITS = {
    "cm": ("cm", "centimeters"),
    "m": ("m", "meters", "metres"),
    "km": ("km", "kilometers"),
    "kg": ("kg", "kilograms"),
    "hours": ("hours", "hr", "h"),
    "minutes": ("minutes", "min"),
    "inches": ("inches", "in"),
    "feet": ("feet", "ft"),
    "km/h": ("km/h", "kilometers per hour"),
}


def _with_unit(rng: random.Random, n: object, unit: str) -> str:
    name = rng.choice(UNITS[unit])
    return rng.choice(
        (
            f"{n} {name}",
            rf"{n}\text{{ {name}}}",
            rf"{n} \mathrm{{~{name}}}",
            rf"{n}\,\mathrm{{{name}}}",
        )
        + ((rf"{n}\ \text{{{name}}}",) if len(name) > 1 else ())
    )


def units(rng: random.Random) -> Pairs:
    n, (unit, other) = rng.randrange(2, 500), rng.sample(list(UNITS), 2)
    yield str(n), _with_unit(rng, n, unit), True
    yield _with_unit(rng, n, unit), str(n), True
    yield _with_unit(rng, n, unit), _with_unit(rng, n, unit), True
    yield _with_unit(rng, n, unit), _with_unit(rng, n, other), False
    yield _with_unit(rng, n, unit), _with_unit(rng, n + 1, unit), False
    yield str(n), _with_unit(rng, -n, unit), False
    yield rf"\frac{{{2 * n + 1}}}{{2}}", _with_unit(rng, f"{n}.5", unit), True
    noun = rng.choice(("apples", "students", "books", "ways", "coins"))
    yield str(n), rng.choice((f"{n} {noun}", rf"{n} \text{{ {noun}}}")), True
    area = rng.choice((r"\text{ cm}^2", r"\mathrm{~cm}^{2}", r"\text{ square centimeters}"))
    yield f"{n}", f"{n}{area}", True
    yield rf"{n}\text{{ cm}}^3", f"{n}{area}", False
    yield rf"{n}\pi", rf"{n}\pi {area}", True


def not_this_number(rng: random.Random) -> Pairs:
    n = rng.randrange(2, 90)
    for more in ("hundred", "thousand", "million", "dozen"):
        yield str(n), rf"{n} \text{{ {more}}}", False
        yield str(n), f"{n} {more}", False
    for bound in (r"\text{ or more}", r"\text{ or less}", " or more", r"\text{ at most}"):
        yield str(n), f"{n}{bound}", False
    yield str(n), rf"\text{{at least }} {n}", False
    yield str(n), rf"{n} \text{{ feet }} {n + 1} \text{{ inches}}", False
    yield str(n), f"{n} hours {n - 1} minutes", False
    yield str(n), rf"x \geq {n}", False
    yield str(n), rf"{n}k", False
    yield str(n), rf"{n}?", False
    yield str(n), rf"{n} \pm 1", False
    yield str(n), rf"{n} \text{{ or }} {n + 1}", False
    yield str(n), rf"{n} \neq {n + 1}", False
    yield str(n), rf"{n}x", False
    yield str(n), rf"{n}^2", False
    yield str(n), rf"{n}!", n in (1, 2)
    yield str(n), rf"{n} - 0", True
    yield str(n), rf"{n} \text{{ or }} {n}", True


def scales(rng: random.Random) -> Pairs:
    n, (word, zeros) = (
        rng.randrange(2, 900),
        rng.choice((("thousand", 3), ("million", 6), ("billion", 9))),
    )
    value = str(n * 10**zeros)
    yield value, f"{n} {word}", True
    yield value, rf"{n}\text{{ {word}}}", True
    yield rf"\${n}\text{{ {word}}}", value, True
    yield value, rf"{n + 1} \text{{ {word}}}", False
    yield value + "0", f"{n} {word}", False


def choices(rng: random.Random) -> Pairs:
    letter, other = rng.sample("ABCDE", 2)
    n = rng.randrange(2, 99)
    dress = (
        "{}",
        "({})",
        r"\text{{{}}}",
        r"\text{{({})}}",
        r"\textbf{{({})}}",
        r"\mathrm{{({})}}",
        "{}.",
    )
    dress += (r"\mathbf{{{}}}", r"\text{{Option {}}}", "Option {}")
    valued = (
        "({}) {n}",
        "{}. {n}",
        "{}: {n}",
        "{}) {n}",
        r"\textbf{{({})}}\ {n}",
        r"\text{{({}) }} {n}",
    )
    valued += (r"\text{{({}) {n} cm}}", r"\mathrm{{({})}} {n}")
    golds = dress[:7] + valued[:2] + valued[4:6]
    yield (
        rng.choice(golds).format(letter, n=n),
        rng.choice(dress + valued).format(letter, n=n),
        True,
    )
    yield (
        rng.choice(golds).format(letter, n=n),
        rng.choice(dress + valued).format(other, n=n),
        False,
    )
    yield letter, letter.lower(), True
    yield letter, f"({other.lower()})", False
    yield rf"\textbf{{({letter})}}\ {n}", str(n), True
    yield rf"\textbf{{({letter})}}\ {n}", str(n + 1), False
    yield letter, str(n), False
    yield letter, rf"\text{{{letter} or {other}}}", False


def several_choices(rng: random.Random) -> Pairs:
    letters = sorted(rng.sample("ABCDE", rng.randrange(2, 5)))
    shuffled = rng.sample(letters, len(letters))
    joins = ("", ",", ", ", " ", r" \text{ and } ", " and ")
    yield rng.choice(joins[:3]).join(letters), rng.choice(joins).join(shuffled), True
    yield rng.choice(joins[:3]).join(letters), rng.choice(joins).join(shuffled[1:]), False
    yield rng.choice(joins).join(letters[::-1]), rng.choice(joins).join(letters[::-1]), True
    yield rng.choice(joins).join(letters[::-1]), rng.choice(joins).join(letters), False
    other = rng.choice([one for one in "ABCDE" if one not in letters] or ["F"])
    yield rng.choice(joins[:3]).join(letters), rng.choice(joins).join([*shuffled[1:], other]), False


def fractions(rng: random.Random) -> Pairs:
    whole, bottom = rng.randrange(1, 20), rng.choice((2, 4, 5, 8))
    top = rng.randrange(1, bottom)
    mixed = rng.choice((r"{}\frac{{{}}}{{{}}}", r"{} \frac{{{}}}{{{}}}", r"{}\dfrac{{{}}}{{{}}}"))
    mixed = mixed.format(whole, top, bottom)
    yield mixed, rf"\frac{{{whole * bottom + top}}}{{{bottom}}}", True
    yield mixed, f"{whole + top / bottom:g}", True
    yield mixed, f"{whole * bottom + top}/{bottom}", True
    yield mixed, rf"\frac{{{whole * bottom + top + 1}}}{{{bottom}}}", False
    yield mixed, rf"-{mixed}", False
    yield mixed, rf"\frac{{{whole * top}}}{{{bottom}}}", whole * top == whole * bottom + top


def repeating(rng: random.Random) -> Pairs:
    period, whole = rng.randrange(1, 98), rng.randrange(0, 5)
    if period % 11 == 0:
        period += 1
    value = rf"\frac{{{whole * 99 + period}}}{{99}}"
    spelled = rng.choice(
        (
            r"{}.\overline{{{:02d}}}",
            r"{}.\bar{{{:02d}}}",
            "{}.({:02d})",
            "{0}.{1:02d}{1:02d}{1:02d}...",
        )
    )
    spelled = spelled.format(whole, period)
    yield spelled, value, True
    yield value, spelled, True
    yield spelled, rf"\frac{{{whole * 99 + period + 1}}}{{99}}", False
    yield spelled, f"{whole}.{period:02d}", False
    digit = rng.randrange(1, 9)
    yield rf"{whole}.\overline{{{digit}}}", rf"{whole}.\overline{{{digit}{digit}}}", True
    yield rf"{whole}.\dot{{{digit}}}", rf"\frac{{{whole * 9 + digit}}}{{9}}", True


def radicals(rng: random.Random) -> Pairs:
    a, b = rng.randrange(2, 9), rng.choice((2, 3, 5, 6, 7, 10))
    spelled = (
        rf"{a}\sqrt{{{b}}}",
        rf"\sqrt{{{a * a * b}}}",
        f"{a}√{b}",
        f"{a}*sqrt({b})",
        f"{a}sqrt({b})",
    )
    yield rng.choice(spelled), rng.choice(spelled), True
    yield rng.choice(spelled), rf"{a}\sqrt{{{b + 1}}}", False
    yield rng.choice(spelled), "-" + rng.choice(spelled), False
    yield rf"\frac{{{a}}}{{\sqrt{{{b}}}}}", rf"\frac{{{a}\sqrt{{{b}}}}}{{{b}}}", True
    yield rf"\frac{{{a}}}{{\sqrt{{{b}}}}}", rf"\frac{{{a}\sqrt{{{b}}}}}{{{b + 1}}}", False
    yield rf"\sqrt{{\frac{{1}}{{{b}}}}}", rf"\frac{{1}}{{\sqrt{{{b}}}}}", True
    yield r"\sqrt{\frac{1}{n}}", r"\frac{1}{\sqrt{n}}", True
    yield rf"{a}+\sqrt{{{b}}}", rf"\sqrt{{{b}}}+{a}", True
    yield rf"{a}+\sqrt{{{b}}}", rf"{a}-\sqrt{{{b}}}", False
    yield rf"({a}+\sqrt{{{b}}})^2", rf"{a * a + b}+{2 * a}\sqrt{{{b}}}", True
    yield rf"\sqrt[3]{{{a}}}", f"∛{a}", True


def unicode_maths(rng: random.Random) -> Pairs:
    a, b = rng.randrange(2, 9), rng.randrange(2, 9)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in f"{a}{b}")
    known = [
        (f"{a}π/{b}", rf"\frac{{{a}\pi}}{{{b}}}"),
        (f"x² + {a}", f"x^2+{a}"),
        (f"{a}x³", f"{a}x^3"),
        (f"−{a}", f"-{a}"),
        (wide, f"{a}{b}"),
        (f"{a}·{b}", str(a * b)),
        (f"{a} × {b}", str(a * b)),
        (f"{a}½", f"{a}.5"),
        ("¾", "0.75"),
        (f"x ≤ {a}", rf"x \leq {a}"),
        (f"[{a}, {a + b}] ∪ [20, 30]", rf"[{a},{a + b}]\cup[20,30]"),
        (f"({a}, ∞)", rf"({a},\infty)"),
        (f"{a} ± √{b}", rf"{a}+\sqrt{{{b}}}, {a}-\sqrt{{{b}}}"),
        (f"{a}°", str(a)),
        (f"√({a}+{b})", rf"\sqrt{{{a + b}}}"),
        (f"2**{a}", str(2**a)),
        (f"{a}*pi", rf"{a}\pi"),
    ]
    gold, answer = rng.choice(known)
    yield gold, answer, True
    yield answer, gold, True
    wrong = [
        (f"{a}π/{b}", rf"\frac{{{a}\pi}}{{{b + 1}}}"),
        (f"x²+{a}", f"x^3+{a}"),
        (f"√{a}", str(a)),
    ]
    wrong += [
        (f"{a}½", f"{a}.25"),
        (wide, f"{b}{a + 1}"),
        (f"x ≤ {a}", rf"x \geq {a}"),
        (f"−{a}", str(a)),
    ]
    yield *rng.choice(wrong), False


def constants(rng: random.Random) -> Pairs:
    n = rng.randrange(2, 12)
    for upright in (r"\mathrm{e}", r"\text{e}", r"\operatorname{e}"):
        yield f"e^{{{n}}}", rf"{upright}^{{{n}}}", True
        yield rf"\frac{{{n}}}{{{upright}}}", rf"\frac{{{n}}}{{e}}", True
        yield rf"{n}{upright}", str(n), False
        yield rf"{upright}^{{{n}}}", f"e^{{{n + 1}}}", False
        yield rf"\frac{{{n}}}{{{upright}}}", str(n), False
    yield rf"{n}\mathrm{{i}}", f"{n}i", True
    yield rf"{n}+\mathrm{{i}}", f"{n}+i", True
    yield rf"{n}+2\mathrm{{i}}", f"{n}-2i", False
    yield rf"{n}\mathrm{{i}}", str(n), False
    yield r"\pi\mathrm{i}", r"\pi i", True
    yield rf"({n}+i)^2", f"{n * n - 1}+{2 * n}i", True


def tiny_and_huge(rng: random.Random) -> Pairs:
    n, k = rng.randrange(100, 2500), rng.randrange(200, 3000)
    yield rf"\frac{{1}}{{{n}!}}", rf"\frac{{1}}{{{n + rng.choice((1, 2, -1))}!}}", False
    yield f"2^{{-{k}}}", f"2^{{-{k + 1}}}", False
    yield rf"\left(\frac12\right)^{{{k}}}", f"2^{{-{k}}}", True
    yield f"10^{{-{k}}}", "0", False
    yield rf"1-\frac{{1}}{{{n}!}}", "1", False
    yield f"2^{{{k}}}-1", f"2^{{{k}}}", False
    yield f"2^{{{k}}}+1", f"2^{{{k}}}-1", False
    yield f"3^{{{k}}}", rf"3\cdot 3^{{{k - 1}}}", True
    yield f"{n}!", f"{n - 1}!", False
    yield f"{n}!", rf"{n} \cdot {n - 1}!", True
    yield rf"\binom{{{n}}}{{3}}", str(n * (n - 1) * (n - 2) // 6), True
    yield rf"\binom{{{n}}}{{50}}", rf"\binom{{{n}}}{{50}}+1", False
    yield f"1-0.9^{{{k}}}", "1", False
    yield rf"1+e^{{-{k * k}}}", "1", False
    yield str(7**60 + n), str(7**60 + n + 1), False
    yield f"0.{'0' * rng.randrange(6, 30)}1", "0", False
    yield rf"\frac{{{10**9 - n}}}{{{10**9}}}", "1", False
