"""Settings that are lists or exact numbers, as a line a person types, and back. Knows no
Streamlit.
"""

import re
from collections.abc import Iterable

from engine.errors import ConfigError

_ESCAPED = {"\n": "\\n", "\t": "\\t", "\\": "\\\\"}
_MEANT = {escaped: plain for plain, escaped in _ESCAPED.items()}


def as_numbers(values: Iterable[float] | None) -> str:
    """Numbers with commas between; empty for none."""
    return ", ".join(f"{value!r}" for value in values or ())


def numbers(text: str, key: str, *, whole: bool = False) -> tuple[float, ...]:
    """Numbers out of a line. Raises: ConfigError naming the one that is none."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(number(part, key, whole=whole) for part in parts)


def number(text: str, key: str, *, whole: bool = False) -> float:
    """Raises: ConfigError for a text that is no number, or no whole one."""
    try:
        return int(text) if whole else float(text)
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise ConfigError(f"{key} holds {text!r}: it must be {kind}.") from None


def as_lines(values: Iterable[str]) -> str:
    r"""Texts, one per line; a line break within one is written \n.

    >>> as_lines(["Question:", "\n\n"])
    'Question:\n\\n\\n'
    """
    return "\n".join(re.sub(r"[\n\t\\]", lambda m: _ESCAPED[m[0]], value) for value in values)


def lines(text: str) -> tuple[str, ...]:
    r"""Texts out of lines; empty lines are none.

    >>> lines("Question:\n\n\\n\\n")
    ('Question:', '\n\n')
    """
    filled = [line for line in text.split("\n") if line]
    return tuple(re.sub(r"\\[nt\\]", lambda m: _MEANT[m[0]], line) for line in filled)
