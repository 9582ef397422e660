r"""Unicode maths as LaTeX: √2 is \sqrt{2}, ½ is \frac{1}{2}, x² is x^{2}, ３６ is 36.

Pure text work, linear in the text; plain ASCII is returned as it is.
"""

import re
import unicodedata

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SPELLED = {
    **{sign: "-" for sign in "−–﹣－‒"},
    **{
        space: " "
        for space in "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"
    },
    **{nothing: "" for nothing in "\u200b\u200c\u200d\u2060\ufeff"},
    "π": r"\pi ",
    "∞": r"\infty ",
    "∪": r"\cup ",
    "∩": r"\cap ",
    "∅": r"\emptyset ",
    "∈": r"\in ",
    "≤": r"\le ",
    "⩽": r"\le ",
    "≥": r"\ge ",
    "⩾": r"\ge ",
    "≠": r"\ne ",
    "≈": r"\approx ",
    "±": r"\pm ",
    "∓": r"\mp ",
    "·": r"\cdot ",
    "⋅": r"\cdot ",
    "∙": r"\cdot ",
    "•": r"\cdot ",
    "×": r"\times ",
    "÷": r"\div ",
    "∖": r"\setminus ",
    "∠": r"\angle ",
    "ℝ": r"\mathbb{R}",
    "ℤ": r"\mathbb{Z}",
    "ℕ": r"\mathbb{N}",
    "⁄": "/",
    "∕": "/",
    "′": "'",
    "’": "'",
    "∶": ":",
    "⟨": r"\langle ",
    "⟩": r"\rangle ",
    "⌊": r"\lfloor ",
    "⌋": r"\rfloor ",
    "⌈": r"\lceil ",
    "⌉": r"\rceil ",
    "℃": r"^\circ C",
    "º": "°",
    "˚": "°",
}
_GREEK = dict(
    zip(
        "αβγδεζηθκλμνξρστφχψωΓΔΘΛΣΦΨΩ",
        "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi"
        " psi omega Gamma Delta Theta Lambda Sigma Phi Psi Omega".split(),
    )
)
_TABLE = str.maketrans(_SPELLED | {letter: rf"\{name} " for letter, name in _GREEK.items()})
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")
_SUBSCRIPT = re.compile("[₀₁₂₃₄₅₆₇₈₉]+")
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_FULL_WIDTH = re.compile("[！-～]+")
_ROOT = re.compile(r"([√∛∜])\s?(?:(\d+(?:\.\d+)?|[A-Za-z])(?![\w(]*\))|(?=[({\\])|)")
_INDEX = {"√": "", "∛": "[3]", "∜": "[4]"}


def as_latex(text: str) -> str:
    """The text with Unicode maths spelled in LaTeX."""
    if text.isascii():
        return text
    text = _FULL_WIDTH.sub(lambda run: unicodedata.normalize("NFKC", run.group()), text)
    text = _SUPERSCRIPT.sub(lambda run: f"^{{{run.group().translate(_SUPERSCRIPTS)}}}", text)
    text = _SUBSCRIPT.sub(lambda run: f"_{{{run.group().translate(_SUBSCRIPTS)}}}", text)
    text = _VULGAR.sub(_fraction, text)
    return _ROOT.sub(_root, text).translate(_TABLE)


def _fraction(letter: re.Match[str]) -> str:
    top, _, bottom = unicodedata.normalize("NFKC", letter.group()).partition("⁄")
    return rf"\frac{{{top}}}{{{bottom}}}"


def _root(sign: re.Match[str]) -> str:
    """√ with its number or letter; before a bracket the bracket is the root's."""
    inner = sign.group(2)
    return rf"\sqrt{_INDEX[sign.group(1)]}" + (f"{{{inner}}}" if inner else "")
