"""The problems picked on the plot: their table, and the responses behind the one that is opened."""

import numpy as np
import streamlit as st

from app import state, widgets
from app.components.difficulty_plot import Selection
from app.data.recorded import score_name
from app.response_card import response_table
from engine import store
from engine.method.difficulty import class_counts
from engine.store.samples import Estimates
from engine.study.handle import Iteration


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


def selection(chosen: Iteration, e: Estimates, classes: np.ndarray) -> None:
    """The table of what is picked, nothing where nothing is."""
    at = picked_rows(e)
    if not at:
        return
    names, ids = list(class_counts(classes)), e.problem_ids[at].tolist()
    score = score_name(chosen.config).capitalize() or "Score"
    rows = [
        {
            "Problem": id,
            "Class": names[c].capitalize(),
            "Correct": f"{k} / {n}",
            score: round(float(r), 3),
            "Question": q,
        }
        for id, c, k, n, r, q in zip(
            ids,
            classes[at],
            e.n_correct[at],
            e.n[at],
            e.phi_r[at],
            store.problems.questions(state.database(), ids),
        )
    ]
    total = st.session_state["picked"]["total"]
    st.subheader(
        f"{total:,} selected" + (f", {len(rows):,} of them shown" if total > len(rows) else "")
    )
    row = widgets.chosen_row(rows, key="picked_table", about=(chosen.run_id, chosen.number, ids))
    if row is not None or len(rows) == 1:
        response_table(chosen, problem_id=rows[row or 0]["Problem"])
