"""Which keys do what, one key away on every page."""

import streamlit as st

from app.streamlit_internals.keys import press_on_key

KEYS = {
    "Every page": {
        "?": "this list",
        "Tab, Shift + Tab": "the next field, button or line, and the one before",
        "Escape": "closes a dialog or a list",
    },
    "A line of the difficulty plot": {
        "Arrow keys": "move it by 0.01, with Shift by 0.001",
        "Page Up, Page Down": "move it by 0.1",
        "Home, End": "move it to 0, to 1",
        "Ctrl + wheel": "zooms the plot",
    },
    "Responses": {"j, k": "the next response of the list, and the one before"},
}
"""What a key does, by place."""


def shortcuts() -> None:
    """The button, and the key that presses it."""
    if st.button(
        "Shortcuts", icon=":material/keyboard:", type="tertiary", key="shortcuts", help="Key: ?"
    ):
        _overlay()
    press_on_key("?", "shortcuts")


@st.dialog("Shortcuts")
def _overlay() -> None:
    for place, keys in KEYS.items():
        st.markdown(f"**{place}**")
        st.markdown("\n".join(f"- `{key}`: {does}" for key, does in keys.items()))
