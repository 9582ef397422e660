"""What studies are there, how far is each, and what came of them?"""

from pathlib import Path
from typing import Literal

import streamlit as st

from app import small_lm, start_run, state, widgets
from app.board.actions import actions
from app.board.table import chosen_rows
from app.difficulty import columns
from engine.config import load_config
from engine.errors import EngineError
from engine.paths import ROOT, STARTER
from engine.study.progress import progress

STARTER_CONFIG = STARTER / "default.toml"


def start(config_path: Path) -> None:
    """Begin a run from a file and show its steps."""
    try:
        config = load_config(config_path)
    except EngineError as error:
        start_run.refuse(error)
        return
    if start_run.begin(config):
        st.switch_page(ROOT / "pages" / "run.py", query_params=state.address("run.py"))


def try_it(kind: Literal["primary", "secondary"]) -> None:
    """The ways in: the builder, and the starter in one click."""
    with st.container(horizontal=True, vertical_alignment="center"):
        label = "Try it on the starter models"
        if start_run.button(label, type=kind, icon=":material/play_arrow:"):
            start(STARTER_CONFIG)
        widgets.link("new_study.py", "Build a study of your own")
    if configuration := small_lm.offer():
        start(configuration)


def welcome() -> None:
    st.title("HS-STaR Studio")
    st.markdown(
        "Find the problems at the edge of what your model can do, spend the sampling budget there,"
        " and train on what it shows."
    )
    st.write("")
    try_it("primary")
    st.caption(
        "400 word problems, a small policy and a process reward model ship with the program. No"
        " GPU, no download."
    )


chosen = state.selected()
if chosen is None:
    welcome()
else:
    st.title("Studies")
    actions(chosen_rows())
    try_it("secondary")
    if progress(chosen).presampled:
        columns.read_ahead(chosen)
