"""Notifications of the browser, for a tab in the background, where a person allowed them.

Streamlit has none. The first component is a button, because browsers ask for leave only behind a
click; the second shows nothing on the page.
"""

from collections.abc import Mapping
from pathlib import Path

from streamlit.components.v2 import component

_HERE = Path(__file__).parent
ANSWERS = {
    "default": "Your browser will ask whether it may.",
    "granted": "Allowed in this browser: a job that ends says so while this tab is in the"
    " background.",
    "denied": "Refused in this browser. Its settings for this site can change that.",
    "missing": "This browser has no notifications here.",
}
"""What is said by what the browser allows."""
_STYLE = """
div {
  display: flex; flex-wrap: wrap; align-items: center; gap: 0.75rem;
  font: inherit; font-size: 0.875rem;
}
button {
  padding: 0.4rem 0.75rem; font: inherit; color: inherit; cursor: pointer;
  background: transparent; border-radius: var(--st-button-radius, 0.5rem);
  border: 1px solid var(--st-border-color, currentColor);
}
button:disabled { cursor: default; opacity: 0.6; }
"""
_ASK = component(
    "ask_to_notify",
    html="<div><button type='button'></button><span role='status'></span></div>",
    css=_STYLE,
    js=(_HERE / "ask.js").read_text(encoding="utf-8"),
)
_NOTIFY = component("notify", js=(_HERE / "notify.js").read_text(encoding="utf-8"))


def ask_to_notify(label: str) -> None:
    """A button that has the browser ask, with what it answered."""
    _ASK(key="ask_to_notify", data={"label": label, "answers": ANSWERS})


def notify(title: str, texts: Mapping[str, str]) -> None:
    """Mount it: plain texts, each a notification of its own, and once under its key however often
    it is mounted.
    """
    _NOTIFY(key="notify", data={"title": title, "texts": dict(texts)})
