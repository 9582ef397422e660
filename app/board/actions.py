"""What can be done with the selected runs: open, compare, overlay, rename, label, put away, copy,
delete.
"""

from dataclasses import astuple, dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import inert, state, visitor, widgets
from app.difficulty import columns
from app.new_study import cards
from app.training.figures import MOST_OVERLAID
from engine import store
from engine.errors import EngineError
from engine.figures.board import BoardRow
from engine.method.seeds import stable_hash
from engine.paths import ROOT
from engine.store import compaction
from engine.study import deletion

REFUSED = "labels_refused"
"""Session entry with why a name was not taken, until it is said."""
SEEN_SETS = 8
"""Runs that are named one by one where something of them stays."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a run is called and labelled with, as its form shows it."""

    name: str
    tags: str
    note: str


def actions(picked: list[BoardRow]) -> None:
    """The buttons that fit the selection."""
    if not picked:
        st.caption("Select a run to open, rename, label or delete it; several to compare them.")
        return
    bar = st.container(horizontal=True, vertical_alignment="center")
    if len(picked) == 1:
        _of_one(bar, picked[0])
    else:
        if bar.button("Compare", icon=":material/leaderboard:", type="primary"):
            _compare(picked)
        if bar.button("Overlay their curves", icon=":material/trending_up:"):
            _overlay(picked)
    _away(bar, picked)
    if visitor.button(bar, "Delete …", icon=":material/delete:", key="delete"):
        confirm([row.run_id for row in picked])


def _of_one(bar: DeltaGenerator, row: BoardRow) -> None:
    if bar.button("Open", icon=":material/open_in_new:", type="primary"):
        _open(row, "run.py")
    if bar.button("Copy into a new study", icon=":material/content_copy:"):
        cards.begin_with_copy(row.run_id)
        cards.open_builder()
    with bar.popover("Name, tags, note", icon=":material/edit:"):
        _labels(row)


def _labels(row: BoardRow) -> None:
    drawn = Labelled(row.name, ", ".join(row.labels.tags), row.labels.note)
    key = f"{row.run_id}_{stable_hash(*astuple(drawn)):x}"
    with st.form(f"labels_{key}"):
        if said := st.session_state.pop(REFUSED, None):
            st.error(said, icon=":material/error:")
        st.text_input("Name", drawn.name, key=f"name_{key}")
        st.text_input("Tags", drawn.tags, help="With commas between.", key=f"tags_{key}")
        st.text_area("Note", drawn.note, key=f"note_{key}")
        visitor.submit(st, "Save", on_click=_save, args=[row.run_id, drawn, key])


def _save(run_id: str, drawn: Labelled, key: str) -> None:
    """Only what differs from what the form was drawn with: another tab may have saved meanwhile."""
    if not visitor.may_write():
        return
    db, entered = state.database(), st.session_state
    name, tags, note = (entered[f"{field}_{key}"].strip() for field in ("name", "tags", "note"))
    if name != drawn.name:
        taken = {other.name for other in store.runs.listed(db) if other.id != run_id}
        if not name or name in taken:
            entered[REFUSED] = "A run needs a name that no other run has. Give another one."
            return
        store.runs.rename(db, run_id, name)
    labels = store.labels.find(db, run_id)
    if tags != drawn.tags:
        words = dict.fromkeys(tag.strip() for tag in tags.split(",") if tag.strip())
        labels = replace(labels, tags=tuple(words))
    if note != drawn.note:
        labels = replace(labels, note=note)
    store.labels.put(db, run_id, labels)


def _away(bar: DeltaGenerator, picked: list[BoardRow]) -> None:
    """Into the archive, or out of it where the archive is on screen."""
    is_away = picked[0].labels.archived_at is not None
    words, icon = ("Take out of the archive", "unarchive") if is_away else ("Archive", "archive")
    if visitor.button(bar, words, icon=f":material/{icon}:", key="archive"):
        for row in picked:
            store.labels.archive(state.database(), row.run_id, away=not is_away)
        st.rerun()


