"""Generators of pairs by kind: another value each time, in every dress that the kind is known for,
and neighbours that are easily taken for it: another sign, digit, operator, order or unit.

A generator yields (reference, answer, equal); the answer is what stands in a box.
"""

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

Pairs = Iterator[tuple[str, str, bool]]


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
    letters = rng.sample("ABCDE", rng.randrange(2, 5))
    shuffled = rng.sample(letters, len(letters))
    joins = ("", ",", ", ", " ", r" \text{ and } ", " and ")
    yield rng.choice(joins[:3]).join(letters), rng.choice(joins).join(shuffled), True
    yield rng.choice(joins[:3]).join(letters), rng.choice(joins).join(shuffled[1:]), False
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


def intervals(rng: random.Random) -> Pairs:
    a = rng.randrange(-20, 10)
    b = a + rng.randrange(1, 20)
    left, right = rng.choice("(["), rng.choice(")]")
    reverse = {"(": "]", "[": "[", ")": "[", "]": "]"}
    signs = ("\\le" if left == "[" else "<"), ("\\leq" if right == "]" else "<")
    plain = f"{left}{a},{b}{right}"
    dress = [f"{left}{a};{b}{right}", f"{reverse[left]}{a},{b}{reverse[right]}", rf"x\in {plain}"]
    dress += [f"{a} {signs[0]} x {signs[1]} {b}", rf"\left{left}{a}, {b}\right{right}"]
    dress += [
        rf"\{{x \mid {a} {signs[0]} x {signs[1]} {b}\}}",
        rf"\{{x : {a} {signs[0]} x {signs[1]} {b}\}}",
    ]
    yield plain, rng.choice(dress), True
    yield rng.choice(dress), plain, True
    flipped = plain.translate(str.maketrans("([)]", "[(])"))
    yield rng.choice(dress), flipped, False
    yield rng.choice(dress), plain.replace(str(b), str(b + 1)), False
    line = rf"({a},\infty)"
    yield rf"x > {a}", line, True
    yield rf"x \ge {a}", line, False
    yield rf"x < {a}", line, False
    yield rf"(-\infty,{a})\cup({b},\infty)", rf"x<{a} \text{{ or }} x>{b}", True
    yield rf"({b},\infty)\cup(-\infty,{a})", rf"(-\infty, {a}) \cup ({b}, +\infty)", True
    yield rf"(-\infty,{a})\cup({b},\infty)", rf"(-\infty,{a}]\cup({b},\infty)", False
    yield rf"|x| \le {b + 30}", rf"[-{b + 30},{b + 30}]", True


def sets_and_lists(rng: random.Random) -> Pairs:
    items = rng.sample(range(-15, 40), rng.randrange(2, 5))
    shuffled = rng.sample(items, len(items))
    text, other = ", ".join(map(str, items)), ", ".join(map(str, shuffled))
    shapes = ("{}", r"\{{{}\}}", r"\left\{{{}\right\}}")
    yield rng.choice(shapes).format(text), rng.choice(shapes).format(other), True
    yield text, text.replace(", ", r" \text{ and } "), True
    yield text, text.replace(", ", ";"), True
    yield text, " and ".join(text.rsplit(", ", 1)), True
    yield text, "x=" + ", x=".join(map(str, shuffled)), True
    yield text, ", ".join(f"x_{i} = {x}" for i, x in enumerate(items)), True
    yield text, ", ".join(map(str, items[1:])), False
    yield text, ", ".join(map(str, [*items[1:], items[0] + 60])), False
    yield text, ", ".join(map(str, [-items[0] - 100, *items[1:]])), False
    yield r"\varnothing", rng.choice((r"\emptyset", r"\{\}", "∅")), True
    yield r"\emptyset", rng.choice(("0", r"\{0\}", str(items[0]))), False
    n = abs(items[0]) + 1
    yield rf"\pm {n}", f"{n}, -{n}", True
    yield rf"\pm {n}", str(n), False


def tuples(rng: random.Random) -> Pairs:
    a, b = rng.sample(range(-9, 30), 2)
    point = f"({a},{b})"
    named = f"x={a}, y={b}"
    systems = (
        rf"\begin{{cases}} x={a} \\ y={b} \end{{cases}}",
        f"(x,y)=({a},{b})",
        f"y={b}, x={a}",
    )
    systems += (
        rf"\left\{{\begin{{array}}{{l}}x={a}\\y={b}\end{{array}}\right.",
        named,
        rf"x={a} \text{{ and }} y={b}",
    )
    yield point, rng.choice(systems), True
    yield rng.choice(systems), rng.choice(systems), True
    yield rng.choice(systems), f"{a},{b}", True
    yield rng.choice(systems), f"({b},{a})", False
    yield rng.choice(systems), f"{b},{a}", False
    yield named, f"x={b}, y={a}", False
    yield point, f"({b},{a})", False
    yield point, f"({a},{b + 1})", False
    yield point, f"({a}; {b})", True
    yield f"({a},{b},7)", f"({a},7,{b})", b == 7
    yield f"({a},{b}),({b},{a})", f"({b},{a}), ({a},{b})", True
    yield point, f"[{a},{b}]", False


