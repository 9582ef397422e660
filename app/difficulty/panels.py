"""The panels below the plot. They stand outside the fragment that a release draws anew, so that
closed ones are sent once; an open one asks for the whole page where its question has changed.
"""

import streamlit as st

from app.difficulty.calibration import calibration_panel
from app.difficulty.strategy_cards import strategy_cards
from engine.store.samples import Estimates
from engine.study.handle import Iteration
from engine.types import Choice

PANELS = {
    "cards": ("What would this buy?", strategy_cards),
    "calibration": ("Suggested thresholds and calibration", calibration_panel),
}
"""Title and content by widget key."""
DRAWN = "panels_drawn"
"""Session entry with the question that the panels answer: () before there is one, None while the
page is being drawn.
"""


def follow(now: Choice, stored: tuple) -> None:
    """Draw the page anew if a panel is open and answers another question. Call it first in what a
    release draws.
    """
    if any(st.session_state.get(key) for key in PANELS) and st.session_state[DRAWN] not in (
        None,
        (now, stored),
    ):
        st.rerun()


def panels(
    chosen: Iteration, question: tuple[Choice, Estimates, tuple] | None, *, locked: bool
) -> None:
    """Every title, and what stands below it where it is open.

    Args:
        question: the setting, the estimates, and what makes them new ones, such as the number of
            judged responses; None before the first problem is finished, where there is nothing to
            say.
        locked: after a commit nothing can be chosen any more.
    """
    for key, (title, draw) in PANELS.items():
        with st.expander(title, key=key, on_change="rerun") as opened:
            if opened.open and question:
                draw(chosen, *question, locked=locked)
    st.session_state[DRAWN] = (question[0], question[2]) if question else ()
