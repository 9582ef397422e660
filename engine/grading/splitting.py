"""Taking answers apart at their commas, brackets and environments. Pure text work, linear."""

import re

_OPENS = {"(": 1, "[": 1, "{": 1, r"\{": 1, r"\langle": 1}
_CLOSES = {")": 1, "]": 1, "}": 1, r"\}": 1, r"\rangle": 1}
_STEP = re.compile(r"\\(?:begin|end)\{[a-z]+\*?\}|\\[A-Za-z]+|\\.|.", re.DOTALL)
_MATRIX = re.compile(
    r"\\begin\{([pb]?matrix|smallmatrix|array)\}(?:\{[lcr| ]*\})?(.*)\\end\{\1\}\Z", re.DOTALL
)
_SYSTEM = re.compile(
    r"(?:\\\{)?\\begin\{(cases|array|aligned|align\*?|gathered|split)\}(?:\{[lcr| ]*\})?"
    r"(.*)\\end\{\1\}(?:\.)?\Z",
    re.DOTALL,
)
_AND = re.compile(
    r"[,;]? ?(?:\\(?:text|mathrm|mbox|textrm)\s?\{ ?,? ?(and|or) ?\}"
    r"|(?<![A-Za-z\\])(and|or)(?![A-Za-z])|\\(land|lor|vee|wedge)(?![A-Za-z])) ?"
)
_THOUSANDS = re.compile(r"(?<![\d.])[1-9]\d{0,2}(?:,\d{3})+(?![\d,])")


def split(text: str, separator: str) -> list[str]:
    """The parts between a separator outside all brackets; a thousands comma separates nothing."""
    if separator not in text:
        return [text]
    protected = {at for m in _THOUSANDS.finditer(text) for at in range(*m.span())}
    parts, depth, start = [], 0, 0
    for step in _STEP.finditer(text):
        token = step.group()
        if token.startswith(r"\begin") or token in _OPENS:
            depth += 1
        elif token.startswith(r"\end{") or token in _CLOSES:
            depth -= 1
        elif token == separator and depth == 0 and step.start() not in protected:
            parts.append(text[start : step.start()])
            start = step.end()
    return [part.strip() for part in (*parts, text[start:])]


def in_brackets(text: str) -> tuple[str, str, str] | None:
    r"""Left bracket, inside and right bracket where one pair of brackets holds the whole text."""
    pairs = {"(": ")]", "[": ")]", "{": "}", r"\{": r"\}", r"\langle": r"\rangle"}
    left = (
        r"\langle" if text.startswith(r"\langle") else text[:2] if text[:2] == r"\{" else text[:1]
    )
    if left not in pairs:
        return None
    depth, last = 0, None
    for step in _STEP.finditer(text):
        token = step.group()
        depth += (token in _OPENS or token.startswith(r"\begin")) - (
            token in _CLOSES or token.startswith(r"\end{")
        )
        if depth == 0:
            last = step
            break
    if last is None or last.end() != len(text):
        return None
    right = last.group()
    if right not in (pairs[left] if left in "([" else (pairs[left],)):
        return None
    inner = text[len(left) : last.start()]
    return ("(", inner, ")") if left == r"\langle" else (left, inner, right)


def with_commas(text: str) -> tuple[str, bool]:
    """The text with "and" and "or" as commas, and whether an "or" was there."""
    is_either = False

    def comma(environment: re.Match[str]) -> str:
        nonlocal is_either
        is_either |= "or" in environment.group() or "vee" in environment.group()
        return ","

    return _AND.sub(comma, text), is_either


def matrix_rows(text: str) -> list[list[str]] | None:
    """The cells of a matrix that is the whole text; None for anything else."""
    if text[:1] in "([" and (brackets := in_brackets(text)):
        text = brackets[1] if r"\begin{array}" in text[:16] else text
    environment = _MATRIX.match(text)
    if not environment or "=" in environment.group(2) or r"\begin" in environment.group(2):
        return None
    rows = [
        row
        for row in re.split(r"\\\\ ?", environment.group(2).replace(r"\hline", ""))
        if row.strip()
    ]
    return [[cell.strip() for cell in row.split("&")] for row in rows]


def aligned_as_list(text: str) -> str:
    """A system, or a calculation in lines, as one line: a list of equations, or a chain."""
    environment = _SYSTEM.match(text)
    if not environment:
        return text
    rows = [row.strip(" ,;.") for row in re.split(r"\\\\ ?(?:\[[^\]]*\])? ?", environment.group(2))]
    rows = [row for row in rows if row]
    if any(row.lstrip("&").lstrip().startswith("=") for row in rows[1:]):
        return "".join(row.replace("&", "") for row in rows)
    return ",".join(row.replace("&", "") for row in rows)
