r"""Names of variables: x, \alpha, x_{12}, \bar{x}, \mathbf{v}, y''. Bold letters and arrows are
dress: \vec{v} is v; so are upright letters, but for those that may be a unit or an operator.
"""

import re

from engine.grading.cursor import Cursor
from engine.grading.trees import Unread

_LETTER = r"[A-Za-z]|\\(?:alpha|beta|gamma|delta|theta|lambda|mu|pi|rho|sigma|tau|phi|omega)"
ACCENTED = (
    r"\\(?:mathbf|vec|overrightarrow|bar|overline|hat|dot|ddot|tilde)\s?"
    rf"\{{\s?(?:{_LETTER})\s?\}}"
    r"|\\(?:mathrm|mathit)\s?\{\s?[abcfjknopqrtuvwxyzBDGHIMOQRSUXYZ]\s?\}"
)
_ACCENTED = re.compile(rf"\\([a-z]+)\s?\{{\s?({_LETTER})\s?\}}\Z")
_DRESS = ("mathbf", "vec", "overrightarrow", "mathrm", "mathit")
_PRIMES = tuple(
    [("^", r"\prime")] + [("^", "{", *[r"\prime"] * n, "}") for n in (1, 2, 3)] + [("'",)]
)
_MAX_SUBSCRIPT = 8


def is_dressed(token: str) -> bool:
    r"""Whether a token is a letter in a command, such as \mathbf{v}."""
    return token[-1:] == "}" and bool(_ACCENTED.match(token))


def read_name(cursor: Cursor) -> str:
    """Reads a letter or command with its subscript and its primes. Raises: Unread."""
    token = cursor.take()
    if accented := _ACCENTED.match(token):
        dress, letter = accented.groups()
        dress = "bar" if dress == "overline" else dress
        token = letter if dress in _DRESS else rf"\{dress} {letter}"
    subscript = _subscript(cursor) if cursor.peek() == "_" else ""
    primes = ""
    while prime := cursor.skip(*_PRIMES):
        primes += "'" * max(prime.count(r"\prime"), prime.count("'"))
    return token + subscript + primes


def _subscript(cursor: Cursor) -> str:
    cursor.take("_")
    if cursor.peek() != "{":
        return "_" + cursor.take()
    cursor.take("{")
    tokens = []
    while (token := cursor.take()) != "}":
        tokens.append(token)
        if len(tokens) > _MAX_SUBSCRIPT:
            raise Unread
    return "_" + "".join(tokens)
