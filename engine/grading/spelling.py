r"""Writing an answer in the one spelling that answers are compared in.

Pure text work, in linear time; it must never import Math-Verify. What it takes away changes no
value: dollars, thin spaces, \left, fonts and colours, "Answer:", a unit behind a number. Departures
from what Math-Verify does to a text:
1. A word behind a number is a unit and is dropped ("18 dollars per day" is 18), beyond
   Math-Verify's own list; `units` says what a unit is.
2. Thousands: 10{,}080, 10\,080, 10 080, 7~200 and 11,\!111 are whole numbers, 5 00 and 0,005 not.
3. Unicode maths is LaTeX (`letters`), and so are sqrt(5), pi/4 and 2**10.
4. An upright e or i is the constant.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from engine.grading.letters import as_latex
from engine.grading.units import without_unit

_MAX_REWRITTEN_CHARS = 20_000

_Replacement = str | Callable[[re.Match[str]], str]


def _compiled(*rules: tuple[str, _Replacement]) -> tuple[tuple[re.Pattern[str], _Replacement], ...]:
    return tuple((re.compile(pattern), new) for pattern, new in rules)


_FONTS = "text|textbf|textit|textrm|textnormal|mathrm|mathbf|mathit|mathsf|mbox|operatorname|bf|rm"
_UNIT_FONTS = "text|mathrm|mbox|textrm|textnormal|rm"
_UNIT_LETTER = rf"\\(?:{_UNIT_FONTS})\s?\{{[mshgLlNJWKVATCF]\}}\.?\Z"
"""A space in front of it tells a unit from a variable, and stays."""
_BASES = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}


def _mixed(match: re.Match[str]) -> str:
    r"""2 1/2 as 2\frac{1}{2}; what is no proper fraction stays."""
    whole, top, bottom = match.groups()
    is_proper = 0 < int(top) < int(bottom)
    return rf"{whole}\frac{{{top}}}{{{bottom}}}" if is_proper else match.group()


def _base(match: re.Match[str]) -> str:
    return f"_{{{_BASES[match.group(1)]}}}"


_BARE_ACCENTS = _compiled(
    (rf"(?<=[\d}}) ~])\((\\(?:{_UNIT_FONTS})\s?\{{[^{{}}()]{{1,40}}\}})\)(?=[\s$.]*\Z)", r" \1"),
    (r"\\(mathbf|mathbb|vec|hat|bar|tilde|d?dot)\s+([A-Za-z])(?![A-Za-z])", r"\\\1{\2}"),
    (r"\\(hat|vec|mathbf)\s?\{\s?\\([ij])math\s?\}", r"\\\1{\2}"),
    (r"\\(?:vec|mathbf)\s?\{\s?\\hat\s?\{([ijk])\}\s?\}", r"\\hat{\1}"),
    (r"\\hat\s?\{\s?\\(?:vec|mathbf)\s?\{([ijk])\}\s?\}", r"\\hat{\1}"),
)
_UNIT_VECTOR = re.compile(r"\\hat\{([ijk])\}")
_DRESS = _compiled(
    (r"\\(?:text)?color\s?\{[^{}]*\}|\\(?:[bB]ig{1,2}[lrm]?|middle)(?![A-Za-z])", ""),
    (r"\\(?:tiny|small|normalsize|large|Large|LARGE|huge|Huge)(?![A-Za-z])", ""),
    (r"\\(?:boldsymbol|bm)(?![A-Za-z])", ""),
    (r"\\(?:text|mathrm|mbox)\s?\{\s*\\?([$%€£¥])\s*\}", r"\\\1"),
    (
        rf"([A-Za-z]?)\\(?:{_FONTS})\s?\{{\s*([ei])\s*\}}",
        lambda m: f"{m.group(1)} {m.group(2)}" if m.group(1) else m.group(2),
    ),
    (rf"\\({_UNIT_FONTS})\s?\{{(?:[~\s]|\\[ ,;:])+([A-Za-z])\s*\}}", r" \\\1{\2}"),
    (r"\\(?:mathbf|mathrm|text|mathit)\s?\{(-?[\d.,]*\d)\}", r"\1"),
    (r"(?<=[\w)}\]])\*\*(?=[\w({-])", "^"),
    (r"\\varnothing|\\O(?![A-Za-z])|\\empty(?![A-Za-z])", r"\\emptyset"),
    (r"\\(?:lbrace|rbrace)(?![A-Za-z])", lambda m: r"\{" if "l" in m.group() else r"\}"),
    (r"\\(?:leq|leqslant)(?![A-Za-z])", r"\\le"),
    (r"\\(?:geq|geqslant)(?![A-Za-z])", r"\\ge"),
    (r"\\neq(?![A-Za-z])", r"\\ne"),
    (r"\\(?:lvert|rvert|vert|mid)(?![A-Za-z])", "|"),
    (r"\\colon(?![A-Za-z])", ":"),
    (r"[€£¥](?=\s*[\d.-])|(?<=\d)\s*[€£¥]", ""),
)
_REPEATED = re.compile(
    r"(?<![\d.])(\d{0,9})\.(\d{0,12})"
    r"(?:\\(?:overline|bar|dot|overset\{\\frown\})\s?(?:\{(\d{1,12})\}|(\d))"
    r"(?:(\d{0,9})\\dot\s?(?:\{(\d)\}|(\d)))?"
    r"|\((\d{1,12})\)(?!\d)|(?:\.\.\.|\\l?dots|\\cdots|…))"
)
_TYPED = _compiled(
    (r"(?<![\\A-Za-z])pi(?![A-Za-z])", r"\\pi "),
    (r"(?<![\\A-Za-z{])(sin|cos|tan|arctan|arcsin|arccos|ln|log|exp)(?=\s?\()", r"\\\1"),
    (r"(?<![\\A-Za-z])(?:oo|inf|infinity)(?![A-Za-z])", r"\\infty "),
)
_ROOT = re.compile(r"(?<![A-Za-z])\\?(sqrt)\s?\(")
_COMMON = _compiled(
    (r"\\\$|\$|(?<!\\)\\[()\[\]!]|\*\*|\\displaystyle(?![A-Za-z])", ""),
    (r"\\(?:left|right)(?![A-Za-z])", ""),
    (
        r"(?<![\d.])(?!0+\\)0*\d{1,3}(?:\\,\d{3})+(?!\d)",
        lambda number: number.group().replace("\\,", ","),
    ),
    (r"(?<!\\)\\[ ,;:]|~|\\q?quad(?![A-Za-z])|\\(?:thin|med|thick)space(?![A-Za-z])", " "),
    (
        r"(?<![\d.,\w}] )(?<![\d.,\w])(?!0)\d{1,3}(?: \d{3})+(?![\d,]|\.\d* \d| \d)",
        lambda number: number.group().replace(" ", ""),
    ),
    (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
    (r"\\[dt]binom(?![A-Za-z])", r"\\binom"),
    (r"\{,\}", ","),
    (r"\s+", " "),
    (r" ?\\?%| ?(?:\\text\{ ?)?(?:percent|per cent|pct)\b\.?\}?", "%"),
    (r"(?<=\d) (?=\\frac\{)", ""),
    (r"(?<![\d.\w}^/] )(?<![\d.,\w}^/])(\d{1,6}) (\d{1,4})/(\d{1,4})(?![\d/.^])", _mixed),
    (rf"(?<=\d)(?:\^ ?)?\{{?(?:\\(?:{_UNIT_FONTS})\s?\{{)? ?(?:st|nd|rd|th) ?\}}{{0,2}}\Z", ""),
    (rf"_(?:\{{ ?)?(?:\\(?:{_UNIT_FONTS})\s?\{{)? ?({'|'.join(_BASES)}) ?\}}{{1,2}}\Z", _base),
    (rf" (?=[^\w\s\\])|(?<=[^\w\s\\,]) (?!{_UNIT_LETTER})", ""),
    (r"(?<=,) (?!\d{3}(?!\d))", ""),
)
_DEGREES = re.compile(
    r"(?:\^\{?\\circ\}?|°|\\degree)(?:\s*(?:[CF]|\\(?:text|mathrm)\s?\{\s?[CF]\s?\}))?(?=\s*\Z)"
)
_ANGLE = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)")
_WRAPPED = re.compile(rf"\\(?:{_FONTS})\s?\{{([^{{}}]*)\}}\Z")
_LEAD = re.compile(
    r"(?:\\text\{ ?)?(?:Rs\.?|₹|USD|INR|EUR|GBP|US(?=\$|\d))[ }]{0,3}(?=\d)"
    r"|\\text\{ ?(?!(?:yes|true|false|no)\b)[A-Za-z][A-Za-z ]{2,30}: ?\}(?=[^\\]+\Z)"
    r"|(?:\\text\{)? ?(?:the )?(?:final |correct )?(?:answer|ans)\b\.?(?: is)? ?[:=]? ?\}? ?"
    r"(?=[^\s.,;])"
    r"|(?:\\approx|\\simeq|\\doteq|=) ?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\[\s?(?:'([^'\[\]]*)'|\"([^\"\[\]]*)\"|([-+]?\d+(?:[./]\d+)?))\s?\]\Z")
_PLUS = re.compile(r"\A\+ ?(?=[\d.])")
_LEADING_ZEROS = re.compile(r"\A(-?)0+(?=\d[\d,]*(?:\.\d+)?%?\Z)")
_SCIENTIFIC = re.compile(r"([-+]?\d{1,20}(?:\.\d{1,20})?)[eE]\+?(-?\d{1,4})\Z")
_SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_SCALED = re.compile(
    r"([-+]?[\d,]{1,12}(?:\.\d{1,12})?)(?: ?\\(?:text|mathrm|mbox)\{ ?| )"
    r"(hundred|thousand|million|billion|trillion)(?: [A-Za-z ]{1,40})?\}?\Z",
    re.IGNORECASE,
)


class Spelled(NamedTuple):
    """An answer in the common spelling."""

    text: str
    unit: str
    """The known unit that stood behind it, by its short name; else empty."""


def written_alike(answer: str) -> str:
    r"""One answer in the one spelling that answers are compared in: no dollars, \left, thin spaces,
    units or \text{}.
    """
    return spelled(answer).text


@lru_cache(maxsize=16_384)
def spelled(answer: str) -> Spelled:
    """One answer in the common spelling, with its unit."""
    text = answer.strip()
    if len(text) > _MAX_REWRITTEN_CHARS or (text.isascii() and text.isdigit()):
        return Spelled(text.lstrip("0") or "0" if len(text) <= 40 and text else text, "")
    text = _in_common_marks(text)
    text = _unwrapped(text)
    text = _PLUS.sub("", text)
    if scientific := _SCIENTIFIC.match(text):
        return Spelled("{}\\times10^{{{}}}".format(*scientific.groups()), "")
    if scaled := _SCALED.match(text):
        power = _SCALES[scaled.group(2).lower()]
        return Spelled(f"{scaled.group(1)}\\times10^{{{power}}}", "")
    measured = without_unit(text)
    if measured:
        text = measured.value
    return Spelled(_LEADING_ZEROS.sub(r"\1", text), measured.unit if measured else "")


def _in_common_marks(text: str) -> str:
    text = as_latex(text)
    for pattern, new in _BARE_ACCENTS if "\\" in text else ():
        text = pattern.sub(new, text)
    if r"\hat{i}" in text or r"\hat{j}" in text:
        text = _UNIT_VECTOR.sub(r"\\mathbf{\1}", text)
    for pattern, new in _DRESS:
        text = pattern.sub(new, text)
    if "(" in text:
        text = _rooted(text)
    for pattern, new in (*_TYPED, *_COMMON):
        text = pattern.sub(new, text)
    text = _REPEATED.sub(_repeating, text) if "." in text else text
    return text if _ANGLE.search(text) else _DEGREES.sub("", text)


def _repeating(match: re.Match[str]) -> str:
    r"""A repeating decimal as a fraction: 0.1\overline{6}, 0.1(6), 0.\dot{1}2\dot{3}, 0.1666..."""
    whole, fixed, *parts = match.groups()
    period = "".join(part for part in parts if part)
    if not period:
        if not (tail := re.search(r"(\d+?)\1{2,}\Z", fixed)):
            return match.group()
        fixed, period = fixed[: tail.start()], tail.group(1)
    nines = 10 ** len(period) - 1
    bottom = nines * 10 ** len(fixed)
    top = int(whole + fixed or "0") * nines + int(period)
    return rf"\frac{{{top}}}{{{bottom}}}"


def _rooted(text: str) -> str:
    r"""sqrt(5) as \sqrt{5}; a bracket that never closes is left as it is."""
    parts, start = [], 0
    for match in _ROOT.finditer(text):
        if match.start() < start:
            return text  # a root in a root's bracket: both are left
        depth, at = 1, match.end()
        limit = min(len(text), at + 200)
        while depth and at < limit:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        if not depth:
            parts += [text[start : match.start()], rf"\sqrt{{{text[match.end() : at - 1]}}}"]
            start = at
    return "".join([*parts, text[start:]])


def _unwrapped(text: str) -> str:
    """The text without fonts, brackets of a list of one, and words around all of it."""
    while True:
        before, text = text, text.strip().rstrip(".,;").strip()
        if wrapped := _WRAPPED.match(text) or _QUOTED.match(text):
            text = next(part for part in wrapped.groups() if part is not None)
        elif lead := _LEAD.match(text):
            text = text[lead.end() :]
        if text == before:
            return text