def _open(row: BoardRow, page: str) -> None:
    state.select(row.run_id, row.iteration)
    st.switch_page(ROOT / "pages" / page, query_params=state.address(page))


def _compare(picked: list[BoardRow]) -> None:
    st.session_state[f"compared_{picked[0].run_id}"] = [row.run_id for row in picked]
    _open(picked[0], "compare.py")


def _overlay(picked: list[BoardRow]) -> None:
    """The newest training of the first run that has one, those of the others over it."""
    trainings = store.jobs.trainings(state.database())
    newest = {job.run_id: job for job in reversed(trainings)}
    trained = [row for row in picked if row.run_id in newest]
    if not trained:
        st.info("None of these runs is trained yet.", icon=":material/info:")
        return
    others = [newest[row.run_id] for row in trained[1:]]
    st.session_state["overlay"] = [job.id for job in others][:MOST_OVERLAID]
    _open(trained[0], "training.py")


@st.dialog("Delete for good?", width="medium")
def confirm(run_ids: list[str]) -> None:
    """What goes and what stays; asked a second time by a word that has to be ticked. The newest run
    goes first: an older one may have made the models that it names.
    """
    db = state.database()
    names = {row.id: row.name for row in store.runs.listed(db)}
    run_ids = [id for id in names if id in run_ids]
    try:
        plans = [
            deletion.planned(db, run_id, going=run_ids[:n]) for n, run_id in enumerate(run_ids)
        ]
    except EngineError as error:
        st.error(inert.markdown(str(error)), icon=":material/error:")
        return
    for plan in plans:
        _what_goes(plan, {names[id] for id in run_ids})
    st.caption(
        "Problems stay. The file gets smaller when the program starts the next time: it is copied,"
        " compared, and only then replaced."
    )
    sure = st.checkbox("I want this gone; it cannot be undone.", key="delete_sure")
    if visitor.button(st, "Delete", type="primary", disabled=not sure, key="delete_now"):
        if refused := _delete(run_ids):
            st.error(inert.markdown(refused), icon=":material/error:")
        else:
            st.rerun()


def _delete(run_ids: list[str]) -> str | None:
    """Delete them one after the other. Returns: why one of them, and those behind it, are still
    there; None where all are gone.
    """
    db, gone, refused = state.database(), [], None
    names = {row.id: row.name for row in store.runs.listed(db)}
    try:
        for run_id in run_ids:
            deletion.delete(db, run_id)
            gone.append(run_id)
    except EngineError as error:
        before = ", ".join(names[id] for id in gone) or "none"
        refused = f"{error} Nothing more was deleted. Deleted before that: {before}."
    if gone:
        compaction.ask(db.path)
        st.cache_data.clear()
        columns.forget()
        state.forget(gone)
    return refused


def _what_goes(plan: deletion.Deletion, going: set[str]) -> None:
    policies = f", {len(plan.policies)} trained policies" if plan.policies else ""
    st.markdown(
        f"**{inert.markdown(plan.name)}**: {plan.n_responses:,} responses{policies},"
        f" {widgets.size(plan.n_bytes)} of files go."
    )
    staying = {id: names for id, names in plan.shared.items() if set(names) - going}
    if staying:
        others = {name for names in staying.values() for name in names} - going
        n = len(staying)
        st.caption(f"{n} sample sets stay, because other runs use them: {_some(others)}.")
    for folder, names in plan.staying.items():
        st.caption(
            f"{inert.markdown(str(folder))} stays, because other runs name it or use its policy:"
            f" {_some(set(names))}."
        )


def _some(names: set[str]) -> str:
    """Names in a sentence, the first of many."""
    more = f" and {len(names) - SEEN_SETS} more" if len(names) > SEEN_SETS else ""
    return f"{inert.markdown(', '.join(sorted(names)[:SEEN_SETS]))}{more}"
