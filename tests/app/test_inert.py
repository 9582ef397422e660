"""Model text is shown and does nothing."""

import re
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import inert

HOSTILE = [
    "![x](https://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "https://evil.example and www.evil.example and me@evil.example",
    ":red[hello] :material/home: :smile:",
    "# heading\n- list\n1. item\n> quote\n---\n| a | b |\n|---|---|",
    "`code` ```block``` **bold** _it_ ~~gone~~",
    "&lt;script&gt; &#x3c;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_markdown_understands_is_left_unescaped(text):
    shown = inert.markdown(text)
    assert not re.search(r"(?<!\\)[`*_\[\]<>#|~]", shown)
    assert "://" not in shown.replace("\\", "") and "www." not in shown.replace("\\", "").lower()
    assert "e@e" not in shown


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("so $x^2$ it is", "$x^2$"),
        (r"so \(x_1\) it is", "$x_1$"),
        (r"so \[\frac{1}{2}\] it is", r"$\frac{1}{2}$"),
        (r"The answer is \boxed{\frac{1}{2}}.", r"$\boxed{\frac{1}{2}}$"),
        ("$$\na + b\n$$", "$a + b$"),
    ],
)
def test_formulas_are_left_for_latex(text, formula):
    assert formula in inert.markdown(text)


def test_prices_are_not_formulas():
    assert inert.markdown("It costs $5 or $ 6.") == r"It costs \$5 or \$ 6\."


@given(st.text(max_size=80))
def test_outside_formulas_every_word_is_kept(text):
    shown = inert.markdown(text.replace("$", "").replace("\\", ""))
    assert (
        re.sub(r"\\(.)|\u2060", r"\1", shown).split()
        == text.replace("$", "").replace("\\", "").replace("\u2060", "").split()
    )


def test_a_very_long_text_is_cut_with_a_mark():
    assert len(inert.markdown("a" * 1_000_000)) < 21_000


MATH = re.compile(
    r"(?<!\\)\$\$(.+?)\$\$|(?<!\\)\$(?!\s)([^$\n]+?)(?<!\s)\$|\\\[(.+?)\\\]|\\\((.+?)\\\)",
    re.DOTALL,
)
"""What a formula between delimiters is, as one expression: short, and cubic."""


@given(st.text(alphabet="$\\[]()ab \n", max_size=40))
def test_formulas_are_those_of_the_expression_that_says_what_they_are(text):
    bodies = [next(g for g in m.groups() if g is not None) for m in MATH.finditer(text)]
    whole = [" ".join(body.split()).replace("$", "") for body in bodies]
    assert [body for _, _, body in inert._math_spans(text)] == [body for body in whole if body]


def test_a_box_ends_at_its_own_brace():
    text = r"\boxed{a{b}} } \boxed{c \boxed{d}"
    assert [body for _, _, body in inert._math_spans(text)] == [r"\boxed{a{b}}", r"\boxed{d}"]


def n_operations(call: Callable[[], object]) -> int:
    """Lines of Python that a call runs."""
    counted = 0

    def trace(frame, event, argument):
        nonlocal counted
        counted += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return counted


UNITS = [
    *("$", "$$", "$ ", "$a\n", r"\[", r"\(", r"\boxed{", r"\boxed {", "{", "\\$", "$$ $"),
    *("    ", "@://"),
]


@pytest.mark.parametrize("unit", UNITS)
def test_work_grows_no_faster_than_the_text(unit):
    short, long = (
        n_operations(lambda n=n: inert.markdown((unit * n)[:n])) for n in (2_000, 16_000)
    )
    assert long <= 8.5 * short + 200
    assert looked_at(unit * 4_000, 16_000) <= 8.5 * looked_at(unit * 4_000, 2_000) + 2_000


def looked_at(text: str, n: int) -> int:
    """Characters that the finding of closing delimiters passes over."""
    passed = 0

    class Counted(str):
        def find(self, sign, start):
            nonlocal passed
            at = super().find(sign, start)
            passed += (len(self) if at < 0 else at) - start
            return at

    list(inert._math_spans(Counted(text[:n])))
    return passed
