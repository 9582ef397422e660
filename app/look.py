"""Fields that say what a person looks for in a list, in step with the address: leaving a page and
coming back, the back button and a copied link bring it back.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app import state

Said = Callable[[Any], str | None]
"""A field's value as the address says it; None for nothing."""


def entry(
    name: str, value: Any, read: Said, *, key: str = "", resets: Sequence[str] = ()
) -> dict[str, Any]:
    """Key and callback of a field that shows a value of the address and puts what is entered there.

    Args:
        resets: other values of the address that go with a change, such as the open row.
    """
    key = f"look_{key or name}"
    st.session_state[key] = value
    return {"key": key, "on_change": _entered, "args": [name, key, read, resets]}


def listed(text: str) -> list[str]:
    """The parts of a value with commas between."""
    return [part for part in text.split(",") if part]


def joined(values: Sequence[str]) -> str | None:
    return ",".join(values) or None


def _entered(name: str, key: str, read: Said, resets: Sequence[str]) -> None:
    changed = {name: read(st.session_state[key]) or None}
    state.keep(**dict.fromkeys(resets), **changed)
