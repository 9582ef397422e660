"""Model text, made inert: LaTeX is rendered, nothing else of it has an effect.

Markdown would load images, make links and draw headings. So every character that means something to
Markdown or to Streamlit is escaped, addresses are broken up by an invisible joiner, and only what
stands between math delimiters is left. KaTeX itself runs without trust, so its own links and images
stay text.
"""

import re
from collections.abc import Iterator
from functools import cached_property

_JOINER = "\u2060"
_OPENING = re.compile(r"\$\$?|\\\[|\\\(|\\boxed\s*\{")
_CLOSING = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_LINE_OR_DOLLAR = re.compile(r"[$\n]")
_BRACE = re.compile(r"[{}]")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&\"'=^])")
_ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)
MAX_CHARS = 20_000


def markdown(text: str) -> str:
    """Markdown that shows the text and does nothing, with math between $…$, \\(…\\), \\[…\\] and
    bare \\boxed{…} as LaTeX.

    Texts over 20,000 characters are cut there, with a mark: the raw text is one click away.
    """
    cut = text[:MAX_CHARS] + (" …" if len(text) > MAX_CHARS else "")
    parts, end = [], 0
    for start, stop, body in _math_spans(cut):
        parts += [_plain(cut[end:start]), f"${body}$"]
        end = stop
    return _JOINER.join(part for part in [*parts, _plain(cut[end:])] if part)


def cell(text: str) -> str:
    """Markdown that shows the text in one line of a table's cell, formulas as they are written."""
    return _plain(" ".join(text.splitlines()))


def _math_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, LaTeX body) of every formula, in one pass: no character is looked at more often
    than a fixed number of times, however many formulas begin and never end.
    """
    closings = _Closings(text)
    position = 0
    while opening := _OPENING.search(text, position):
        span = closings.span(opening)
        if span is None:
            is_double = opening[0] == "$$"  # whose second dollar may begin a formula
            position = opening.start() + 1 if is_double else opening.end()
            continue
        start, stop, body = span
        body = " ".join(body.split()).replace("$", "")
        if body:
            yield start, stop, body
        position = stop


class _Closings:
    """Where the formulas of a text end."""

    def __init__(self, text: str):
        self._text = text
        self._absent: set[str] = set()
        """Delimiters that do not come any more."""

    def span(self, opening: re.Match[str]) -> tuple[int, int, str] | None:
        """(start, end, body) of the formula that begins here; None where none does."""
        sign, start = opening[0], opening.start()
        if sign.startswith("$"):
            if self._text[max(start - 1, 0) : start] == "\\":
                return None
            return (self._delimited(opening) if sign == "$$" else None) or self._inline(opening)
        if sign in _CLOSING:
            return self._delimited(opening)
        stop = self._braces.get(opening.end() - 1)
        return None if stop is None else (start, stop, self._text[start:stop])

    def _delimited(self, opening: re.Match[str]) -> tuple[int, int, str] | None:
        sign = _CLOSING[opening[0]]
        if sign in self._absent:
            return None
        at = self._text.find(sign, opening.end() + 1)
        if at < 0:
            self._absent.add(sign)
            return None
        return opening.start(), at + len(sign), self._text[opening.end() : at]

    def _inline(self, opening: re.Match[str]) -> tuple[int, int, str] | None:
        """$…$ in one line, without a space inside its dollars."""
        begin = opening.start() + 1
        end = _LINE_OR_DOLLAR.search(self._text, begin)
        body = self._text[begin : end.start()] if end and end[0] == "$" else ""
        if end is None or not body or body[0].isspace() or body[-1].isspace():
            return None
        return opening.start(), end.end(), body

    @cached_property
    def _braces(self) -> dict[int, int]:
        """Behind which position each opening brace is closed, of those that are."""
        opened: list[int] = []
        closed: dict[int, int] = {}
        for brace in _BRACE.finditer(self._text):
            if brace[0] == "{":
                opened.append(brace.start())
            elif opened:
                closed[opened.pop()] = brace.end()
        return closed


def _plain(text: str) -> str:
    broken = _ADDRESS.sub(
        lambda match: _JOINER.join(match[0]) if len(match[0]) > 1 else _JOINER + match[0], text
    )
    flush = re.sub(r"(?m)^[ \t]{4,}", "\u00a0\u00a0\u00a0\u00a0", broken)
    return _SPECIAL.sub(r"\\\1", flush).replace("\n", "  \n")
