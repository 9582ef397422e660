"""The table of all runs: sorted by any column in the browser, filtered here."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, unquote

import streamlit as st

from app import inert, state, widgets
from app.look import entry, joined, listed
from engine.figures.board import BoardRow, board
from engine.method.intervals import Interval
from engine.method.seeds import stable_hash
from engine.types import JobState
from engine.walk import Phase

WAITS = {
    Phase.TUNE: "waits for its tuning",
    Phase.PRESAMPLE: "waits for its pre-samples",
    Phase.COMMIT: "waits for thresholds",
    Phase.RESAMPLE: "waits for its resamples",
    Phase.TRAIN: "waits for its training",
    Phase.NEXT: "waits for the next iteration",
    None: "done",
}
STOPPED = (JobState.FAILED, JobState.INTERRUPTED, JobState.CANCELLED)
RUNS, QUEUED, NEEDS_YOU, DONE = "Running", "Queued", "Waits for you", "Done"
GROUPS = (RUNS, QUEUED, NEEDS_YOU, DONE)
"""What the states are filtered by."""
HEIGHT = 420


def chosen_rows() -> list[BoardRow]:
    """Draw filters and table. Returns: the selected runs."""
    shown = _filtered([_paced(row) for row in board(state.database())])
    if not shown:
        st.info("No run fits. Take a filter away.", icon=":material/filter_alt_off:")
        return []
    event = st.dataframe(
        [_cells(row) for row in shown],
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"board_{stable_hash(*(row.run_id for row in shown)):x}",
        column_config=_columns(),
        placeholder="",
        height=HEIGHT if len(shown) > 10 else "auto",
        alt="Runs, the newest first; select one to open it, several to compare them",
    )
    return [shown[n] for n in event["selection"]["rows"] if n < len(shown)]


def _paced(row: BoardRow) -> BoardRow:
    """With the share of all that its running job does, where only the responses are stored."""
    pace = state.runner().pace
    is_running = row.state in (JobState.RUNNING, JobState.CANCELLING)
    return replace(row, share_done=pace.share()) if pace and is_running else row


def group_of(row: BoardRow) -> str:
    """Which of GROUPS a run is in."""
    if row.state in (JobState.RUNNING, JobState.CANCELLING):
        return RUNS
    if row.state == JobState.QUEUED:
        return QUEUED
    if row.state in STOPPED or row.trouble:
        return NEEDS_YOU
    return DONE if row.waits_for is None else NEEDS_YOU


def state_of(row: BoardRow) -> str:
    """What a run does or waits for."""
    kind = row.kind or ""
    job = next((name for known, name in widgets.JOB_NAMES.items() if known == kind), kind)
    if row.state in (JobState.RUNNING, JobState.CANCELLING):
        share = f" {row.share_done:.0%}" if row.share_done is not None else ""
        return f"{job}{share}"
    if row.state == JobState.QUEUED:
        return f"queued: {job}"
    if row.state in STOPPED:
        return f"{job} {row.state}"
    return "could not go on" if row.trouble else WAITS[row.waits_for]


def _filtered(rows: list[BoardRow]) -> list[BoardRow]:
    tags = sorted({tag for row in rows for tag in row.labels.tags})
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    said = state.said(state.BOARD)
    text = bar.text_input(
        "Find",
        placeholder="name, method, policy, note",
        width=220,
        **entry("find", said.get("find", ""), str.strip),
    )
    asked = [group for group in GROUPS if group in listed(said.get("states", ""))]
    states = bar.pills("State", GROUPS, selection_mode="multi", **entry("states", asked, joined))
    asked = [tag for tag in tags if tag in map(unquote, listed(said.get("tags", "")))]
    wanted = []
    if tags:
        read = lambda chosen: joined([quote(tag) for tag in chosen])
        wanted = bar.pills(
            "Tags",
            tags,
            format_func=inert.markdown,
            selection_mode="multi",
            **entry("tags", asked, read),
        )
    n_away = sum(row.labels.archived_at is not None for row in rows)
    away = False
    if n_away:
        read = lambda on: "yes" if on else None
        is_on = said.get("archive") == "yes"
        away = bar.toggle(f"Archive ({n_away})", **entry("archive", is_on, read))
    return [
        row
        for row in rows
        if (row.labels.archived_at is not None) == away
        and (text or "").strip().lower() in _text(row).lower()
        and (not states or group_of(row) in states)
        and set(wanted) <= set(row.labels.tags)
    ]


def _text(row: BoardRow) -> str:
    parts = (row.name, row.strategy, row.training, row.policy, row.labels.note, *row.labels.tags)
    return " ".join(parts)


def _cells(row: BoardRow) -> dict[str, str | int | float | list[str] | datetime | None]:
    first, last = row.accuracy or (None, None)
    return {
        "Name": row.name,
        "State": state_of(row),
        "Method": row.strategy + ("" if row.training == "none" else f", {row.training}"),
        "Iteration": f"{row.iteration + 1} of {row.n_iterations}",
        "M0": None if first is None else 100 * first,
        "Mk": None if last is None else 100 * last,
        "k": row.last,
        "Gain": None if row.gain is None else 100 * row.gain.value,
        "95 %": _ends(row.gain),
        "Pairs": row.n_pairs,
        "Budget": min(row.n_drawn / row.budget, 1.0) if row.budget else None,
        "Responses": row.n_drawn,
        "Policy": row.policy,
        "Device": row.device_s / 60,
        "Started (UTC)": row.started,
        "Tags": list(row.labels.tags),
        "Note": row.labels.note,
    }


def _ends(gain: Interval | None) -> str:
    return "" if gain is None else f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}"


def _columns() -> dict:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    accuracy = "Mean of the sampled responses to the held-out problems, in percent."
    return {
        "Name": text(pinned=True, width="medium"),
        "Budget": st.column_config.ProgressColumn(
            min_value=0, max_value=1, format="percent", help="Responses drawn, of N n per iteration"
        ),
        "Responses": number(format="localized"),
        "Pairs": number(format="localized"),
        "M0": number(format="%.1f", help=accuracy),
        "Mk": number(format="%.1f", help=f"The last policy. {accuracy}"),
        "k": number(help="Of the last policy M_k that was trained"),
        "Gain": number(format="%+.1f", help="Paired, in points: the last policy minus M0"),
        "95 %": text(
            help="Interval of the gain over problems, by the normal distribution. Compare has the"
            " one that resamples problems."
        ),
        "Device": number(format="%.1f min", help="Minutes that its jobs took"),
        "Started (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        "Tags": st.column_config.ListColumn(),
    }
