"""A run begins: created and its first job queued, or refused in a sentence."""

from typing import Any

import streamlit as st

from app import inert, state, visitor
from engine.config import RunConfig
from engine.config.checks import check_config
from engine.errors import EngineError
from engine.study.handle import Iteration
from engine.study.runs import create_run

_BEGUN = "n_begun"
"""Session entry: how often somebody pressed a button that begins a run."""


def button(label: str, **options: Any) -> bool:
    """A button that begins a run. After each press it is another one: a second press, while the
    first is at work, begins nothing.
    """
    key = f"begin_{st.session_state.get(_BEGUN, 0)}_{label}"
    return visitor.button(st, label, key=key, **options)


def count_press() -> None:
    """What such a button does first of all."""
    st.session_state[_BEGUN] = st.session_state.get(_BEGUN, 0) + 1


def begin(config: RunConfig) -> bool:
    """Create a run and begin it; what cannot be used is said in a sentence, nothing is stored then,
    and the answer is False.
    """
    count_press()
    try:
        visitor.check(config)
        check_config(config)
        run_id = create_run(state.database(), config)
    except EngineError as error:
        refuse(error)
        return False
    state.begin(Iteration(state.database(), run_id, 0))
    return True


def refuse(error: EngineError) -> None:
    st.error(inert.markdown(str(error)), icon=":material/error:")
