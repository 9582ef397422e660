"""The symbols of a formula: how its text is cut into tokens, and what kinds of tokens there are."""

import re

from engine.grading.names import ACCENTED

_TOKEN = re.compile(
    rf"\s+|{ACCENTED}|\\[A-Za-z]+|\\."
    r"|\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+|[A-Za-z]|.",
    re.DOTALL,
)
_POINT = re.compile(r"(?<=\d)\.(?![\d.])")
_OPERATOR = re.compile(r"\\operatorname\s?\{([a-z]+)\}")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{4,}")

NAMES = frozenset(
    rf"\{name}"
    for name in "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta kappa lambda mu"
    " nu xi rho sigma tau phi varphi chi psi omega Gamma Delta Theta Lambda Sigma Phi Psi Omega"
    " ell hbar cdots ldots dots".split()
)
"""Commands that are variables; dots stand for the same thing everywhere."""

TRIGONOMETRIC = frozenset(r"\sin \cos \tan \cot \sec \csc".split())
INVERTIBLE = TRIGONOMETRIC | frozenset(r"\sinh \cosh \tanh".split())
FUNCTIONS = (
    INVERTIBLE
    | frozenset(rf"\arc{name[1:]}" for name in INVERTIBLE)
    | frozenset(r"\coth \sech \csch \ln \exp \log \lg".split())
)
SERIES = frozenset((r"\sum", r"\prod"))
TIMES = frozenset(("*", r"\cdot", r"\times", r"\bullet"))
ENDS = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", "|": "|"}
UNKNOWN_FUNCTIONS = frozenset("fghFGHPQTVWXYZ")


def tokens_of(text: str) -> list[str]:
    r"""A formula's tokens, without the spaces. \bar{x} is one, as is 10,080 and 0.5."""
    text = _OPERATOR.sub(r"\\\1 ", _POINT.sub("", text))
    return [token for token in _TOKEN.findall(text) if not token.isspace()]


def holds_word(text: str) -> bool:
    """Whether a text holds a word of four letters or more, commands not counted."""
    return bool(_WORD.search(_OPERATOR.sub("", text)))
