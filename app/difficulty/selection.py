"""The problems that are selected, on the plot or by a condition: their table, and the responses
behind the one that is opened.
"""

import hashlib

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state, tags, widgets
from app.components.difficulty_plot import Selection
from app.data.recorded import score_name
from app.difficulty import choice, columns, decisions
from app.response_card import response_table
from app.where import PROBLEMS, where
from engine import store
from engine.method.conditions import Condition, named
from engine.method.reach import rate_in_words
from engine.store.problem_columns import COLUMNS
from engine.store.samples import Estimates
from engine.study import plans
from engine.study.fitting import fitting
from engine.study.handle import Iteration
from engine.types import Difficulty

TABLE_ROWS = 500


def pick(chosen: Iteration, selected: Selection, e: Estimates) -> None:
    """Keep what the plot says is picked, as problem ids, in place of what a condition selects."""
    state.keep(**{PROBLEMS: None})
    ids = [str(e.problem_ids[row]) for row in selected.rows]
    st.session_state["picked"] = {
        "of": chosen.key,
        "ids": ids,
        "rows": list(selected.rows),
        "total": selected.total,
    }


def picked_rows(chosen: Iteration, e: Estimates) -> list[int]:
    """Rows of the problems that are picked in this iteration; an id whose row is another one since
    more problems are finished is looked up.
    """
    picked, n = st.session_state.get("picked"), len(e.problem_ids)
    if picked is None or picked["of"] != chosen.key:
        return []
    if any(row >= n or e.problem_ids[row] != id for id, row in zip(picked["ids"], picked["rows"])):
        row_of = {id: row for row, id in enumerate(e.problem_ids.tolist())}
        picked["ids"] = [id for id in picked["ids"] if id in row_of]
        picked["rows"] = [row_of[id] for id in picked["ids"]]
    return picked["rows"]


def by_condition(
    chosen: Iteration, e: Estimates, classes: np.ndarray, at: DeltaGenerator
) -> list[int] | None:
    """Draw the field in which a condition selects. Returns: rows of the problems that fit, in place
    of what is picked on the plot; None without a condition.
    """
    asked = where(at, PROBLEMS, COLUMNS).condition
    if asked is None:
        return None
    commit = store.commits.find(chosen)
    depends = named(asked) & {"class"} and commit is None
    about = (
        columns.stored(chosen),
        commit and commit.made_at,
        hashlib.blake2b(classes.tobytes()).hexdigest() if depends else "",
    )
    return _fitting(chosen.run_id, chosen.number, repr(asked), about, asked, e, classes)


@st.cache_resource(show_spinner=False, max_entries=8)
def _fitting(
    run_id: str,
    number: int,
    condition: str,
    about: tuple,
    _asked: Condition,
    _e: Estimates,
    _classes: np.ndarray,
) -> list[int]:
    """Kept until what is asked or stored is another: of a million problems it takes seconds."""
    return fitting(Iteration(state.database(), run_id, number), _asked, _e, _classes)


def selection(
    chosen: Iteration,
    e: Estimates,
    classes: np.ndarray,
    fit: list[int] | None,
    *,
    locked: bool,
) -> None:
    """What is selected: what can be done with it, and its table; nothing where nothing is.

    Args:
        fit: rows that a condition selects; None for those that are picked on the plot.
    """
    rows = picked_rows(chosen, e) if fit is None else fit
    if not rows:
        if fit is not None:
            st.info("No problem fits that condition.", icon=":material/filter_alt_off:")
        return
    total = len(rows) if fit is not None else st.session_state["picked"]["total"]
    at = sample(rows, TABLE_ROWS)
    shown = f", {len(at):,} of them shown" if total > len(at) else ""
    st.subheader(f"{total:,} selected{shown}")
    decisions.actions(chosen, e.problem_ids[rows].tolist(), total, locked=locked)
    _table(chosen, e, classes, at)


def of_plan(chosen: Iteration, *, locked: bool) -> None:
    """The problems of a plan: all of them once it is committed, or those that fit a condition with
    what can be done with them. Nothing before the first problem is finished.
    """
    e, _ = columns.columns(chosen.run_id, chosen.number, columns.stored(chosen))
    if not len(e.problem_ids):
        return
    now = choice.current(chosen, store.commits.find(chosen), choice.last_commit(chosen))
    classes = plans.classes(chosen, e, now)
    st.subheader("Problems")
    fit = by_condition(chosen, e, classes, st.container())
    if fit is not None:
        selection(chosen, e, classes, fit, locked=locked)
    elif locked:
        _all_of_them(chosen, e, classes)


def _all_of_them(chosen: Iteration, e: Estimates, classes: np.ndarray) -> None:
    """The problems of a committed plan, drawn when somebody opens them."""
    with widgets.folded(f"All {len(e.problem_ids):,} of them", key="plan_problems") as opened:
        if opened.open:
            at = sample(list(range(len(e.problem_ids))), TABLE_ROWS)
            if len(at) < len(e.problem_ids):
                st.caption(f"{len(at):,} of {len(e.problem_ids):,} are shown, at even distances.")
            _table(chosen, e, classes, at)


def sample(rows: list[int], most: int) -> list[int]:
    """All of a few rows; of many as many as that, at even distances."""
    if len(rows) <= most:
        return rows
    return [rows[i] for i in np.linspace(0, len(rows) - 1, most).astype(int)]


def _table(chosen: Iteration, e: Estimates, classes: np.ndarray, at: list[int]) -> None:
    """After a commit with what it gave."""
    ids = e.problem_ids[at].tolist()
    given = store.commits.allocated(chosen, ids)
    score = score_name(chosen.config).capitalize() or "Score"
    columns = (classes[at], e.n_correct[at], e.n[at], e.phi_r[at])
    estimated = zip(ids, *(column.tolist() for column in columns))
    rows = [
        {
            "Problem": id,
            "Class": Difficulty(given[id].difficulty if id in given else c).name.capitalize(),
            **({"More": given[id].n_more if id in given else None} if given else {}),
            "Correct": f"{k} / {n}",
            "Pass rate": rate_in_words(k, n),
            score: round(r, 3),
            "Question": q,
            **tagged,
        }
        for (id, c, k, n, r), q, tagged in zip(
            estimated,
            store.problems.questions(state.database(), ids),
            tags.cells(chosen.run_id, ids),
            strict=True,
        )
    ]
    row = widgets.chosen_row(
        rows,
        key="picked_table",
        about=(chosen.run_id, chosen.number, ids),
        column_config={"More": st.column_config.NumberColumn(help="Further responses of the plan")},
    )
    if row is not None or len(rows) == 1:
        response_table(chosen, problem_id=ids[row or 0])
