"""Says how many responses their reward model could give no score, and why: their problems stay
pending.
"""

import streamlit as st

from engine import store
from engine.study.handle import Iteration

WHY = {
    "unreadable": "no judgement of the reward model could be read",
    "too_long": "too long for the reward model's positions, or their prompt was refused",
    "holds_tag": "their text spells the reward model's step tag",
    "missing": "recorded without a score",
}


def note(it: Iteration) -> None:
    """One line, where there are such pre-samples."""
    counts = store.rewards.without_score(it)
    if not counts:
        return
    why = "; ".join(f"{n:,}: {WHY.get(status, status)}" for status, n in counts.items())
    n = sum(counts.values())
    has = "response has" if n == 1 else "responses have"
    st.caption(
        f":material/hourglass_empty: {n:,} {has} no score ({why}). Their problems are pending."
    )
