"""The marks of thinking in a response, as policies write them: known to what samples and to what
grades alike.

`<think> … </think>`, `<|begin_of_thought|> … <|end_of_thought|>`, `[THINK] … [/THINK]` (Magistral),
`◁think▷ … ◁/think▷` (Kimi), `<seed:think> … </seed:think>` (Seed), each by any of its names; and
the channels of Harmony (gpt-oss), whose analysis is thinking up to its final channel.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

THINKING_NAMES = ("think", "thinking", "reasoning", "thought")
"""What thinking is called in its marks."""

_ANALYSIS, _FINAL = "<|channel|>analysis<|message|>", "<|channel|>final<|message|>"
CHANNEL_TOKENS = ("<|channel|>", "<|message|>")
"""What spells those two."""
_CLOSING = ("</", "<|end_of_", "[/", "◁/", _FINAL)
_LOOKS = re.compile(r"think|thought|reason|channel", re.IGNORECASE)
_LONGEST_MARK = 200


def marks_in(text: str, names: Sequence[str] = THINKING_NAMES) -> list[re.Match[str]]:
    """The marks that open and close thinking, in order; see closes.

    >>> [mark[0] for mark in marks_in("[THINK]3 + 1[/THINK]4")]
    ['[THINK]', '[/THINK]']
    """
    may = ">" in text or "▷" in text or any(f"{name.upper()}]" in text for name in names)
    return list(_pattern(tuple(names)).finditer(text)) if may else []


def closes(mark: re.Match[str]) -> bool:
    """Whether a mark closes thinking; else it opens it."""
    return mark[0].casefold().startswith(_CLOSING)


def opened_by(prompt: str, names: Sequence[str] = THINKING_NAMES) -> str | None:
    """The mark with which a prompt ends inside thinking; None if it does not.

    >>> opened_by("?<thought>\\n")
    '<thought>'
    """
    end = prompt[-_LONGEST_MARK:].rstrip()
    marks = marks_in(end, names)
    is_last = bool(marks) and marks[-1].end() == len(end) and not closes(marks[-1])
    return marks[-1][0] if is_last else None


def closing(mark: str) -> str:
    """What closes the thinking that a mark opens.

    >>> closing("[THINK]"), closing("<|begin_of_thought|>")
    ('[/THINK]', '<|end_of_thought|>')
    """
    if mark == _ANALYSIS:
        return f"<|end|><|start|>assistant{_FINAL}"
    if mark.startswith("<|begin_of_"):
        return mark.replace("begin", "end", 1)
    return f"{mark[0]}/{mark[1:]}"


def is_mark(token: str) -> bool:
    """Whether a token spells a mark of thinking, or a part of one."""
    return token in CHANNEL_TOKENS or bool(_pattern(THINKING_NAMES).fullmatch(token))


def looks_like_mark(token: str) -> bool:
    """Whether a token has a name as marks of thinking have one, known here or not."""
    return bool(_LOOKS.search(token))


@lru_cache(maxsize=64)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(map(re.escape, names)) or r"(?!)"
    upper = "|".join(re.escape(name.upper()) for name in names) or r"(?!)"
    return re.compile(
        rf"</?(?:seed:)?(?:{either})>|<\|(?:begin|end)_of_(?:{either})\|>|◁/?(?:{either})▷"
        rf"|(?-i:\[/?(?:{upper})\])|{re.escape(_ANALYSIS)}|{re.escape(_FINAL)}",
        re.IGNORECASE,
    )
