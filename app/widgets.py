"""Pieces that more than one page shows. Each owns its widget keys."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NoReturn

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import charts, inert, state
from engine import store
from engine.jobs.kinds import AFTER
from engine.jobs.pace import Pace, said
from engine.method.seeds import stable_hash
from engine.paths import ROOT
from engine.store.jobs import Job
from engine.study.handle import Iteration
from engine.types import JobKind, JobState

PAGES = {
    "home.py": ("Home", ":material/home:"),
    "run.py": ("This run", ":material/route:"),
    "new_study.py": ("New study", ":material/add_circle:"),
    "data.py": ("Data", ":material/upload_file:"),
    "difficulty.py": ("Difficulty", ":material/scatter_plot:"),
    "plan.py": ("Plan", ":material/assignment_turned_in:"),
    "responses.py": ("Responses", ":material/forum:"),
    "verdicts.py": ("Verdicts", ":material/gavel:"),
    "pairs.py": ("Pairs", ":material/compare_arrows:"),
    "training.py": ("Training", ":material/trending_up:"),
    "compare.py": ("Compare", ":material/leaderboard:"),
    "export.py": ("Export", ":material/download:"),
    "sql.py": ("SQL", ":material/database:"),
    "arena.py": ("Arena", ":material/stadium:"),
    "playground.py": ("Playground", ":material/science:"),
    "settings.py": ("Settings", ":material/settings:"),
    "glossary.py": ("Glossary", ":material/menu_book:"),
}
"""Title and icon by page file, in the order of the job; the last three are beside it."""

JOB_NAMES: dict[JobKind | str, str] = {
    JobKind.TUNE: "Tuning",
    JobKind.PRESAMPLE: "Pre-sampling",
    JobKind.CALIBRATE: "Calibration",
    JobKind.RESAMPLE: "Resampling",
    JobKind.TRAIN: "Training",
    JobKind.PICK: "Picking weights",
    JobKind.EVALUATE: "Evaluation",
}
STATE_ICONS = {
    JobState.QUEUED: ":material/schedule:",
    JobState.RUNNING: ":material/play_circle:",
    JobState.CANCELLING: ":material/stop_circle:",
    JobState.DONE: ":material/check_circle:",
    JobState.FAILED: ":material/error:",
    JobState.CANCELLED: ":material/cancel:",
    JobState.INTERRUPTED: ":material/power_off:",
}
FIELD, LONG_FIELD, PART = 150, 200, 300
"""Least widths, in pixels, of what stands side by side: a field or a figure, one with a label of
several words, a part of a page such as a table beside a chart.
"""


def columns(
    spans: int | Sequence[int],
    *,
    least: int,
    gap: Literal["small", "medium"] = "small",
    align: Literal["top", "bottom"] = "top",
) -> list[DeltaGenerator]:
    """Columns that go on in the next row where they would be narrower than they can be read.

    Args:
        spans: how many there are, or how many shares of the width each has.
        least: width in pixels below which a share is not divided any further.
        align: where the shorter ones stand.
    """
    shares = [1] * spans if isinstance(spans, int) else spans
    grid = st.grid(sum(shares), min_column_width=least, gap=gap, vertical_alignment=align)
    return [grid.cell(column_span=share) for share in shares]


def navigation(current: str) -> None:
    """Links to all pages in the sidebar; every one takes the run and the iteration along, so each
    can be sent or opened in a tab.
    """
    for page, (title, icon) in PAGES.items():
        if page == "playground.py":
            st.space("small")
        is_here = page == current and st.query_params
        st.page_link(
            ROOT / "pages" / page,
            label=title,
            icon=icon,
            query_params=st.query_params.to_dict() if is_here else state.address(page),
            width="stretch",
        )


def run_picker() -> None:
    """Choose the run and the iteration that every page shows."""
    chosen = state.selected()
    if chosen is None:
        return
    db = state.database()
    names = {row.id: f"{row.name} · {row.id}" for row in store.runs.listed(db)}
    st.session_state["picker_run"] = chosen.run_id
    st.selectbox(
        "Run",
        list(names),
        format_func=names.__getitem__,
        key="picker_run",
        on_change=_picked_run,
    )
    numbers = [row.number for row in store.runs.iterations(db, chosen.run_id)]
    st.session_state["picker_iteration"] = chosen.number
    st.selectbox(
        "Iteration",
        numbers,
        format_func=lambda t: f"{t}  (M{t} → M{t + 1})",
        key="picker_iteration",
        on_change=_picked_iteration,
    )


def _picked_run() -> None:
    run_id = st.session_state["picker_run"]
    state.select(run_id, store.runs.iterations(state.database(), run_id)[-1].number)


def _picked_iteration() -> None:
    state.select(state.kept("run"), st.session_state["picker_iteration"])


def title(job: Job) -> str:
    """A job in words: Pre-sampling, iteration 0."""
    if job.kind is JobKind.EVALUATE:
        return f"Evaluation of M{job.iteration + (job.params['policy'] == AFTER)}"
    name = JOB_NAMES.get(job.kind, f"Job of the unknown kind “{job.kind}”")
    return f"{name}, iteration {job.iteration}"


def progress(job: Job, pace: Pace | None) -> tuple[float, str]:
    """What is done of all that a running job does, from 0 to 1, and in words: counts, what is
    loaded or sampled, rate, time left.
    """
    if pace is None or pace.job_id != job.id:
        return 0.0, "beginning"
    return pace.share() or 0.0, said(pace, time.monotonic())


def size(n_bytes: float) -> str:
    """Bytes as a person reads them, in powers of 1,000."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"


