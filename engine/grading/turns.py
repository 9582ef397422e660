"""What of a response counts: the text behind its thinking, up to the end of its turn.

Pure text work, linear in the text. Thinking that never closes has no answer behind it. A response
that runs on behind its turn is cut there, which is flagged; what it thinks in a later turn closes
nothing.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.thinking import THINKING_NAMES, closes, marks_in

_END_OF_TURN = re.compile(
    r"<\|(?:im_end|im_start|endoftext|eot_id|eom_id|end_of_text|begin_of_text|end|EOT|user|assistant"
    r"|system|start_header_id|end_header_id|end_of_solution)\|>|</?s>|<eos>|<(?:start|end)_of_turn>"
    r"|<｜(?:end▁of▁sentence|User|Assistant)｜>|\[/?INST\]"
)


def _new_turn(lines: str, headings: str) -> re.Pattern[str]:
    return re.compile(
        rf"^(?:[ \t]{{0,4}}(?:\*\*)?(?:{lines})(?:[ \t]?\d{{1,4}})?(?:\*\*)?:"
        rf"|[ \t]{{0,4}}\#{{2,6}}[ \t]?(?:{headings})s?(?P<number>[ \t]?\d{{1,4}})?"
        r"[ \t]?(?::|[ \t]*$)"
        r"|(?:user|assistant|human|system)[ \t]*$)",
        re.MULTILINE,
    )


NEW_TURN = _new_turn(
    "Question|Problem|Human|User|Q", "Instruction|Question|Problem|Input|Human|User|Task"
)
"""A line that begins a new turn; a heading does so by its word alone, with a number only behind a
box: "### Question 2" may be the next part of this answer.
"""
NEW_TURN_OF_CODE = _new_turn("Question|Human|User|Q", "Instruction|Question|Human|User")
"""The same behind a program, of which people go on to discuss the problem and the input."""

_LINE_ENDS = re.compile(r"[ \t]*$", re.MULTILINE)
_SOLUTION_BEGINS = "<|begin_of_solution|>"


class Turn(NamedTuple):
    """What of a response counts."""

    text: str | None
    """None where thinking was never closed."""
    thought: bool
    """Whether thinking stood before it."""
    ran_on: bool
    """Whether the response went on behind the end of its turn."""


class Ends(NamedTuple):
    """What ends a turn in one domain."""

    answered_at: Callable[[str], int | None]
    """Where a text has stated a first answer; None if nowhere. A line that begins a new turn ends
    the response only behind it.
    """
    new_turn: re.Pattern[str] = NEW_TURN
    fenced: Callable[[str], Sequence[tuple[int, int]]] | None = None
    """Where a text holds programs, in order; a mark within a line of them ends nothing."""


def turn_of(response: str, ends: Ends, names: Sequence[str] = THINKING_NAMES) -> Turn:
    """The part of a response that counts.

    Args:
        response: The whole text, or what stands behind a stored boundary of thinking.
        names: What thinking is called in its marks.
    """
    start, is_open, thought = 0, False, False
    marks = marks_in(response, names)
    last_close = max((n for n, mark in enumerate(marks) if closes(mark)), default=-1)
    for n, mark in enumerate(marks):
        if closes(mark) and (is_open or n == 0):
            start, is_open, thought = mark.end(), False, True
        elif not is_open:
            said = response[start : mark.start()]
            if turn := _ended(said, ends, thought=thought):
                return turn
            if closes(mark):
                start = mark.end()
            elif n > last_close:
                is_answered = ends.answered_at(said) is not None
                said = said if is_answered and _is_mentioned(response, mark) else None
                return Turn(said, said is None or thought, False)
            else:
                is_open = True
    text = response[start:]
    if _SOLUTION_BEGINS in text:  # a search from the end costs ten times as much
        text = text.rpartition(_SOLUTION_BEGINS)[2]
    return _up_to_its_end(text, ends, thought=thought)


def _ended(said: str, ends: Ends, *, thought: bool) -> Turn | None:
    """The turn, if it ends in what stands between two thoughts: what follows is another one's. A
    prompt that is repeated in front of all thinking is no turn.
    """
    turn = _up_to_its_end(said, ends, thought=thought)
    if turn.text is None or turn.text == said:
        return None
    is_turn = thought or ends.answered_at(turn.text) is not None
    return Turn(turn.text, thought, True) if is_turn else None


def _is_mentioned(response: str, mark: re.Match[str]) -> bool:
    """Whether a mark stands in the middle of a sentence: thinking begins on a line of its own."""
    before = response[max(0, mark.start() - 80) : mark.start()].rpartition("\n")[2]
    behind = response[mark.end() : mark.end() + 80].partition("\n")[0]
    return bool(before.strip() and behind.strip())


def _up_to_its_end(text: str, ends: Ends, *, thought: bool) -> Turn:
    rest = ""
    if _may_end(text) and (mark := _first_end(text, ends)):
        text, rest = text[: mark.start()], text[mark.end() :]
    if _may_turn(text) and (line := _first_new_turn(text, ends)):
        text, rest = text[: line.start()], text[line.start() :]
    return Turn(text, thought, bool(rest and _END_OF_TURN.sub("", rest).strip()))


def _first_end(text: str, ends: Ends) -> re.Match[str] | None:
    """The first mark of an end of turn behind some text. In a program, one that ends its line."""
    begins = len(text) - len(text.lstrip())
    fenced = ends.fenced(text) if ends.fenced else ()
    for mark in _END_OF_TURN.finditer(text):
        is_text = _is_within(mark.start(), fenced) and not _LINE_ENDS.match(text, mark.end())
        if mark.start() > begins and not is_text:
            return mark
    return None


def _first_new_turn(text: str, ends: Ends) -> re.Match[str] | None:
    """The first line behind a first answer that begins a new turn, outside of programs."""
    if not ends.new_turn.search(text) or (stated := ends.answered_at(text)) is None:
        return None
    fenced = ends.fenced(text) if ends.fenced else ()
    box = text.find("boxed{")
    for line in ends.new_turn.finditer(text, stated):
        if _is_within(line.start(), fenced) or (line["number"] and not 0 <= box < line.start()):
            continue
        return line
    return None


def _is_within(position: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a position lies in one of some spans, which are in order."""
    before = bisect_right(spans, (position, len(spans) and spans[-1][1])) - 1
    return before >= 0 and position < spans[before][1]


def _may_end(text: str) -> bool:
    """Whether a text may hold the end of a turn: plain text is found in a twentieth of the time
    that a pattern takes, and few responses hold any of it.
    """
    has_angle = ">" in text and any(end in text for end in ("|>", "s>", "n>", "｜>"))
    return has_angle or "T]" in text


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
