"""The problems picked on the plot: their table, and the responses behind the one that is opened."""

import numpy as np
import streamlit as st

from app import state, tags, widgets
from app.components.difficulty_plot import Selection
from app.data.recorded import score_name
from app.difficulty import decisions
from app.response_card import response_table
from engine import store
from engine.method.difficulty import class_counts
from engine.method.reach import rate_in_words
from engine.store.samples import Estimates
from engine.study.handle import Iteration

TABLE_ROWS = 500


def pick(selected: Selection, e: Estimates) -> None:
    """Keep what the plot says is picked, as problem ids."""
    ids = [str(e.problem_ids[row]) for row in selected.rows]
    st.session_state["picked"] = {"ids": ids, "rows": list(selected.rows), "total": selected.total}


def picked_rows(e: Estimates) -> list[int]:
    """Rows of the picked problems; an id whose row is another one since more problems are finished
    is looked up.
    """
    picked, n = st.session_state.get("picked", {"ids": [], "rows": []}), len(e.problem_ids)
    if any(row >= n or e.problem_ids[row] != id for id, row in zip(picked["ids"], picked["rows"])):
        row_of = {id: row for row, id in enumerate(e.problem_ids.tolist())}
        picked["ids"] = [id for id in picked["ids"] if id in row_of]
        picked["rows"] = [row_of[id] for id in picked["ids"]]
    return picked["rows"]


def selection(chosen: Iteration, e: Estimates, classes: np.ndarray, *, locked: bool) -> None:
    """What is picked: what can be done with it, and its table; nothing where nothing is."""
    picked = picked_rows(e)
    if not picked:
        return
    total = st.session_state["picked"]["total"]
    at = _sample(picked)
    shown = f", {len(at):,} of them shown" if total > len(at) else ""
    st.subheader(f"{total:,} selected{shown}")
    decisions.actions(chosen, e.problem_ids[picked].tolist(), total, locked=locked)
    _table(chosen, e, classes, at)


def _sample(rows: list[int]) -> list[int]:
    """All of a few rows; of many as many as the table has, at even distances."""
    if len(rows) <= TABLE_ROWS:
        return rows
    return [rows[i] for i in np.linspace(0, len(rows) - 1, TABLE_ROWS).astype(int)]


def _table(chosen: Iteration, e: Estimates, classes: np.ndarray, at: list[int]) -> None:
    names, ids = list(class_counts(classes)), e.problem_ids[at].tolist()
    score = score_name(chosen.config).capitalize() or "Score"
    rows = [
        {
            "Problem": id,
            "Class": names[c].capitalize(),
            "Correct": f"{k} / {n}",
            "Pass rate": rate_in_words(k, n),
            score: round(float(r), 3),
            "Question": q,
        }
        for id, c, k, n, r, q in zip(
            ids,
            classes[at],
            e.n_correct[at].tolist(),
            e.n[at].tolist(),
            e.phi_r[at],
            store.problems.questions(state.database(), ids),
        )
    ]
    for name, values in tags.column(chosen.run_id, ids).items():
        rows = [row | {name: value} for row, value in zip(rows, values)]
    row = widgets.chosen_row(rows, key="picked_table", about=(chosen.run_id, chosen.number, ids))
    if row is not None or len(rows) == 1:
        response_table(chosen, problem_id=ids[row or 0])
