"""The words of a condition (engine.method.conditions): numbers, texts, names and signs."""

import re
from dataclasses import dataclass

from engine.errors import ConfigError

WORDS = ("and", "or", "not", "in", "contains", "true", "false", "none")
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<name>[A-Za-z_][A-Za-z_0-9]*)
    |(?P<sign><=|>=|==|!=|<|>|=|\(|\)|,))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    """number, text, name, sign, a word of WORDS, or end."""
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """Raises: ConfigError for a character that begins nothing."""
    read: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if not match or not match.lastgroup:
            rest = text[at:].lstrip()
            place = len(text) - len(rest)
            raise ConfigError(
                f"The condition cannot be read at {rest[:1]!r} (character {place + 1}): columns,"
                " numbers, texts in quotes, comparisons, and, or, not, in and parentheses are read."
            )
        kind, part = match.lastgroup, match[match.lastgroup]
        if kind == "name" and part.lower() in WORDS:
            kind, part = "word", part.lower()
        read.append(Token(kind, part, match.start(match.lastgroup)))
        at = match.end()
    return [*read, Token("end", "", len(text))]


def names(text: str) -> list[str]:
    """Every name in a condition, once, whether or not there is such a column.

    Raises: ConfigError as tokens() does.

    >>> names("n < 3 and not done and n > 1")
    ['n', 'done']
    """
    return list(dict.fromkeys(token.text for token in tokens(text) if token.kind == "name"))
