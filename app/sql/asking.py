"""The question, and the copy of the database that it is asked of."""

from threading import Lock

import streamlit as st

from app import inert, state, visitor, widgets
from engine import store
from engine.errors import EngineError
from engine.queries.ask import Answer, Snapshot, ask, take_snapshot
from engine.queries.ready import READY, Ready
from engine.study.handle import Iteration

_TURN = Lock()
"""Whoever takes a copy has it: tabs are threads of one process."""
TEXT, ANSWER, PICKED = "sql_text", "sql_answer", "sql_picked"


@st.cache_resource
def _copies() -> dict[str, tuple[Snapshot, object]]:
    """The copy of each database, and the version of which it is one."""
    return {}


def choose() -> None:
    """Ready and saved questions; one that is chosen is put into the field."""
    saved = {q.name: q.sql for q in store.questions.listed(state.database())}
    left, right = widgets.columns(2, least=widgets.PART)
    left.selectbox(
        "Ready questions",
        range(len(READY)),
        index=None,
        format_func=lambda n: READY[n].title,
        key="sql_ready",
        on_change=lambda: (
            _take(READY[st.session_state["sql_ready"]])
            if st.session_state["sql_ready"] is not None
            else None
        ),
    )
    right.selectbox(
        "Saved questions",
        list(saved),
        index=None,
        key="sql_saved",
        placeholder="None is saved yet" if not saved else "Choose one",
        on_change=lambda: _take(Ready("", saved.get(st.session_state["sql_saved"] or "", ""))),
    )


def _take(question: Ready) -> None:
    st.session_state[TEXT], st.session_state[PICKED] = question.sql, question
    st.session_state.pop(ANSWER, None)


def question(chosen: Iteration | None) -> Answer | None:
    """The field, its buttons, and the last answer to it."""
    sql = st.text_area(
        "One SELECT",
        key=TEXT,
        height=220,
        help="$run and $iteration stand for the selected run and iteration.",
        placeholder="SELECT …",
    )
    bar = st.container(horizontal=True, vertical_alignment="center")
    is_asked = bar.button("Ask", type="primary", icon=":material/play_arrow:", key="sql_ask")
    is_renewed = bar.button("Take a new copy", icon=":material/sync:", key="sql_renew")
    of_when = bar.empty()
    if is_renewed:
        _renew()
    if is_asked and sql.strip():
        st.session_state.pop(ANSWER, None)
        try:
            with st.spinner("Asking"):
                st.session_state[ANSWER] = _asked(sql, chosen)
        except EngineError as error:
            st.error(inert.markdown(str(error)), icon=":material/error:")
    of_when.caption(_of_when())
    return st.session_state.get(ANSWER)


def save(sql: str) -> None:
    """Keep the question under a name, or forget a saved one."""
    with st.form("sql_save", border=False):
        left, right = widgets.columns([3, 1], least=180, align="bottom")
        name = left.text_input("Save the question as").strip()
        if visitor.submit(right, "Save", icon=":material/save:") and name and sql.strip():
            store.questions.save(state.database(), name, sql, made_by=state.tab_id())
            st.rerun()
    shown = st.session_state.get("sql_saved")
    if shown and visitor.button(st, f"Forget “{inert.markdown(shown)}”", icon=":material/delete:"):
        store.questions.remove(state.database(), shown)
        st.rerun()


def _asked(sql: str, chosen: Iteration | None) -> Answer:
    db = state.database()
    if str(db.path) not in _copies():
        _renew(but_one_that_is_there=True)
    values = {"run": chosen.run_id, "iteration": chosen.number} if chosen else {}
    return ask(_copies()[str(db.path)][0], sql, values)


def _renew(*, but_one_that_is_there: bool = False) -> None:
    """Take a copy for all tabs, one after the other; earlier ones are removed: a question that
    another tab asks of one at that moment is answered with a sentence.

    Args:
        but_one_that_is_there: keep one that another tab took meanwhile.
    """
    db = state.database()
    with _TURN:
        if but_one_that_is_there and str(db.path) in _copies():
            return
        version = db.version
        _copies()[str(db.path)] = take_snapshot(db), version


def _of_when() -> str:
    db = state.database()
    if str(db.path) not in _copies():
        return "The first question takes a copy of the database, which it is asked of."
    copy, version = _copies()[str(db.path)]
    since = "" if version == db.version else " Something was stored since then."
    return f"Asked of the database as it was at {copy.as_of:%H:%M:%S} UTC.{since}"
