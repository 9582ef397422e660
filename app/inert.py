"""Model text, made inert: LaTeX is rendered, nothing else of it has an effect.

Markdown would load images, make links and draw headings. So every character that means something to
Markdown or to Streamlit is escaped, addresses are broken up by an invisible joiner, and only what
stands between math delimiters is left. KaTeX itself runs without trust, so its own links and images
stay text.
"""

import re

_JOINER = "\u2060"
_MATH = re.compile(
    r"(?<!\\)\$\$(.+?)\$\$|(?<!\\)\$(?!\s)([^$\n]+?)(?<!\s)\$|\\\[(.+?)\\\]|\\\((.+?)\\\)",
    re.DOTALL,
)
_BOXED = re.compile(r"\\boxed\s*\{")
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


def _math_spans(text: str):
    """(start, end, LaTeX body) of every formula."""
    position = 0
    while position < len(text):
        math, boxed = _MATH.search(text, position), _BOXED.search(text, position)
        if boxed and (not math or boxed.start() < math.start()):
            stop = _closing_brace(text, boxed.end())
            if stop is None:
                position = boxed.end()
                continue
            start, body = boxed.start(), text[boxed.start() : stop]
        elif math:
            start, stop, body = (
                math.start(),
                math.end(),
                next(g for g in math.groups() if g is not None),
            )
        else:
            return
        body = " ".join(body.split()).replace("$", "")
        if body:
            yield start, stop, body
        position = stop


def _closing_brace(text: str, position: int) -> int | None:
    depth = 1
    for i in range(position, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return i + 1
    return None


def _plain(text: str) -> str:
    broken = _ADDRESS.sub(
        lambda match: _JOINER.join(match[0]) if len(match[0]) > 1 else _JOINER + match[0], text
    )
    flush = re.sub(r"(?m)^[ \t]{4,}", "\u00a0\u00a0\u00a0\u00a0", broken)
    return _SPECIAL.sub(r"\\\1", flush).replace("\n", "  \n")
