"""Generators of pairs whose answers are longer formulas: chains, sums, matrices, accents. See
kinds.
"""

import random

from tests.grading.kinds_of_values import Pairs


def _other(rng: random.Random, value: int) -> int:
    """Another whole number near by."""
    return value + rng.choice((1, 2, 3))


def chains(rng: random.Random) -> Pairs:
    base, power = rng.randrange(2, 9), rng.randrange(2, 6)
    value = base**power
    chain = rf"\log_{{{base}}}({value})={power}"
    yield chain, str(power), True
    yield str(power), chain, True
    yield chain, rf"\log_{base} {value} = {power}", True
    yield chain, rf"\log_{{{base}}}({value})={_other(rng, power)}", False
    yield str(power), rf"\log_{{{base}}}({value})={power}={_other(rng, power)}", False
    yield chain, str(_other(rng, power)), False
    a, b = rng.sample(range(2, 30), 2)
    yield f"{a}+{b}={a + b}", str(a + b), True
    yield f"{a}+{b}={a + b}", f"{a}+{_other(rng, b)}={a + b}", False
    low = rng.randrange(-9, 9)
    yield rf"x\ge {low}:[{low},\infty)", rf"[{low},\infty)", True
    yield rf"x\ge {low}:[{low},\infty)", rf"x\ge {low}:[{_other(rng, low)},\infty)", False


def series(rng: random.Random) -> Pairs:
    a, b = rng.randrange(1, 6), rng.randrange(2, 6)
    power = rf"\sum_{{n=0}}^{{\infty}} {a}(-1)^n x^{{{b}n}}"
    yield power, rf"{a}\sum_{{k=0}}^\infty (-1)^{{k}}x^{{{b}k}}", True
    yield power, rf"\sum_{{n=1}}^{{\infty}} {a}(-1)^{{n-1}} x^{{{b}n-{b}}}", True
    yield power, rf"\frac{{{a}}}{{1+x^{{{b}}}}}", True
    yield power, rf"\sum_{{n=0}}^{{\infty}} {_other(rng, a)}(-1)^n x^{{{b}n}}", False
    yield power, rf"\sum_{{n=0}}^{{\infty}} {a}(-1)^n x^{{{_other(rng, b)}n}}", False
    yield power, rf"\sum_{{n=0}}^{{\infty}} {a} x^{{{b}n}}", False
    yield power, rf"\sum_{{n=1}}^{{\infty}} {a}(-1)^n x^{{{b}n}}", False
    n = rng.randrange(3, 9)
    finite = rf"\sum_{{k=1}}^{{{n}}}({a}k+{b})"
    value = sum(a * k + b for k in range(1, n + 1))
    yield str(value), finite, True
    yield finite, rf"\sum_{{i=1}}^{{{n}}}({b}+{a}i)", True
    yield finite, rf"\sum_{{k=1}}^{{{n + 1}}}({a}k+{b})", False
    yield str(value + 1), finite, False
    yield rf"\prod_{{k=1}}^{{{n}}} k", f"{n}!", True
    yield f"{n}!", rf"\prod_{{k=1}}^{{{n + 1}}} k", False


def vectors(rng: random.Random) -> Pairs:
    a, b, c, d = rng.sample(range(1, 20), 4)
    column = rf"\begin{{pmatrix}}{a}\\{b}\end{{pmatrix}}"
    other = rf"[\begin{{array}}{{r}}{c}\\{d}\end{{array}}]"
    line = rf"\mathbf{{y}}=c_1{column}e^{{2t}}+c_2{other}e^{{-t}}"
    yield line, line.replace("mathbf", "vec"), True
    yield line, rf"y=c_2e^{{-t}}{other}+c_1 e^{{2t}}{column}", True
    yield line, line.replace("2t", "3t"), False
    yield line, line.replace("c_1", "-c_1"), False
    yield line, line.replace(rf"{a}\\{b}", rf"{b}\\{a}"), False
    total = rf"\begin{{bmatrix}}{a + c}\\{b + d}\end{{bmatrix}}"
    yield total, column + "+" + other, True
    yield total, column + "-" + other, False
    product = rf"\begin{{bmatrix}}{a}&{b}\\{c}&{d}\end{{bmatrix}}"
    yield (
        rf"\begin{{pmatrix}}{a + b}\\{c + d}\end{{pmatrix}}",
        (product + r"\begin{bmatrix}1\\1\end{bmatrix}"),
        True,
    )
    yield rf"{2 * a}", rf"2\begin{{bmatrix}}{a}\\{a}\end{{bmatrix}}", False


def accents(rng: random.Random) -> Pairs:
    a, b = rng.sample(range(2, 40), 2)
    yield rf"\bar{{x}}={a},\bar{{y}}={b}", rf"\overline{{y}}={b}, \overline{{x}}={a}", True
    yield rf"\bar{{x}}={a},\bar{{y}}={b}", rf"\bar{{x}}={b},\bar{{y}}={a}", False
    yield rf"\hat{{\theta}}=\frac{{{a}}}{{\bar{{x}}}}", rf"\hat{{\theta}}={a}/\bar{{x}}", True
    yield rf"\frac{{{a}}}{{\bar{{x}}}}", rf"\frac{{{a}}}{{x}}", False
    yield rf"y''+{a}y'+{b}y=0", rf"y^{{\prime\prime}}+{a}y^{{\prime}}=-{b}y", True
    yield rf"y''+{a}y'+{b}y=0", rf"y'+{a}y''+{b}y=0", False
    yield rf"f^{{-1}}(x)={a}x+{b}", f"{a}x+{b}", True
    yield rf"f^{{-1}}(x)={a}x+{b}", rf"f^{{-1}}(x)={a}x-{b}", False
    yield rf"\sin^{{-1}}(x/{a})", rf"\arcsin\left(\frac{{x}}{{{a}}}\right)", True
    yield rf"\sin^{{-1}}(x/{a})", rf"\frac{{1}}{{\sin(x/{a})}}", False
    yield rf"\frac{{\ln|x+{a}|}}{{{b}}}", rf"\ln|x+{a}|/{b}", True
    yield rf"\ln|x+{a}|/{b}", rf"\ln|x-{a}|/{b}", False


