"""What runs now, on every page: progress, rate, time left, cancel; the queue, the log, and resume
where a job stopped.
"""

import streamlit as st

from app import inert, state, visitor, widgets
from app.streamlit_internals.notification import notify
from app.streamlit_internals.tab_title import tab_title
from engine import store
from engine.errors import EngineError
from engine.jobs.log import tail
from engine.store.jobs import Job
from engine.types import JobKind, JobState

ENDED = {
    JobState.DONE: ("is done", ":material/check_circle:"),
    JobState.FAILED: ("failed", ":material/error:"),
    JobState.CANCELLED: ("was cancelled", ":material/cancel:"),
    JobState.INTERRUPTED: ("was interrupted", ":material/power_off:"),
}
BUSY_S, IDLE_S = 2, 5
"""Between two looks at the jobs, while there is one and while there is none: every look makes the
browser draw.
"""
TITLE = "HS-STaR Studio"
LOG_LINES = 40
"""Shown without a scroll area of its own, which no key could reach."""
SEEN, HIDDEN, TOLD = "seen_jobs", "hidden_jobs", "told_jobs"
"""Session entries: unfinished jobs by id as last drawn in this tab; attempts whose stop a person
hid; what was said last of jobs that ended, which stays mounted: a page that is drawn again at once
would take it away before the browser has read it.
"""


def look() -> None:
    """Note what this tab has seen, and say which jobs have ended since: with a toast, and with a
    notification of the browser's where that is allowed. Call it before the page is drawn.
    """
    db = state.database()
    now = {job.id: job.state for job in store.jobs.unfinished(db)}
    texts = {}
    for job_id in st.session_state.get(SEEN, {}):
        job = store.jobs.find(db, job_id) if job_id not in now else None
        if job:
            what, icon = ENDED[job.state]
            texts[f"{job.id}-{job.attempt}"] = f"{widgets.title(job)} {what}."
            st.toast(f"{widgets.title(job)} {what}.", icon=icon, duration="long")
    if texts:
        st.session_state[TOLD] = texts
    if TOLD in st.session_state:
        with st.sidebar:
            notify(TITLE, st.session_state[TOLD])
    st.session_state[SEEN] = now


def title_of_tab() -> str:
    """With how far the running job is, for a tab in the background."""
    pace = state.runner().pace
    share = pace.share() if pace else None
    if pace is None or share is None:
        return TITLE
    job = store.jobs.find(state.database(), pace.job_id)
    return f"{share:.0%} {widgets.title(job)} · {TITLE}" if job else TITLE


def banner() -> None:
    """The jobs of this database; where one starts or ends, in this tab or another, the page around
    is drawn again. Call look() first.
    """
    st.fragment(_jobs, run_every=BUSY_S if st.session_state[SEEN] else IDLE_S)()


def _jobs() -> None:
    db, runner = state.database(), state.runner()
    unfinished = store.jobs.unfinished(db)
    if {job.id: job.state for job in unfinished} != st.session_state.get(SEEN):
        st.rerun()
    for trouble in filter(None, (runner.trouble, db.warning)):
        st.error(inert.markdown(trouble), icon=":material/error:")
    active = [job for job in unfinished if job.state is not JobState.QUEUED]
    queued = [job for job in unfinished if job.state is JobState.QUEUED]
    for job in active:
        _running(job, queued)
    if queued and not active:
        _waiting(queued)
    of_run = store.jobs.of_run(db, state.kept("run", ""))
    for job in [job for job in of_run if job.is_resumable][-1:]:
        is_followed = any(other.kind == job.kind and other.number > job.number for other in of_run)
        if not is_followed and (job.id, job.attempt) not in st.session_state.get(HIDDEN, ()):
            _stopped(job)


def _running(job: Job, queued: list[Job]) -> None:
    with st.container(border=True, key="job_banner"):
        share, text = widgets.progress(job, state.runner().pace)
        st.progress(share, text=f"**{widgets.title(job)}** · {text}")
        with st.container(horizontal=True, vertical_alignment="center"):
            is_training = job.kind is JobKind.TRAIN
            if job.state is JobState.CANCELLING:
                text = "Stop at once" if is_training else "Stopping"
            else:
                text = "Stop" if is_training else "Cancel"
            _act(
                text,
                ":material/stop_circle:",
                f"cancel_{job.id}",
                state.runner().cancel,
                job.id,
            )
            _log(job)
            _queue(queued)
            tab_title(title_of_tab())


