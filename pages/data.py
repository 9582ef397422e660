"""What do I bring?"""

import streamlit as st

from app.data.into_study import problem_study, recorded_study
from app.data.problems import problem_section
from app.data.recorded import recorded_section

st.title("Data")
st.caption(
    "Everything is read and checked here first. Nothing is stored, and no run begins, before you"
    " say so."
)
problems, recorded = st.tabs(["Problems", "Recorded responses"])
with problems:
    problem_section()
    st.subheader("A study on these problems")
    problem_study()
with recorded:
    recorded_section()
    st.subheader("A study on a recording")
    recorded_study()
