"""The address bar in step with settings, without a step of the back button for each.

Streamlit pushes a history entry at every change of the query, and has no way to replace one. This
component, which shows nothing, puts itself between the two: a change of the named settings alone,
and what a page fills in where its address said nothing, replaces the entry. Where the component is
missing or late, the back button has more steps and nothing else is different.
"""

from collections.abc import Sequence
from pathlib import Path

from streamlit.components.v2 import component

_COMPONENT = component(
    "replace_settings",
    js=(Path(__file__).parent / "replace_settings.js").read_text(encoding="utf-8"),
)


def replace_settings(names: Sequence[str]) -> None:
    """Mount it: from then on, in this browser tab, the query parameters with these names are
    settings. It stays for all pages.
    """
    _COMPONENT(key="replace_settings", data={"settings": list(names)})
