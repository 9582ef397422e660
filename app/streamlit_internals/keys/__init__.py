"""A key that presses a button, where Streamlit's own shortcuts have no name for the key: they take
letters, digits and named keys, and a question mark is none.
"""

from pathlib import Path

from streamlit.components.v2 import component

_COMPONENT = component(
    "press_on_key", js=(Path(__file__).parent / "press_on_key.js").read_text(encoding="utf-8")
)


def press_on_key(character: str, button: str) -> None:
    """Mount it: outside of fields the character presses the button with this key."""
    _COMPONENT(key=f"press_{button}", data={"character": character, "button": button})
