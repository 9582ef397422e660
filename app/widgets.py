"""Pieces that more than one page shows. Each owns its widget keys."""

from datetime import UTC, datetime

import streamlit as st

from app import state
from engine.method.seeds import stable_hash
from engine.store import job_rows, reads

JOB_NAMES = {
    "presample": "Pre-sampling",
    "resample": "Resampling",
    "train": "Training",
    "evaluate": "Evaluation",
}
STATE_ICONS = {
    "queued": ":material/schedule:",
    "running": ":material/play_circle:",
    "cancelling": ":material/stop_circle:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
    "interrupted": ":material/power_off:",
}


def run_picker() -> None:
    """Choose the run and the iteration that every page shows."""
    chosen = state.selected()
    if chosen is None:
        return
    db = state.store()
    names = {row["id"]: f"{row['name']} · {row['id']}" for row in reads.runs(db)}
    st.session_state["picker_run"] = chosen.run_id
    st.selectbox("Run", list(names), format_func=names.get, key="picker_run", on_change=_picked_run)
    numbers = [row["iteration"] for row in reads.iterations(db, chosen.run_id)]
    st.session_state["picker_iteration"] = chosen.iteration
    st.selectbox(
        "Iteration", numbers, format_func=lambda t: f"{t}  (M{t} → M{t + 1})", key="picker_iteration", on_change=_picked_iteration
    )


def _picked_run() -> None:
    run_id = st.session_state["picker_run"]
    state.select(run_id, reads.iterations(state.store(), run_id)[-1]["iteration"])


def _picked_iteration() -> None:
    state.select(state.kept("run"), st.session_state["picker_iteration"])


@st.fragment(run_every=2)
def job_banner() -> None:
    """What runs now, on every page: progress, rate, time left, cancel; resume where a job stopped."""
    db, runner = state.store(), state.runner()
    unfinished = job_rows.unfinished(db)
    newest = job_rows.newest(db)
    _rerun_on_change(db, newest)
    if runner.trouble:
        st.error(runner.trouble, icon=":material/error:")
    active = [job for job in unfinished if job["state"] != "queued"]
    queued = [job for job in unfinished if job["state"] == "queued"]
    for job in active:
        _running(job, len(queued))
    if queued and not active:
        _waiting(queued, runner)
    stopped = job_rows.of_run(db, state.kept("run", ""))
    for job in [job for job in stopped if job["state"] in job_rows.RESUMABLE][-1:]:
        if not any(other["kind"] == job["kind"] and other["number"] > job["number"] for other in stopped):
            _stopped(job, runner)


def _rerun_on_change(db, newest: dict | None) -> None:
    """When a job starts or ends, in this tab or another, the page around the banner is drawn again."""
    seen = (newest["id"], newest["state"]) if newest else None
    before = st.session_state.get("seen_job", seen)
    st.session_state["seen_job"] = seen
    if before == seen:
        return
    if newest["state"] == "done":
        st.toast(f"{JOB_NAMES[newest['kind']]} is done.", icon=":material/check_circle:")
    st.rerun()


def _running(job: dict, n_queued: int) -> None:
    with st.container(border=True):
        text, button = st.columns([8, 1], vertical_alignment="center")
        share = job["n_done"] / job["n_total"] if job["n_total"] else 0.0
        more = f" · {n_queued} more queued" if n_queued else ""
        text.progress(min(share, 1.0), text=f"**{title(job)}** · {pace(job)}{more}")
        stopping = job["state"] == "cancelling"
        button.button(
            "Stopping" if stopping else "Stop" if job["kind"] == "train" else "Cancel",
            key=f"cancel_{job['id']}",
            on_click=state.runner().cancel,
            args=[job["id"]],
            width="stretch",
        )


def _waiting(queued: list[dict], runner) -> None:
    with st.container(border=True):
        text, button = st.columns([8, 1], vertical_alignment="center")
        text.markdown(f":material/schedule: **{title(queued[0])}** is queued" + (f" and {len(queued) - 1} more" if len(queued) > 1 else ""))
        if runner.paused:
            button.button("Continue", key="continue_queue", on_click=runner.continue_queue, width="stretch")


def _stopped(job: dict, runner) -> None:
    with st.container(border=True):
        text, button = st.columns([8, 1], vertical_alignment="center")
        progress = f" at {job['n_done']:,} of {job['n_total']:,} {job['unit']}" if job["n_total"] else ""
        text.markdown(f"{STATE_ICONS[job['state']]} **{title(job)}** was {job['state']}{progress}.")
        if job["error"]:
            text.text(job["error"])
        button.button("Resume", key=f"resume_{job['id']}", on_click=runner.resume, args=[job["id"]], width="stretch", type="primary")


def title(job: dict) -> str:
    """A job in words: Pre-sampling, iteration 0."""
    if job["kind"] == "evaluate":
        return f"Evaluation of M{job['iteration'] + (job['params']['policy'] == 'after')}"
    return f"{JOB_NAMES[job['kind']]}, iteration {job['iteration']}"


def pace(job: dict) -> str:
    """Done / total, rate and time left of a running job."""
    if not job["n_total"]:
        return "loading the model"
    done = f"{job['n_done']:,} of {job['n_total']:,} {job['unit']}"
    elapsed = (datetime.now(UTC).replace(tzinfo=None) - job["started_at"]).total_seconds()
    fresh = job["n_done"] - job["n_before"]
    if job["n_done"] >= job["n_total"]:
        return f"{done} · finishing the last batch"
    if fresh <= 0 or elapsed <= 0:
        return f"{done} · loading the model"
    rate = fresh / elapsed
    left = (job["n_total"] - job["n_done"]) / rate
    return f"{done} · {rate:.1f} {job['unit']}/s · {duration(left)} left"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def chosen_row(table: list[dict], *, key: str, about: object, **options) -> int | None:
    """A table one row of which can be chosen: the row's number, or None. A table about something else forgets the choice."""
    event = st.dataframe(
        table, hide_index=True, on_select="rerun", selection_mode="single-row", key=f"{key}_{stable_hash(about):x}", **options
    )
    rows = [row for row in event["selection"]["rows"] if row < len(table)]
    return rows[0] if rows else None


def need_run() -> state.Selected:
    """The selection, or an empty state that says what to do first."""
    chosen = state.selected()
    if chosen is None:
        st.info("There is no run yet. Start one on the Home page.", icon=":material/info:")
        st.page_link(state.ROOT / "pages" / "home.py", label="Go to Home", icon=":material/home:")
        st.stop()
    return chosen
