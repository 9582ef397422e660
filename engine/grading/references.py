r"""References that are no answer: nothing can equal them, so their problems can only mislead.

Pure text work. Import and doctor ask the same function and report by its names; the names are the
kinds below.
"""

import re
from typing import Literal, get_args

from engine.grading.extraction import reference_answer
from engine.grading.spelling import written_alike

NoAnswer = Literal["empty", "placeholder", "proof", "figure", "sentence"]
KINDS: tuple[str, ...] = get_args(NoAnswer)

MAX_WORDS = 12
"""More words than an answer in words has, unless it starts with yes or no."""

_PLACEHOLDER = re.compile(
    r"(?:not ?found|nan|null|nil|n/?a|not (?:available|applicable|provided|given)|unknown|missing"
    r"|no answer|answer not (?:found|provided)|tbd|todo|error|\?+|-+|\.+|_+)",
    re.IGNORECASE,
)
_NONE = re.compile(r"None|NONE")
_PROOF = re.compile(
    r"(?:see )?(?:the )?(?:proof|proven|proved|qed|q\.e\.d|shown|prove|verification|derivation)"
    r"(?: (?:problem|question|required|omitted|below|above|see solution))?",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"(?:see|shown in|as in|refer to)(?: the)? ?(?:figure|diagram|graph|image|picture|table|sketch"
    r"|solution|explanation|text|answer key)\b.*",
    re.IGNORECASE,
)
_TEXT = re.compile(r"\\(?:text|mathrm|mbox|textbf)\s?\{([^{}]*)\}")
_COMMAND = re.compile(r"\\[A-Za-z]+|[{}$\\]")
_FORMULA = re.compile(r"\$[^$]+\$|\\\(.+?\\\)|[=<>^_]|\\frac|\\sqrt|\d")
_STAND = re.compile(r"(?:yes|no|true|false)\b", re.IGNORECASE)


def no_answer(gold: str) -> NoAnswer | None:
    """Why a reference is no answer; None where it is one.

    >>> no_answer("notfound"), no_answer("See figure."), no_answer("12"), no_answer(r"\\text{}")
    ('placeholder', 'figure', None, 'empty')
    """
    answer = reference_answer(gold)
    text = written_alike(answer)
    words = _TEXT.sub(r" \1 ", answer)
    plain = " ".join(_COMMAND.sub(" ", words).split()).rstrip(".!")
    if not text.strip() or (not plain and "\\" not in _TEXT.sub("", answer).strip("$ ")):
        return "empty"
    if re.match(r"\\begin\{(?!.*\\end\{)", text, re.DOTALL) or "tikz" in text:
        return "figure"
    is_plain = "\\" not in _TEXT.sub("", answer)
    if is_plain and (_PLACEHOLDER.fullmatch(plain) or _NONE.fullmatch(plain)):
        return "placeholder"
    if _PROOF.fullmatch(plain):
        return "proof"
    if _FIGURE.fullmatch(plain):
        return "figure"
    return "sentence" if _is_sentence(plain, answer) else None


def _is_sentence(plain: str, answer: str) -> bool:
    """Many words without a formula that could be the answer."""
    if _STAND.match(plain) or _FORMULA.search(answer):
        return False
    return len(re.findall(r"[A-Za-z]{2,}", plain)) > MAX_WORDS
