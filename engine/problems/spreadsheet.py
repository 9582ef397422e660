"""Text that a spreadsheet would run as a formula, made inert by one apostrophe, and the way back.
Pure.

Guarded is a text that starts with = + - @, a tab or a carriage return and is not a plain number;
and, so that nothing is lost, one that starts with apostrophes and then so. Every other text is left
as it is: -5 stays -5, and 'quoted' stays 'quoted'.
"""

import re

_RUNNABLE = re.compile(
    r"'*(?=[=+\-@\t\r])(?![+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z)"
)


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet runs. unguarded gives the same text back, whatever it
    is.

    >>> [guarded(t) for t in ("=1+1", "-1/2", "-5", "'=1", "'tis", "")]
    ["'=1+1", "'-1/2", '-5', "''=1", "'tis", '']
    """
    return f"'{text}" if _RUNNABLE.match(text) else text


def unguarded(cell: str) -> str:
    """The text behind a cell that guarded wrote.

    >>> [unguarded(c) for c in ("'=1+1", "-5", "''=1", "'tis", "'-5")]
    ['=1+1', '-5', "'=1", "'tis", "'-5"]
    """
    return cell[1:] if cell[:1] == "'" and _RUNNABLE.match(cell) else cell
