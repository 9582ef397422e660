"""Which rule gets most out of the same budget?"""

import streamlit as st

from app import inert, state
from app.arena import asking, results
from engine.errors import EngineError

ASKED = "arena_asked"

state.selected()
st.title("Arena")
st.caption(
    "Rules for a sampling budget, each played on the same recorded responses at the same budget."
    " Nothing is sampled, trained or stored."
)
if asked := asking.form():
    st.session_state[ASKED] = asked
if ASKED in st.session_state:
    try:
        rows, said = results.played(st.session_state[ASKED])
    except EngineError as error:
        st.error(inert.markdown(str(error)), icon=":material/error:")
    else:
        results.show(rows, said)
