"""Tags of problems: put on a selection, shown beside a problem, listed with who and when."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import done_by_hand, inert, state, visitor
from engine import store
from engine.errors import EngineError
from engine.study import tags
from engine.study.handle import Iteration

REFUSED = "tag_refused"
"""Session entry with why the last click tagged nothing."""
TEXT, KNOWN = "tag_text", "tag_known"


def cells(run_id: str, problem_ids: Sequence[str]) -> list[dict[str, list[str]]]:
    """The cells with tags of a table, one per row; empty where the run has no tag at all."""
    by_problem = store.tags.by_problem(state.database(), run_id)
    return [{"Tags": by_problem.get(id, [])} if by_problem else {} for id in problem_ids]


def badges(run_id: str, problem_id: str) -> str:
    """A problem's tags as Markdown; empty where it has none."""
    put = store.tags.by_problem(state.database(), run_id).get(problem_id, [])
    return " ".join(f":green-badge[{inert.markdown(tag)}]" for tag in put)


def tagging(chosen: Iteration, ids: Sequence[str], row: DeltaGenerator, *, disabled: bool) -> None:
    """The button that puts a tag on selected problems, or takes it off."""
    said = st.session_state.pop(REFUSED, None)
    with row.popover("Tag", icon=":material/sell:", disabled=disabled):
        known = tags.names(chosen)
        st.text_input("New tag", key=TEXT, max_chars=tags.MOST_CHARS)
        if known:
            st.selectbox("Or one that is there", known, index=None, key=KNOWN)
        if said:
            st.warning(inert.markdown(said))
        for label, wanted in (("Put it on", True), ("Take it off", False)):
            visitor.button(
                st,
                label,
                key=f"tag_{wanted}",
                on_click=_entered,
                args=[chosen, ids, wanted],
                width="stretch",
            )


def table(chosen: Iteration) -> None:
    """Every tag with who and when, to be taken off again. Nothing where there is none."""
    holding = store.tags.holding(chosen.db, chosen.run_id)
    if not holding:
        return
    st.subheader(f"{len(holding):,} tag{'s' * (len(holding) != 1)}")
    key = f"tags_{chosen.run_id}_{store.tags.n_rows(chosen.db, chosen.run_id)}"
    picked = done_by_hand.table(chosen, holding, lambda t: {"Tag": t.tag}, key=key)
    visitor.button(
        st, "Take off the selected", disabled=not picked, on_click=_take_off, args=[chosen, picked]
    )


def _take_off(chosen: Iteration, picked: Sequence[store.tags.Tag]) -> None:
    for tag in {t.tag for t in picked}:
        ids = [t.problem_id for t in picked if t.tag == tag]
        tags.put(chosen, ids, tag, made_by=state.tab_id(), wanted=False)


def _entered(chosen: Iteration, ids: Sequence[str], wanted: bool) -> None:
    text = st.session_state.get(TEXT, "").strip() or st.session_state.get(KNOWN) or ""
    try:
        tags.put(chosen, ids, text, made_by=state.tab_id(), wanted=wanted)
        st.session_state[TEXT] = ""
    except EngineError as error:
        st.session_state[REFUSED] = str(error)
