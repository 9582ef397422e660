"""Model text is shown and does nothing."""

import re

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
