"""What do I bring?"""

import streamlit as st

from app.data.problems import problem_section
from app.data.recorded import recorded_section
from app.data.start_run import problem_run, recorded_run

st.title("Data")
st.caption(
    "Everything is read and checked here first. Nothing is stored, and no run begins, before you"
    " say so."
)
problems, recorded = st.tabs(["Problems", "Recorded responses"])
with problems:
    problem_section()
    st.subheader("Start a run on these problems")
    problem_run()
with recorded:
    recorded_section()
    st.subheader("Start a study on a recording")
    recorded_run()