def named_values(rng: random.Random) -> Pairs:
    n = rng.randrange(2, 500)
    names = ("x = {}", "AB = {}", "f(2)={}", "P(A) = {}", r"\text{{Area}} = {}", "|S| = {}", "n={}")
    names += (
        r"m\angle A = {}^\circ",
        r"x \approx {}",
        r"\approx {}",
        "a+b={}",
        "= {}",
        r"\text{{Answer: }}{}",
        "Answer: {}",
    )
    names += (
        r"\text{{Total}} = {}\text{{ apples}}",
        "S_{{10}} = {}",
        r"\begin{{aligned}} x &= {} \end{{aligned}}",
    )
    yield str(n), rng.choice(names).format(n), True
    yield rng.choice(names).format(n), str(n), True
    yield str(n), rng.choice(names).format(n + 1), False
    yield str(n), rng.choice(names).format(f"-{n}"), False
    yield f"x={n}", f"y={n}", False
    yield r"\frac{1}{2}", r"P = \frac{1}{2} = 0.5", True
    yield str(n), rf"x = {n - 1} + 1 = {n}", True
    yield str(n), f"{n} = {n + 1}", False


def formulas(rng: random.Random) -> Pairs:
    a, b = rng.randrange(2, 9), rng.randrange(2, 9)
    same = [
        (f"(x-{a})(x+{b})", f"x^2+{b - a}x-{a * b}" if b > a else f"x^2-{a - b}x-{a * b}"),
        (f"{a}x+{a * b}", f"{a}(x+{b})"),
        (rf"\frac{{n(n+{a})}}{{{b}}}", rf"\frac{{n^2+{a}n}}{{{b}}}"),
        (rf"\frac{{x^{a}}}{{x}}", f"x^{{{a - 1}}}"),
        (rf"{a}e^{{{b}x}}", rf"{a}(e^x)^{{{b}}}"),
        (rf"\ln {a}+\ln {b}", rf"\ln {a * b}"),
        (rf"\sin^2 x+{a}", rf"{a + 1}-\cos^2 x"),
        (rf"{a}x^{{-1}}", rf"\frac{{{a}}}{{x}}"),
        (f"2^{{n}}+{a}", f"{a}+2^n"),
    ]
    gold, answer = rng.choice(same)
    yield gold, answer, True
    yield answer, gold, True
    different = [
        (f"(x-{a})(x+{b})", f"(x+{a})(x-{b})" if a != b else f"(x+{a})^2"),
        (f"{a}x+{b}", f"{a}x-{b}"),
        (f"{a}x+{b}", f"{a}y+{b}"),
        (f"{a}x^2", f"{a}x^3"),
        (rf"\frac{{{a}}}{{x+1}}", rf"\frac{{x+1}}{{{a}}}"),
        (f"{a}x+{b}", f"{a + 1}x+{b}"),
        (rf"\sin x+{a}", rf"\cos x+{a}"),
        (rf"{a}e^x", rf"{a}e^{{-x}}"),
        (rf"{a}\ln x", rf"{a}\log x"),
        ("n!+1", "(n+1)!"),
        ("|x|", "x"),
    ]
    yield *rng.choice(different), False


def equations(rng: random.Random) -> Pairs:
    a, b = rng.sample(range(2, 9), 2)
    yield f"y={a}x+{b}", f"{a}x-y+{b}=0", True
    yield f"y={a}x+{b}", f"{2 * a}x+{2 * b}=2y", True
    yield f"y={a}x+{b}", f"y={a}x-{b}", False
    yield f"y={a}x+{b}", f"y={b}x+{a}", False
    yield f"y={a}x+{b}", f"{a}x+{b}", True
    yield f"x^2+y^2={a}", f"y^2+x^2={a}", True
    yield f"x^2+y^2={a}", f"x^2+y^2={b}", False
    yield f"x^2+y^2={a}", f"x^2-y^2={a}", False
    yield f"x^2+y^2={a}", str(a), False
    ellipse = rf"\frac{{x^2}}{{{a}}}+\frac{{y^2}}{{{b}}}=1"
    yield ellipse, f"{b}x^2+{a}y^2={a * b}", True
    yield ellipse, f"{a}x^2+{b}y^2={a * b}", False
    yield f"f(x)={a}x^2", f"{a}x^2", True
    yield f"xy={a}", rf"y=\frac{{{a}}}{{x}}", True


