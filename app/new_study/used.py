"""Which fields of a training are shown: those that its method uses, and the rest by name."""

from collections.abc import Sequence

import streamlit as st

from app.new_study.draft import Draft, key_of
from app.new_study.groups import label
from engine.config.backends import draws_itself
from engine.config.reference import Setting
from engine.config.used import unused

TRAINING, PAIRS = "training", "pairs"


def used_fields(
    draft: Draft, table: str, settings: Sequence[Setting]
) -> tuple[list[Setting], list[Setting]]:
    """(shown, hidden) of some settings of a table. What a person changed is shown in any case."""
    names = unused(draft.value(f"{TRAINING}.method"), draft.value(f"{TRAINING}.keep_above"))
    hidden = [
        s
        for s in settings
        if table == TRAINING and s.name in names and key_of(s) not in draft.changes
    ]
    return [s for s in settings if s not in hidden], hidden


def say_unused(draft: Draft, table: str, hidden: Sequence[Setting]) -> None:
    """What is not shown and why; of a table that nothing uses, that it is so."""
    method = str(draft.value(f"{TRAINING}.method")).upper()
    if hidden:
        names = ", ".join(label(setting) for setting in hidden)
        st.caption(f"Not shown, because {method} does not use them: {names}.")
    if table == PAIRS and draws_itself(method.lower()):
        st.caption(f"Not used: {method} draws what it trains on, and no pairs are built.")
