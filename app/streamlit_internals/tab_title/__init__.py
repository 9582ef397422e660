"""The title of the browser tab while a part of the page is drawn by itself.

Streamlit sets it when the whole page is drawn. This component, which shows nothing, sets it from a
fragment, so that a tab in the background says how far a job is.
"""

from pathlib import Path

from streamlit.components.v2 import component

_COMPONENT = component(
    "tab_title", js=(Path(__file__).parent / "tab_title.js").read_text(encoding="utf-8")
)


def tab_title(title: str) -> None:
    """Set it."""
    _COMPONENT(key="tab_title", data={"title": title})