def _waiting(queued: list[Job]) -> None:
    with st.container(border=True, key="job_banner"):
        held = "The queue is held" if state.runner().paused else "The queue waits for its turn"
        st.markdown(f":material/schedule: **{widgets.title(queued[0])}** is queued. {held}.")
        with st.container(horizontal=True, vertical_alignment="center"):
            if state.runner().paused:
                visitor.button(
                    st,
                    "Continue",
                    key="continue_queue",
                    icon=":material/play_arrow:",
                    type="primary",
                    on_click=state.runner().continue_queue,
                )
            _queue(queued)


def _stopped(job: Job) -> None:
    with st.container(border=True, key="stopped_banner"):
        progress = f" at {job.n_done:,} of {job.n_total:,} {job.unit}" if job.n_total else ""
        st.markdown(
            f"{widgets.STATE_ICONS[job.state]} **{widgets.title(job)}**"
            f" {ENDED[job.state][0]}{progress}."
        )
        if job.sentence:
            st.text(job.sentence)
        with st.container(horizontal=True, vertical_alignment="center"):
            visitor.button(
                st,
                "Resume",
                key=f"resume_{job.id}",
                icon=":material/play_arrow:",
                type="primary",
                on_click=state.runner().resume,
                args=[job.id],
            )
            _log(job)
            st.button(
                "Hide",
                icon=":material/visibility_off:",
                key=f"hide_{job.id}",
                on_click=_hide,
                args=[job],
            )


def _queue(queued: list[Job]) -> None:
    """The jobs that wait, in their order, each with a way out."""
    if not queued:
        return
    with st.popover(f"Queue: {len(queued)}", icon=":material/schedule:", key="queue"):
        for job in queued:
            st.markdown(f"{widgets.title(job)}  \n:gray[{_run_name(job)}]")
            with st.container(horizontal=True, vertical_alignment="center"):
                _places(job, queued)
                _act("Cancel", None, f"dequeue_{job.id}", state.runner().cancel, job.id)
        if len(queued) > 1:
            _act("Cancel all of them", None, "dequeue_all", _cancel_all, queued)


def _places(job: Job, queued: list[Job]) -> None:
    """Buttons that move a waiting job."""
    runner = state.runner()
    if job is not queued[0]:
        _act("First", None, f"first_{job.id}", runner.to_front, job.id)
        _act("Up", None, f"up_{job.id}", runner.move, job.id, -1)
    if job is not queued[-1]:
        _act("Down", None, f"down_{job.id}", runner.move, job.id, 1)


def _run_name(job: Job) -> str:
    run = store.runs.find(state.database(), job.run_id)
    return inert.markdown(run.name if run else job.run_id)


def _cancel_all(queued: list[Job]) -> None:
    for job in queued:
        state.runner().cancel(job.id)


def _log(job: Job) -> None:
    """The end of what the job said; read only while it is open."""
    with st.popover(
        "Log", icon=":material/article:", key=f"log_{job.id}", on_change="rerun"
    ) as opened:
        if opened.open:
            log(job)


def log(job: Job) -> None:
    """The last lines of a job's notes and of its children's output, as plain text."""
    st.code(
        tail(state.database(), job, n_lines=LOG_LINES) or "Nothing was said yet.",
        language=None,
        wrap_lines=True,
    )


def _act(label: str, icon: str | None, key: str, call, *arguments) -> None:
    visitor.button(st, label, icon=icon, key=key, on_click=_done, args=(call, *arguments))


def _done(call, *arguments) -> None:
    """What a button means, or why that is not possible any more: another tab may have been
    faster.
    """
    try:
        call(*arguments)
    except EngineError as error:
        st.toast(inert.markdown(str(error)), icon=":material/error:")


def _hide(job: Job) -> None:
    st.session_state.setdefault(HIDDEN, set()).add((job.id, job.attempt))
