"""How a recorded response ended: by itself, or cut. Whatever its writer calls that."""

from collections.abc import Mapping
from typing import Any

REASON_FIELDS = ("finish_reason", "finish_reasons", "stop_reason", "stop_reasons")
TRUNCATED_FIELDS = ("truncated", "is_truncated")

_CUT = frozenset(
    (
        *("length", "max_length", "max_tokens", "max_output_tokens", "max_new_tokens"),
        *("max_completion_tokens", "max_context_length", "model_length", "token_limit"),
        *("model_context_window_exceeded", "truncated", "incomplete"),
    )
)
_ENDED = frozenset(
    (
        *("stop", "stopped", "stop_sequence", "stop_token", "stop_string", "eos", "eos_token"),
        *("end_turn", "end", "ended", "complete", "completed", "finished", "done", "success"),
        *("tool_calls", "tool_use", "function_call", "content_filter", "refusal", "safety"),
        *("none", "null", "finish_reason_unspecified"),
    )
)
_TRUE, _FALSE = (True, 1, "true", "1", "1.0"), (False, 0, "false", "0", "0.0")


def ending_of(one: Mapping[str, Any]) -> tuple[bool, str | None]:
    """Whether a response was cut, and what of its fields says neither that nor the contrary, as
    "field = value"; None for nothing.

    >>> ending_of({"finish_reason": "MAX_TOKENS"}), ending_of({"stop_reason": "tired"})
    ((True, None), (False, "stop_reason = 'tired'"))
    """
    is_cut, unknown = False, None
    for read, fields in ((is_cut_by, REASON_FIELDS), (_is_true, TRUNCATED_FIELDS)):
        for name in fields:
            said = read(one.get(name))
            is_cut = is_cut or bool(said)
            if said is None:
                unknown = unknown or f"{name} = {str(one[name])[:40]!r}"
    return is_cut, unknown


def is_cut_by(reason: Any) -> bool | None:
    """Whether a finish reason is that of a cut response; None for one that is not known here."""
    if isinstance(reason, list) and len(reason) == 1:
        (reason,) = reason
    if isinstance(reason, Mapping):
        reason = reason.get("type")
    if reason is None:
        return False
    plain = str(reason).strip().casefold().rpartition(".")[2].replace("-", "_").replace(" ", "_")
    return True if plain in _CUT else False if plain in _ENDED or not plain else None


def _is_true(value: Any) -> bool | None:
    said = value.strip().casefold() if isinstance(value, str) else value
    if said in (None, "") or said in _FALSE:
        return False
    return True if said in _TRUE else None
