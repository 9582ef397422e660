"""Says where most responses give no answer that is found: their accuracy says little then."""

import streamlit as st

from engine import store
from engine.study.handle import Iteration

MOST = 0.5
"""Share of the pre-samples without an answer above which it is said."""


def note(it: Iteration) -> None:
    """What to do, where most pre-samples of an iteration have no answer."""
    n_without, n = store.presamples.unanswered(it)
    if not n or n_without <= MOST * n:
        return
    mode = it.config.grading.extraction
    how = (
        "The last formula or number is taken already: look at some responses, and at"
        " sampling.max_new_tokens."
        if mode == "lenient"
        else "A policy that states no answer in a box or in words needs a new study with"
        ' grading.extraction = "lenient", which takes the last formula or number, or a'
        " grading.pattern of its own; one whose thinking is cut needs a larger"
        " sampling.max_new_tokens."
    )
    st.warning(
        f"{n_without:,} of {n:,} responses have no answer that is found by the rules of this study"
        f" ({mode}). {how}",
        icon=":material/unknown_document:",
    )