def matrices(rng: random.Random) -> Pairs:
    a, b, c, d = rng.sample(range(-9, 20), 4)
    names = ("pmatrix", "bmatrix", "matrix")
    spell = r"\begin{{{0}}}{1} & {2} \\ {3} & {4}\end{{{0}}}"
    gold = spell.format(rng.choice(names), a, b, c, d)
    yield gold, spell.format(rng.choice(names), a, b, c, d), True
    yield gold, spell.format(rng.choice(names), a, c, b, d), False
    yield gold, spell.format(rng.choice(names), a, b, c, d + 1), False
    yield gold, spell.format(rng.choice(names), -a - 100, b, c, d), False
    yield rf"\begin{{array}}{{cc}}{a}&{b}\\{c}&{d}\end{{array}}", gold, True
    yield gold, rf"\begin{{pmatrix}}{a} & {b}\end{{pmatrix}}", False


def times_ratios_bases(rng: random.Random) -> Pairs:
    h, m = rng.randrange(1, 12), rng.randrange(10, 60)
    yield f"{h}:{m}", f"{h:02d}:{m}", True
    yield f"{h}:{m}", rf"{h}\!:\!{m}", True
    yield rf"{h}:{m}\text{{ p.m.}}", f"{h}:{m}", True
    yield rf"{h}:{m}\text{{ p.m.}}", f"{h}:{m} PM", True
    yield rf"{h}:{m}\text{{ p.m.}}", rf"{h}:{m}\text{{ a.m.}}", False
    yield f"{h}:{m}", f"{h + 1}:{m}", False
    yield f"{h}:{m}", f"{h}{m}", False
    p, q = rng.sample((2, 3, 5, 7), 2)
    yield f"{p}:{q}", f"{3 * p}:{3 * q}", True
    yield f"{p}:{q}", f"{q}:{p}", False
    yield f"1:{p}:{q}", f"1:{p * p}:{q * q}", False
    digits = f"{rng.randrange(4, 200):b}"
    yield f"{digits}_2", rf"{digits}_{{2}}", True
    yield rf"{digits}_{{2}}", digits, True
    yield rf"{digits}_{{2}}", f"{digits}_3", False
    yield rf"{digits}_{{2}}", str(int(digits, 2)), False


def words(rng: random.Random) -> Pairs:
    word = rng.choice(
        ("even", "odd", "Monday", "Evelyn", "no solution", "east", "circle", "ellipse")
    )
    other = rng.choice(
        [one for one in ("even", "Friday", "Kate", "west", "hyperbola") if one != word]
    )
    dress = ("{}", r"\text{{{}}}", r"\text{{{}.}}", r"\mathrm{{{}}}", r"\textbf{{{}}}")
    yield (
        rng.choice(dress).format(word),
        rng.choice(dress).format(rng.choice((word, word.upper(), word.title()))),
        True,
    )
    yield rng.choice(dress).format(word), rng.choice(dress).format(other), False
    stand, against = rng.sample(("Yes", "No"), 2)
    yield (
        stand,
        rng.choice(
            (
                stand.lower(),
                rf"\text{{{stand}.}}",
                f"{stand}, it is.",
                rf"\text{{{stand}, because }} x>2",
            )
        ),
        True,
    )
    yield (
        stand,
        rng.choice((against, f"{against}, it is not.", "Yes/No", "Not possible", "maybe")),
        False,
    )
    truth = rng.choice(("True", "False"))
    yield truth, rf"\text{{{truth.lower()}}}", True


def degrees(rng: random.Random) -> Pairs:
    n = rng.randrange(1, 179)
    circle = rng.choice((r"^\circ", r"^{\circ}", "°", " degrees", r"\text{ degrees}"))
    yield f"{n}{circle}", str(n), True
    yield str(n), f"{n}{circle}", True
    yield f"{n}{circle}", f"{n + 1}{circle}", False
    function = rng.choice(("sin", "cos", "tan"))
    values = {
        "sin": {30: r"\frac12", 45: r"\frac{\sqrt2}{2}"},
        "cos": {60: "0.5", 30: r"\frac{\sqrt{3}}{2}"},
    }
    values["tan"] = {60: r"\sqrt{3}", 45: "1"}
    angle = rng.choice(list(values[function]))
    value = values[function][angle]
    yield rf"\{function} {angle}^\circ", value, True
    yield value, rf"\{function}({angle}^{{\circ}})", True
    yield rf"\{function} {angle}^\circ", rf"\{function} {angle}", False
    yield rf"\{function} {angle}^\circ", str(angle), False


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
    )
}
