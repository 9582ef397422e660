"""A page begins under the header, with its title in one line of text: Streamlit leaves 96 pixels
above every page, 80 at its sides, and gives a title 89, which the plot and what it leads to need.
"""

import streamlit as st

_STYLE = """
<style>
[data-testid="stMainBlockContainer"] {
  padding-top: 3.75rem;
  padding-inline: clamp(1rem, 3vw, 5rem);
}
[data-testid="stHeading"] h1 { font-size: 1.75rem; padding: 0.25rem 0; }
[data-testid="stFileUploaderDropzoneInstructions"] * { white-space: normal; text-overflow: clip; }
</style>
"""


def use_room() -> None:
    """Draws nothing; holds for the whole page."""
    st.html(_STYLE)
