"""A run begins: created and its first job queued, or refused in a sentence."""

import streamlit as st

from app import inert, state, visitor
from engine.config import RunConfig
from engine.config.checks import check_config
from engine.errors import EngineError
from engine.study.handle import Iteration
from engine.study.runs import create_run


def begin(config: RunConfig) -> bool:
    """Create a run and begin it; what cannot be used is said in a sentence, nothing is stored then,
    and the answer is False.
    """
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
