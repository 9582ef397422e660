"""What of a response counts: the text behind its thinking, up to the end of its turn.

Pure text work, linear in the text. Thinking that never closes has no answer behind it. A response
that runs on behind its turn is cut there, which is flagged.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.thinking import THINKING_NAMES, closes, marks_in

_END_OF_TURN = re.compile(
    r"<\|(?:im_end|im_start|endoftext|eot_id|eom_id|end_of_text|begin_of_text|end|EOT|user|assistant"
    r"|system|start_header_id|end_header_id|end_of_solution)\|>|</?s>|<eos>|<(?:start|end)_of_turn>"
    r"|<｜(?:end▁of▁sentence|User|Assistant)｜>|\[/?INST\]"
)
_NEW_TURN = re.compile(
    r"^(?:[ \t]{0,4}(?:\*\*)?(?:Question|Problem|Human|User|Q)(?:[ \t]?\d{1,4})?(?:\*\*)?:"
    r"|[ \t]{0,4}\#{2,6}[ \t]?(?:Instruction|Question|Problem|Input|Human|User|Task)\b"
    r"|(?:user|assistant|human|system)[ \t]*$)",
    re.MULTILINE,
)
_SOLUTION_BEGINS = "<|begin_of_solution|>"


class Turn(NamedTuple):
    """What of a response counts."""

    text: str | None
    """None where thinking was never closed."""
    thought: bool
    """Whether thinking stood before it."""
    ran_on: bool
    """Whether the response went on behind the end of its turn."""


def turn_of(
    response: str, answered_at: Callable[[str], int | None], names: Sequence[str] = THINKING_NAMES
) -> Turn:
    """The part of a response that counts.

    Args:
        response: The whole text, or what stands behind a stored boundary of thinking.
        answered_at: Where a text has stated a first answer; None if nowhere. A line that begins a
            new turn ends the response only behind it.
        names: What thinking is called in its marks.
    """
    marks = marks_in(response, names)
    if marks and not closes(marks[-1]):
        return Turn(None, True, False)
    start = marks[-1].end() if marks else 0
    text = response[start:]
    if _SOLUTION_BEGINS in text:  # a search from the end costs ten times as much
        text = text.rpartition(_SOLUTION_BEGINS)[2]
    return _up_to_its_end(text, answered_at, thought=start > 0)


def _up_to_its_end(text: str, answered_at: Callable[[str], int | None], *, thought: bool) -> Turn:
    rest = ""
    if _may_end(text):
        for mark in _END_OF_TURN.finditer(text):
            if text[: mark.start()].strip():
                text, rest = text[: mark.start()], text[mark.end() :]
                break
    if _may_turn(text) and _NEW_TURN.search(text):
        stated = answered_at(text)
        if stated is not None and (line := _NEW_TURN.search(text, stated)):
            text, rest = text[: line.start()], text[line.start() :]
    return Turn(text, thought, bool(rest and _END_OF_TURN.sub("", rest).strip()))


def _may_end(text: str) -> bool:
    """Whether a text may hold the end of a turn: plain text is found in a twentieth of the time
    that a pattern takes, and few responses hold any of it.
    """
    return "|>" in text or "s>" in text or "n>" in text or "T]" in text or "｜>" in text


def _may_turn(text: str) -> bool:
    """Whether a text may hold a line that begins a new turn; see above."""
    return (
        "##" in text
        or "Q" in text
        or "Problem" in text
        or "ser" in text
        or "uman" in text
        or "ssistant" in text
        or "ystem" in text
    )
