"""What did the policy write, and why was it judged as it was?"""

import streamlit as st

from app import state, widgets
from app.next_step import next_step
from app.response_card import question_card, reach_note, response_card
from app.responses import filters, group, table
from engine import store


def nothing_fits() -> None:
    """Say why the list is empty."""
    if not store.samples.is_begun(state.database(), chosen.row.presample_set):
        widgets.nothing_yet(
            "No response is drawn yet. Start the pre-sampling on the Home page, or wait for its"
            " first batch.",
            "home.py",
        )
    st.info(
        "No response fits these filters. Take one of them away.", icon=":material/filter_alt_off:"
    )
    st.button("Clear the filters", on_click=filters.clear)
    st.stop()


chosen = widgets.need_run()
st.title("Responses")
wanted = filters.wanted(chosen)
total = store.responses.count(chosen, wanted)
if not total:
    nothing_fits()
next_step(chosen, "responses.py")
if filters.is_side_by_side():
    group.side_by_side(chosen, wanted)
else:
    opened = table.listed(chosen, wanted, total)
    question_card(opened)
    reach_note(chosen, opened.problem_id)
    response_card(opened, key="opened", chosen=chosen)
