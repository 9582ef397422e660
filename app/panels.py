"""The panels below the plot: what is open follows every threshold, what is closed is sent once.

Where all are closed when the page is drawn they stand on the page itself; else in the fragment that a release draws anew.
"""

import streamlit as st

from app import state
from app.calibration_in import calibration_panel
from app.strategy_cards import strategy_cards
from app.thresholds import Setting
from engine.store.reads import Estimates

PANELS = {
    "cards": ("What would this buy?", strategy_cards),
    "calibration": ("Suggested thresholds and calibration", calibration_panel),
}
"""Title and content by widget key."""


def is_any_open() -> bool:
    return any(st.session_state.get(key) for key in PANELS)


def closed_panels() -> None:
    """The titles alone."""
    for key, (title, _) in PANELS.items():
        st.expander(title, key=key, on_change="rerun")


def panels(chosen: state.Selected, now: Setting, e: Estimates, stored: tuple, *, locked: bool) -> None:
    """Every title, and what stands below it where it is open.

    Args:
        stored: what makes the same question a new one, such as the number of judged responses.
        locked: after a commit nothing can be chosen any more.
    """
    for key, (title, draw) in PANELS.items():
        with st.expander(title, key=key, on_change="rerun") as opened:
            if opened.open:
                draw(chosen, now, e, stored, locked=locked)
