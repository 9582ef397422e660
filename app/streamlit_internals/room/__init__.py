"""A page begins under the header, with its title in one line of text: Streamlit leaves 96 pixels
above every page, 80 at its sides, and gives a title 89, which the plot and what it leads to need.

A wide part and a narrow one stand side by side, or each takes the whole width where both do not
fit: columns and grids know no such thing.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

_STYLE = """
<style>
[data-testid="stMainBlockContainer"] {
  padding-top: 3.75rem;
  padding-inline: clamp(1rem, 3vw, 5rem);
}
[data-testid="stHeading"] h1 { font-size: 1.75rem; padding: 0.25rem 0; }
[data-testid="stFileUploaderDropzoneInstructions"] * { white-space: normal; text-overflow: clip; }
[data-testid="stMarkdownContainer"] td { overflow-wrap: anywhere; }
[class*="st-key-split_"] > div { min-width: 0; }
[class*="st-key-split_"] > div:first-child { flex: 2 1 22rem; }
[class*="st-key-split_"] > div:last-child { flex: 1 1 14rem; }
</style>
"""


def use_room() -> None:
    """Draws nothing; holds for the whole page."""
    st.html(_STYLE)


def split(name: str) -> tuple[DeltaGenerator, DeltaGenerator]:
    """A wide place and a narrow one beside it, or beneath it in a narrow window.

    Args:
        name: not used twice on a page.
    """
    row = st.container(horizontal=True, gap="medium", key=f"split_{name}")
    return row.container(), row.container()
