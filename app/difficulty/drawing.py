"""Where a plan goes: to resamples and pairs, or to groups that the policy draws while it is
trained.
"""

import streamlit as st

from app import widgets
from engine import store
from engine.config.backends import draws_itself
from engine.study.handle import Iteration
from engine.study.plan_groups import last_settings, n_planned


def say_when(chosen: Iteration) -> None:
    """Before a commit: that nothing is resampled, where that is so."""
    t = chosen.config.training
    if draws_itself(t.method):
        st.caption(
            f"Nothing is resampled: {t.method.upper()} draws this while the policy is trained, in"
            f" groups of {t.group_size}, {t.batch_size // t.group_size} of them per step. What"
            " fills no whole step is not drawn."
        )


def parts(chosen: Iteration, n_given: int) -> dict[str, int]:
    """What was given away of a committed budget, by what becomes of it."""
    if not draws_itself(chosen.config.training.method):
        return {"Resampled": n_given}
    n_drawn = n_planned(chosen, last_settings(chosen))
    return {"Drawn in training": n_drawn, "Fills no step": n_given - n_drawn}


def what_came(chosen: Iteration) -> None:
    """Of a committed plan."""
    if draws_itself(chosen.config.training.method):
        done = store.draws.counts(chosen)
        discarded = f", {done.n_discarded:,} of them discarded" if done.n_discarded else ""
        st.markdown(f"**{done.n:,} responses** were drawn so far{discarded}.")
        widgets.link("training.py", "See the training")
        return
    pair_set = store.pairs.find_set(chosen)
    st.markdown(
        f"**{pair_set.n_pairs:,} pairs** came of it, {pair_set.n_foregone:,} were foregone."
        if pair_set
        else "Its pairs are built when the resampling is done."
    )
    widgets.link("pairs.py", "See the pairs")
