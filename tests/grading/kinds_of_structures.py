"""Generators of pairs whose answers have parts, or are words. See kinds."""

import random

from tests.grading.kinds_of_values import Pairs


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
