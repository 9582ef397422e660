"""Streamlit's large browser parts, loaded before a page needs them.

The browser loads each kind of element with the first page that shows one. For Plotly that is 4.7 MB
of script to fetch and run: the first chart of a tab came two seconds after its page. This
component, which shows nothing, has the browser begin it a second after the first page; whoever
clicks or drags in just that second waits half of one. Where a part cannot be found, it is loaded by
the first page that shows it, as ever.
"""

from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

PARTS = ("PlotlyChart", "DataFrame", "rehype-katex", "StreamlitSyntaxHighlighter")
"""As Streamlit names its files: charts, tables, formulas, code."""
_FOLDER = Path(st.__file__).parent / "static" / "static" / "js"
_COMPONENT = component(
    "load_parts", js=(Path(__file__).parent / "load_parts.js").read_text(encoding="utf-8")
)


@cache
def files() -> list[str]:
    """The names of the parts' files, which end in a hash that differs from release to release."""
    return [path.name for part in PARTS for path in sorted(_FOLDER.glob(f"{part}.*.js"))]


def load_parts() -> None:
    """Mount it, on whatever page comes first."""
    _COMPONENT(key="load_parts", data={"files": files()})
