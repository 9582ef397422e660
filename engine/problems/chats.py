"""Conversations as data sets have them: a list of turns, each with a role and a text, to one
question and one response. Pure.

Read as turns are {role, content} and ShareGPT's {from, value}; a text may be a list of parts
{type: text, text}.
"""

from typing import Any, NamedTuple, TypeGuard

from engine.problems.shapes import RowError

_SPEAKERS = {
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "system": "system",
    "developer": "system",
}
SYSTEM_LEFT_OUT = "A system message was left out"


class Chat(NamedTuple):
    """What a conversation says."""

    question: str | None
    response: str | None
    """The last turn, where it is the model's."""
    notes: tuple[str, ...] = ()


def is_chat(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Whether a value is a list of turns."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) and ("role" in turn or "from" in turn) for turn in value)
    )


def read_chat(value: list[dict[str, Any]], field: str) -> Chat:
    """One question and what was answered.

    Raises: RowError: several questions, or a turn that is no text.
    """
    turns = [(_speaker(turn), turn_text(turn, field)) for turn in value]
    asked = [text for speaker, text in turns if speaker == "user"]
    if len(asked) > 1:
        raise RowError(
            field,
            f"{field} has {len(asked)} turns of the user; a problem has one question. Choose the"
            f" turn, such as {field}[-1].content.",
        )
    speaker, last = turns[-1]
    system = any(speaker == "system" and text for speaker, text in turns)
    return Chat(
        asked[0] if asked else None,
        last if speaker == "assistant" else None,
        (SYSTEM_LEFT_OUT,) if system else (),
    )


def _speaker(turn: dict[str, Any]) -> str:
    said = str(turn.get("role") or turn.get("from")).lower()
    return _SPEAKERS.get(said, said)


def turn_text(turn: dict[str, Any], field: str) -> str:
    """The text of a turn; of several parts those that are text. Raises: RowError."""
    text = turn.get("content", turn.get("value"))
    if isinstance(text, list):
        parts = [p.get("text") if isinstance(p, dict) else p for p in text]
        text = "\n".join(part for part in parts if isinstance(part, str))
    if text is None:
        return ""
    if not isinstance(text, str):
        raise RowError(field, f"{field} has a turn that is no text.")
    return text
