"""Hostile and odd responses, each with a reference answer that it does not equal: every one must
get a status.

Responses that would do something if anybody ran or rendered them touch, or point to, TOUCHED and
NOWHERE.
"""

from typing import NamedTuple

TOUCHED = "/tmp/grading-was-tricked"
NOWHERE = "https://hostile.invalid"


class Case(NamedTuple):
    """One response and why it is here."""

    name: str
    gold: str
    response: str


_ENDLESS = {
    "tower of nines": "9^{9^{9^9}}",
    "tower as a formula": "9^{9^{9^9}}+x",
    "ten to the ten billion": "10^{10^{10}}",
    "bare tower": "9^9^9^9",
    "double exponent": "2^{2^{33}}",
    "memory by power": "7^{10^{9}}-1",
    "large factorial": "99999!",
    "factorial of a factorial": "(10!)!",
    "double factorial": "((5!)!)!",
    "large binomial": r"\binom{10^9}{5\cdot 10^8}",
    "sum to a billion": r"\sum_{n=1}^{10^9} \frac{1}{n}",
    "sum of factorials": r"\sum_{n=1}^{10^9} n!",
    "product to a billion": r"\prod_{n=1}^{10^9} (n^2+1)",
    "hard integral": r"\int_0^1 \frac{\sin(x^x)}{\ln(1+e^{x^2})} dx",
    "nested integral": r"\int_0^1\int_0^1\int_0^1 e^{xyz\sin(xy)} dx dy dz",
    "hard limit": r"\lim_{x\to\infty} \left(1+\frac{\sin x}{x^x}\right)^{x^{x}}",
    "large polynomial power": "(x+y+z+1)^{5000}",
    "large polynomial product": "".join(f"(x+{n})" for n in range(200)),
    "root of a tower": r"\sqrt[3]{7^{7^{7^7}}}",
    "logarithm of a tower": r"\log_2(3^{3^{3^{3^3}}})",
    "sine of a tower": r"\sin(10^{10^{10}})",
    "modulus of a tower": r"7^{7^{7^7}} \mod 10",
    "tower in a fraction": r"\frac{9^{9^9}}{8^{8^8}}",
    "tower in a set": r"\{9^{9^{9}},8^{8^{8}}\}",
    "tower in an interval": r"(9^{9^{9}},10^{10^{10}})",
    "tower in a matrix": r"\begin{pmatrix}9^{9^9}\\8^{8^8}\end{pmatrix}",
    "scientific tower": "1e999999999",
    "floor of a tower": r"\lfloor \pi^{\pi^{\pi^{\pi^{\pi}}}} \rfloor",
    "equation to solve": r"x^{17}+3x^5-\sin(x)e^{x}+y^{13}=\cos(xyz)",
    "gigantic determinant": r"\det\begin{pmatrix}"
    + r"\\".join("&".join(f"x^{{{i + j}}}+{i * j}" for j in range(9)) for i in range(9))
    + r"\end{pmatrix}",
}
_SHAPES = {
    "20,000 braces": "{" * 10_000 + "1" + "}" * 10_000,
    "20,000 set braces": r"\{" * 10_000 + r"\}" * 10_000,
    "2,000 nested fractions": r"\frac{" * 2_000 + "1" + "}{2}" * 2_000,
    "250 nested fractions": r"\frac{" * 250 + "1" + "}{2}" * 250,
    "600 parentheses": "(" * 600 + "x" + ")" * 600,
    "400 nested roots": r"\sqrt{" * 400 + "2" + "}" * 400,
    "900 nested exponents": "2^{" * 900 + "2" + "}" * 900,
    "a megabyte of digits": "8" * 1_000_000,
    "a megabyte of decimals": "0." + "3" * 1_000_000,
    "3,900 digits": "8" * 3_900,
    "a megabyte of pluses": "1+" * 500_000 + "1",
    "3,900 characters of sum": "x+" * 1_949 + "1",
    "a set of a thousand": ",".join(str(n) for n in range(1_000)),
    "a megabyte of spaces": "1" + " " * 1_000_000 + "2",
    "a megabyte of dollars": "$" * 1_000_000 + "3",
    "a megabyte of backslashes": "\\" * 1_000_000 + "4",
    "a megabyte of letters": "x" * 1_000_000,
    "a megabyte of text commands": r"\text{" * 150_000 + "5" + "}" * 150_000,
}
_TEXT = {
    "null bytes": "7\x00\x00",
    "lone high surrogate": "\ud83d 7",
    "lone low surrogate": "\udc00",
    "right-to-left text": "\u202e\u05e9\u05dc\u05d5\u05dd 18 \u202c",
    "combining marks": "8" + "\u0301" * 2_000,
    "zero-width characters": "1\u200b2\u200d3",
    "emoji": "\U0001f600" * 300,
    "control characters": "".join(map(chr, range(1, 32))) + "9",
    "HTML": f"<img src='{NOWHERE}/p.png' onerror='alert(1)'>",
    "script": f"<script src='{NOWHERE}/a.js'>alert(1)</script>",
    "javascript link": "[18](javascript:alert(1))",
    "remote image": f"![x]({NOWHERE}/track.png)",
    "spreadsheet formula": f'=HYPERLINK("{NOWHERE}","x")',
    "spreadsheet command": "=cmd|'/c calc'!A0",
    "system call": f"__import__('os').system('touch {TOUCHED}')",
    "system call in a formula": f"x+__import__('os').system('touch {TOUCHED}')",
    "system call in text": rf"\text{{__import__('os').system('touch {TOUCHED}')}}",
    "evaluated expression": f"eval(\"open('{TOUCHED}','w')\")",
    "lambda": f"(lambda: open('{TOUCHED}','w'))()",
    "attribute walk": "().__class__.__base__.__subclasses__()",
    "LaTeX input": r"\input{/etc/passwd}",
    "LaTeX shell": rf"\write18{{touch {TOUCHED}}}",
    "endless macro": r"\def\a{\a\a}\a",
    "format string": "%s%n{0.__class__}",
    "not a number": r"\frac{0}{0}",
    "division by zero": r"\frac{1}{0}",
    "infinity less infinity": r"\infty-\infty",
}
_WHOLE = {
    "a megabyte of open boxes": r"\boxed{" * 150_000,
    "a megabyte of empty boxes": r"\boxed{}" * 125_000,
    "a megabyte of stated answers": "the answer is " * 70_000,
    "a megabyte of hashes": "#" * 1_000_000,
    "a megabyte of calculations": "<<1+1=" * 160_000,
    "a megabyte of newlines": "\n" * 1_000_000,
    "a megabyte of prose": "and so it goes on, 12 = 3 * 4, " * 32_000,
    "a megabyte of boxes": r"\boxed{12} " * 90_000,
    "nothing": "",
}

CASES: tuple[Case, ...] = (
    *(
        Case(name, "7", rf"\boxed{{{answer}}}")
        for name, answer in (_ENDLESS | _SHAPES | _TEXT).items()
    ),
    *(
        Case(f"{name}, against a formula", "x^2+1", rf"\boxed{{{answer}}}")
        for name, answer in _ENDLESS.items()
    ),
    *(
        Case(f"{name}, as the reference", answer, r"\boxed{x+7}")
        for name, answer in (_ENDLESS | _TEXT).items()
    ),
    *(Case(name, "7", response) for name, response in _WHOLE.items()),
)
