"""How held-out problems moved between classes from one policy to the next, and the problems behind
each cell.
"""

import numpy as np
import streamlit as st

from app import charts, state, tags, widgets
from engine import store
from engine.figures.evaluation import Evaluation
from engine.figures.siblings import run_policies
from engine.method.difficulty import classify
from engine.method.flows import flows
from engine.types import Difficulty

CLASSES = ["All right", "Mixed", "None right"]
CELL = "flows_cell"
"""Widget key of the field that names a cell."""


def held_out_flows(before: Evaluation, after: Evaluation) -> None:
    """Classes by accuracy alone, from the same n responses per problem under each policy; a cell
    opens its problems.
    """
    was, now = _classes(before), _classes(after)
    counts = flows(was, now)
    figure = charts.flows(counts, CLASSES, f"M{before.number}", f"M{after.number}")
    to = [f"{name}, M{after.number}" for name in CLASSES]
    table = [
        {f"M{before.number}": name, **dict(zip(to, row))}
        for name, row in zip(CLASSES, counts.tolist())
    ]
    widgets.chart(
        figure,
        table,
        alt="Flows between classes",
        key="flows",
        on_click=lambda points: _clicked(points, counts),
    )
    st.caption(f"Held-out problems by how many of {before.n} sampled responses are right.")
    cell = _cell(counts)
    if cell is not None:
        row, column = divmod(cell, len(CLASSES))
        ids = [id for id in was if id in now and (was[id], now[id]) == (row, column)]
        _problems(ids, before, after)


def _classes(e: Evaluation) -> dict[str, Difficulty]:
    n_correct = np.rint(e.pass_rate * e.n).astype(int)
    classes = classify(n_correct, e.n, None, tau_l=0, tau_h=1, mode="accuracy").tolist()
    return {id: Difficulty(c) for id, c in zip(e.problem_ids.tolist(), classes)}


def _clicked(points: list[int], counts: np.ndarray) -> None:
    filled = [point for point in points if counts.ravel()[point]]
    if filled:
        st.session_state[CELL] = filled[0]


def _cell(counts: np.ndarray) -> int | None:
    """The cell whose problems are looked at, row by row from 0; None for none."""
    n, filled = counts.ravel(), [int(cell) for cell in np.nonzero(counts.ravel())[0]]
    name = lambda cell: (
        f"{CLASSES[cell // 3]} → {CLASSES[cell % 3]}: {n[cell]:,}"
        f" {'problem' if n[cell] == 1 else 'problems'}"
    )
    if st.session_state.get(CELL) not in filled:
        st.session_state[CELL] = None
    return st.selectbox(
        "Problems behind a cell",
        filled,
        format_func=name,
        key=CELL,
        placeholder="Click a cell, or choose one here",
    )


def _problems(ids: list[str], before: Evaluation, after: Evaluation) -> None:
    """The list, and the way to the responses of the one that is chosen."""
    questions = store.problems.questions(state.database(), ids)
    right = {f"M{e.number}": _right(e) for e in (before, after)}
    rows = [
        {"Problem": id, **{name: said[id] for name, said in right.items()}, "Question": question}
        | tagged
        for id, question, tagged in zip(ids, questions, tags.cells(state.kept("run", ""), ids))
    ]
    row = widgets.chosen_row(rows, key="flows_problems", about=tuple(ids))
    id = ids[row or 0]
    policies = run_policies(state.database(), state.kept("run", ""))
    names = {(of.number, of.policy_id): name for name, of in policies.items()}
    with st.container(horizontal=True):
        for e in (after, before):
            widgets.link(
                "responses.py",
                f"Responses of M{e.number} to {id}",
                problem=id,
                phase="evaluate",
                policy=names[e.number, e.policy_id][1:],
            )


def _right(e: Evaluation) -> dict[str, str]:
    """How many of a problem's responses are right, in words, by problem."""
    n_correct = np.rint(e.pass_rate * e.n).astype(int).tolist()
    return {id: f"{k} / {e.n}" for id, k in zip(e.problem_ids.tolist(), n_correct)}
