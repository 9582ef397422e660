"""The list of responses, a page at a time, and which of them is open: a click on any cell, or j and
k.
"""

import streamlit as st

from app import state, tags
from app.response_card import PHASES, VERDICTS
from engine import store
from engine.method.seeds import stable_hash
from engine.store.responses import Filter, ListedResponse
from engine.study.handle import Iteration

PAGE_ROWS = 200


def listed(chosen: Iteration, wanted: Filter, total: int) -> ListedResponse:
    """Draw the page of the list on which the open response stands. Returns: that response."""
    at = _open_row(total)
    number, n_pages = at // PAGE_ROWS, -(-total // PAGE_ROWS)
    rows = store.responses.page(chosen, wanted, limit=PAGE_ROWS, offset=number * PAGE_ROWS)
    _walk(at, total, number, n_pages)
    key = f"responses_{stable_hash((chosen.run_id, chosen.number, wanted, number)):x}"
    row = at - number * PAGE_ROWS
    if state.ROW in st.query_params and _selected(key, row) != row:
        st.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    tags_of_rows = tags.cells(chosen.run_id, [r.problem_id for r in rows])
    st.dataframe(
        [_cells(r) | tagged for r, tagged in zip(rows, tags_of_rows)],
        hide_index=True,
        on_select=lambda: _clicked(key, number),
        selection_mode=["single-row", "single-cell"],
        key=key,
        height=320,
        column_config={"Process reward": st.column_config.NumberColumn(format="%.3f")},
    )
    return rows[row]


def _open_row(total: int) -> int:
    """From 0; the first one where the address names none that is there."""
    asked = st.query_params.get(state.ROW, "")
    return int(asked) - 1 if asked.isdecimal() and 1 <= int(asked) <= total else 0


def _walk(at: int, total: int, number: int, n_pages: int) -> None:
    """How many there are, the keys, and the pages."""
    st.caption(f"{total:,} responses. Click any cell to read its row.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for label, key, to in (("Previous", "k", at - 1), ("Next", "j", at + 1)):
            st.button(
                label,
                key=f"walk_{key}",
                shortcut=key,
                disabled=not 0 <= to < total,
                on_click=_open,
                args=[to],
            )
        if n_pages > 1:
            st.session_state["responses_page"] = number + 1
            st.number_input(
                f"Page of {n_pages:,}",
                1,
                n_pages,
                key="responses_page",
                on_change=lambda: _open((st.session_state["responses_page"] - 1) * PAGE_ROWS),
                width=130,
            )


def _open(row: int) -> None:
    state.keep(**{state.ROW: row + 1})


def _clicked(key: str, number: int) -> None:
    before = st.query_params.get(state.ROW, "")
    current = int(before) - 1 - number * PAGE_ROWS if before.isdecimal() else None
    row = _selected(key, current)
    if row is not None:
        _open(number * PAGE_ROWS + row)


def _selected(key: str, current: int | None) -> int | None:
    """The row that is chosen by its cell or its box, the one that is new where both are; None for
    none.
    """
    selection = st.session_state.get(key, {}).get("selection", {})
    rows = [*(row for row, _ in selection.get("cells", ())), *selection.get("rows", ())]
    return next((row for row in rows if row != current), rows[0] if rows else None)


def _cells(r: ListedResponse) -> dict:
    return {
        "Problem": r.problem_id,
        "Phase": PHASES[r.phase],
        "Index": r.idx,
        "Verdict": VERDICTS[r.status],
        "Extracted": r.predicted or "",
        "Reference": r.answer,
        "Level": r.level or "",
        "Process reward": r.reward,
        "Tokens": r.n_tokens,
        "Question": r.question,
    }
