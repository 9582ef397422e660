r"""The boxes of a response: \boxed{…}, \fbox{…}, \framebox{…}, boxed{…} without its backslash.

Pure text work in linear time. An empty box, or one that never closes, is none. Several boxes of one
conclusion ("\boxed{1} and \boxed{2}") are one answer of several parts; a box that corrects an
earlier one, or one box per sub-question, is not.
"""

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"(?:\\|(?<![A-Za-z\\]))(?:boxed|fbox|framebox)(?![A-Za-z])[ \t]{0,8}(\{)?|\\.|[{}]", re.DOTALL
)
_BARE = re.compile(r"[ \t]{0,8}([^\s{}$\\.,;]{1,40})")
_NAMES = ("boxed", "fbox", "framebox")
_NAME_BEFORE = re.compile(r"([A-Za-z](?:_\{?\w{1,4}\}?)?)\s{0,3}(?:=|&=)\s{0,3}\Z")
_JOINED = re.compile(
    r"[\s$]{0,6}(?:\\[)\]])?[\s$]{0,4}"
    r"(?:,?\s{0,3}\\text\{\s?(?:and|or)\s?\}|,?\s{0,3}\b(?:and|or)\b|,|;)"
    r"[\s$]{0,6}(?:\\[,;:!quad]{1,5})?(?:\\[(\[])?[\s$]{0,4}(?:[A-Za-z](?:_\{?\w{1,4}\}?)?\s{0,3}=\s{0,3})?\Z"
)
_MAX_BETWEEN = 60
_MAX_PARTS = 20


class Box(NamedTuple):
    start: int
    """Where its command begins, in characters."""
    end: int
    """Behind its brace."""
    content: str


def boxes(text: str) -> list[Box]:
    """Every whole, non-empty box without another one in it, in order of their ends."""
    first = min((at for name in _NAMES if (at := text.find(name)) >= 0), default=-1)
    if first < 0:
        return []
    whole: list[Box] = []
    open_braces: list[tuple[int, int]] = []
    for token in _TOKEN.finditer(text, max(0, first - 1)):
        mark = token.group()
        if mark == "{":
            open_braces.append((-1, -1))
        elif mark == "}":
            start, inner = open_braces.pop() if open_braces else (-1, -1)
            if start < 0 or (whole and whole[-1].start > start):
                continue
            if content := text[inner : token.start()].strip():
                whole.append(Box(start, token.end(), content))
        elif token.group(1):
            open_braces.append((token.start(), token.end()))
        elif len(mark) > 2 and mark[0] == "\\" and (bare := _BARE.match(text, token.end())):
            whole.append(Box(token.start(), bare.end(), bare.group(1)))
    return whole


def first_box_end(text: str) -> int | None:
    """Where the first box ends; None without one."""
    return min((box.end for box in boxes(text)), default=None)


def last_box(text: str) -> str | None:
    r"""The content of the last whole, non-empty box; None without one.

    Boxes may be nested (the inner one counts) and may hold escaped braces. \boxed 7 without braces
    counts too.
    """
    whole = boxes(text)
    return max(whole, key=lambda box: box.start).content if whole else None


def concluding_boxes(text: str) -> list[str]:
    """The contents of the last box and of those that are joined to it, in order; a part keeps the
    name in front of its box where the names differ. Empty without a box.
    """
    whole = sorted(boxes(text))
    parts: list[Box] = whole[-1:]
    for box in reversed(whole[:-1]):
        between = text[box.end : parts[0].start]
        if len(between) > _MAX_BETWEEN or len(parts) == _MAX_PARTS or not _JOINED.match(between):
            break
        parts.insert(0, box)
    names = [_NAME_BEFORE.search(text, max(0, box.start - 12), box.start) for box in parts]
    spelled = [name.group(1) if name else "" for name in names]
    if len(set(spelled)) < max(2, len(parts)) or "" in spelled:
        return [box.content for box in parts]
    return [f"{name}={box.content}" for name, box in zip(spelled, parts)]