def floors(rng: random.Random) -> Pairs:
    a = rng.randrange(2, 6)
    yield r"\lfloor \frac{n+1}{2} \rfloor", r"\lceil n/2 \rceil", True
    yield rf"\lfloor n/{a} \rfloor", rf"\lfloor \frac{{n}}{{{a}}} \rfloor", True
    yield rf"\lfloor n/{a} \rfloor", rf"\lfloor n/{a + 1} \rfloor", False
    yield rf"\lfloor \sqrt{{n-{a}}} \rfloor", rf"\lfloor \sqrt{{n-{a + 1}}} \rfloor", False
    yield rf"\lfloor n/{a} \rfloor", rf"n/{a}", False
    yield r"\lfloor x \rfloor", "x", False


def indexed_values(rng: random.Random) -> Pairs:
    a, b = rng.sample(range(-9, 20), 2)
    yield rf"x_1={a}, x_2={b}", rf"x_1={b}, x_2={a}", True
    yield rf"C_1={a}, C_2={b}, C_3={b}", rf"C_1={a}, C_2={a}, C_3={b}", False
    yield f"{a},{b},{b}", f"{a},{a},{b}", False
    yield f"{a},{b},{b}", f"{b},{a}", True


def sixtieths(rng: random.Random) -> Pairs:
    degrees, minutes, seconds = rng.randrange(1, 180), rng.randrange(1, 60), rng.randrange(1, 60)
    angle = rf"{degrees}^{{\circ}}{minutes}^{{\prime}}"
    yield angle, rf"{degrees}^\circ {minutes}'", True
    yield angle, rf"\frac{{{60 * degrees + minutes}}}{{60}}^\circ", True
    yield angle, rf"{degrees}^{{\circ}}{minutes % 59 + 1}^{{\prime}}", False
    yield rf"{angle}{seconds}^{{\prime \prime}}", rf"{degrees}°{minutes}'{seconds}''", True
    yield rf"{angle}{seconds}^{{\prime \prime}}", angle, False


def approximations(rng: random.Random) -> Pairs:
    """A value, and the decimal that an answer puts behind it."""
    top, below = rng.randrange(101, 999), rng.choice((3, 7, 9, 11, 13))
    exact = rf"\frac{{{top * below + 1}}}{{{below}}}"
    value, places = top + 1 / below, rng.randrange(1, 4)
    rounded, unit = f"{value:.{places}f}", 10**-places
    off = f"{value + 3 * unit:.{places}f}"
    yield exact, rf"{exact} \approx {rounded}", True
    yield exact, rf"x = {exact} \approx {rounded}", True
    yield rf"{exact} \approx {rounded}", exact, True
    yield rf"{exact} \approx {rounded}", rf"{exact} \approx {value:.{places + 1}f}", True
    yield exact, rf"{exact} \approx {off}", False
    yield rf"{exact} \approx {rounded}", rf"{exact} \approx {off}", False
    yield r"\pi", rf"\pi \approx {rng.choice(('3.14', '3.1416', '3.14159'))}", True
    yield r"\pi", rf"\pi \approx {rng.choice(('3.24', '3.1516', '31.4'))}", False


def statements(rng: random.Random) -> Pairs:
    """Words of mathematics that cannot be read, with a value behind them."""
    a, b = rng.randrange(2, 40), rng.randrange(41, 90)
    integral = rf"\int_{{0}}^{{{a}}} x\,dx"
    yield rf"{integral} = {a * a}/2", rf"{integral} = \frac{{{a * a}}}{{2}}", True
    yield rf"{integral} = {a * a}/2", rf"{integral} = \frac{{{a * a + 1}}}{{2}}", False
    limit = rf"\lim_{{n \to \infty}} \frac{{n}}{{{a} n + 1}}"
    yield rf"{limit} = 1/{a}", rf"{limit} = 1/{b}", False
    norms = rf"\|u\| = \sqrt{{{a}}}, \|v\| = \sqrt{{{b}}}"
    yield norms, norms.replace(str(b), str(b + 1)), False
    yield norms, norms.replace(rf"\sqrt{{{b}}}", rf"{b}^{{1/2}}"), True
    law = rf"x_1, x_2 \sim \operatorname{{Gamma}}({a}, {b})"
    yield law, law.replace(str(b), str(b + 1)), False
    lines = rf"u_1 \perp u_2 \text{{ and }} u_1 \parallel u_{{{a}}}"
    yield lines, lines.replace(str(a), str(b)), False
    interval = rf"(-\infty, \ln {a}] = (-\infty, \log_e {a}]"
    yield interval, interval.replace(rf"e {a}", rf"e {b}"), False
