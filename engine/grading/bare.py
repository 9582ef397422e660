"""Math-Verify as its README has it: it finds the answers and compares them, by rules of its own. A
second opinion for an audit; no verdict of a run comes from it.

Must be imported by checking processes only, as `check`.
"""

import logging
from typing import Any, Literal

from math_verify import parse, verify

logging.getLogger("math_verify").setLevel(logging.CRITICAL)


def _parsed(text: str) -> list[Any]:
    # None switches the timeout off, which Math-Verify's annotation (int) does not say
    return parse(text, parsing_timeout=None)  # pyright: ignore[reportArgumentType]


def _is_dressed(gold: str) -> bool:
    return "$" in gold or r"\boxed" in gold


def check_bare(
    gold: str, response: str, is_hard: bool | None = None
) -> tuple[Literal["correct", "wrong", "no_answer", "error"], str]:
    """(status, reason) of a reference answer and a whole response. May hang.

    Raises: MemoryError.
    """
    try:
        wanted, answer = _parsed(gold if _is_dressed(gold) else f"${gold}$"), _parsed(response)
        if not wanted or not answer:
            which = "response" if wanted else "reference"
            return "no_answer", f"Math-Verify finds no answer in the {which}."
        equal = verify(wanted, answer, timeout_seconds=None, raise_on_error=True)
    except MemoryError:
        raise
    except Exception as error:
        return "error", f"Math-Verify failed: {type(error).__name__}."
    return ("correct" if equal else "wrong"), f"Math-Verify reads {answer[-1]!s:.80}."
