"""What else would I like to know?"""

import streamlit as st

from app import state, visitor
from app.sql import answer, asking
from app.sql.permission import FOR_READERS, may_run_sql

chosen = state.selected()
st.title("SQL")
if not may_run_sql(is_read_only=not visitor.may_write()):
    st.info(
        f"Visitors who may only read do not ask in SQL here. Whoever runs this dashboard allows it"
        f" with {FOR_READERS}=1.",
        icon=":material/info:",
    )
    st.stop()
st.caption(
    "Questions are answered by a process of their own, of a copy of the database: nothing can be"
    " changed, and no file and no network reached. An answer takes at most 30 seconds, 1 GB and"
    " 100,000 rows."
)
asking.choose()
given = asking.question(chosen)
if given:
    answer.show(given)
asking.save(st.session_state.get(asking.TEXT, ""))
