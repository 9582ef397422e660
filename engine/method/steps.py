"""Steps of a response: the parts between blank lines.

Departure from the reference code: a blank line at the end adds no empty step, which there could
become the minimum. Other rules than the paper's are in engine.config.splitter.
"""

import re
from collections.abc import Iterable

_BLANK_LINE = re.compile(r"\n\s*\n")


def normalise_newlines(text: str) -> str:
    """CRLF becomes LF; nothing else changes."""
    return text.replace("\r\n", "\n")


def step_spans(text: str) -> list[tuple[int, int]]:
    """Where the paper's steps stand in a text whose newlines are already normalised: [(start,
    end)), end exclusive.

    >>> step_spans("a b\\n\\nc\\n\\n")
    [(0, 3), (5, 6)]
    """
    return spans_between(text, (match.span() for match in _BLANK_LINE.finditer(text)))


def spans_between(text: str, cuts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What stands between cuts, as [start, end): parts stripped, empty ones left out.

    Args:
        cuts: [start, end) of what belongs to no part, in order; empty ones only part.

    >>> spans_between("a; b", [(1, 2)])
    [(0, 1), (3, 4)]
    """
    ends = [0, *(position for cut in cuts for position in cut), len(text)]
    spans: list[tuple[int, int]] = []
    for start, end in zip(ends[::2], ends[1::2]):
        part = text[start:end]
        if part.strip():
            left = len(part) - len(part.lstrip())
            spans.append((start + left, start + len(part.rstrip())))
    return spans


def split_steps(text: str) -> list[str]:
    """The paper's steps of a response: CRLF to LF, split at blank lines, parts stripped, empty ones
    dropped.

    Args:
        text: any string; an empty one has no steps.

    >>> split_steps("2 + 2 = 4\\r\\n\\r\\n  so \\\\boxed{4}\\n\\n")
    ['2 + 2 = 4', 'so \\\\boxed{4}']

    Source: HS-STaR, docs/method.md, section 1.3.
    """
    text = normalise_newlines(text)
    return [text[start:end] for start, end in step_spans(text)]


def n_steps(text: str) -> int:
    """How many steps a response has: as many as split_steps gives, without making them.

    >>> n_steps("2 + 2 = 4\\r\\n\\r\\n  so \\\\boxed{4}\\n\\n"), n_steps(" \\n")
    (2, 0)
    """
    text = text.strip()
    return len(_BLANK_LINE.findall(text)) + 1 if text else 0