def small_table(rows: Sequence[Mapping[str, str]]) -> None:
    """A table of a few rows of plain text, in the order of the first one's columns; at least one
    row. Drawn as one piece: st.table has the browser read every cell as a document of its own.
    """
    lines = [list(rows[0]), ["---"] * len(rows[0])]
    lines += [[inert.cell(text) for text in row.values()] for row in rows]
    st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def chosen_row(
    table: list[dict], *, key: str, about: object, first: int | None = None, **options
) -> int | None:
    """A table one row of which can be chosen, by any of its cells: the row's number, or None. A
    table about something else forgets the choice.

    Args:
        first: the row that is chosen before anybody chose one.
    """
    name = f"{key}_{stable_hash(about):x}"
    if first is not None and name not in st.session_state:
        st.session_state[name] = {"selection": {"rows": [first], "columns": [], "cells": []}}
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        key=name,
        **options,
    )
    clicked = [row for row, _ in event["selection"]["cells"]]
    rows = [row for row in (*clicked, *event["selection"]["rows"]) if row < len(table)]
    return rows[0] if rows else None


def need_run() -> Iteration:
    """The selection, or an empty state that says what to do first."""
    chosen = state.selected()
    if chosen is None:
        nothing_yet("There is no run yet. Start one on the Home page.", "home.py")
    return chosen


def nothing_yet(why: str, page: str) -> NoReturn:
    """An empty state: why there is nothing to see, and a link to the page file where that changes.
    Ends the page.
    """
    st.info(why, icon=":material/info:")
    link(page, f"Go to {page_title(page)}")
    st.stop()


def link(page: str, label: str, **about: str | None) -> None:
    """A link to a page file that takes the selection along. about: see state.address."""
    _, icon = PAGES[page]
    st.page_link(
        ROOT / "pages" / page, label=label, icon=icon, query_params=state.address(page, **about)
    )


def page_title(page: str) -> str:
    return PAGES[page][0]


def folded(label: str, *, key: str, **options: Any) -> Any:
    """An expander whose label may change while it is open: it stays as a person has it. Streamlit
    takes one with another label for another one, and closes it.
    """
    st.session_state[key] = st.session_state.get(key, False)
    return st.expander(label, key=key, on_change="rerun", **options)


def chart_config() -> dict:
    """How a figure is shown and saved in this tab."""
    return charts.config(state.kept("chart_format", charts.FORMATS[0]))


def chart(
    figure: go.Figure,
    table: list[dict],
    *,
    alt: str,
    key: str,
    on_click: Callable[[list[int]], None] | None = None,
) -> None:
    """A figure, and the same numbers as a table one click away, which the browser gets when it is
    opened.

    Args:
        on_click: told which points of a scatter are selected; None where nothing can be.
    """
    selected = lambda: [p["point_index"] for p in st.session_state[key]["selection"]["points"]]
    choosing = {
        "on_select": lambda: on_click(selected()) if on_click else None,
        "selection_mode": "points",
    }
    options = choosing if on_click else {}
    st.plotly_chart(figure, key=key, config=chart_config(), alt=alt, **options)
    with st.expander(
        f"Table: {inert.markdown(alt)}", type="compact", key=f"{key}_open", on_change="rerun"
    ) as opened:
        if opened.open:
            st.dataframe(table, hide_index=True, key=f"{key}_table", alt=alt)
