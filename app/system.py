"""What the machine is at, on every page: looked at only while the panel is open."""

from collections.abc import Callable

import streamlit as st

from app import state, widgets
from engine import store
from engine.doctor.storage import n_free
from engine.jobs.pace import Pace
from engine.models.load import Load, load_now
from engine.store.jobs import Job
from engine.store.loads import LoadRow

LOOK_S = 3
LEAST = 110
"""Width in pixels of one figure."""


def panel() -> None:
    """Collapsed until a person opens it."""
    with st.expander(
        "System", icon=":material/monitor_heart:", key="system", on_change="rerun", type="compact"
    ) as opened:
        if opened.open:
            st.fragment(_system, run_every=LOOK_S)()


def _system() -> None:
    db, pace, load = state.database(), state.runner().pace, load_now()
    job_id = pace.job_id if pace else store.loads.latest_job(db)
    job = store.jobs.find(db, job_id) if job_id else None
    history = store.loads.of_job(db, job.id) if job else []
    figures = _figures(load, pace)
    for place, (name, value, past) in zip(widgets.columns(2, least=LEAST) * len(figures), figures):
        points = [y for row in history if (y := past(row)) is not None]
        place.metric(name, value, chart_data=points if len(points) > 1 else None, chart_type="area")
    st.caption(f"{widgets.size(n_free(db))} free on the database's disk")
    st.caption(_about(job, len(history), is_running=pace is not None))


def _figures(
    load: Load, pace: Pace | None
) -> list[tuple[str, str, Callable[[LoadRow], float | None]]]:
    """Name, value now, and the same of an earlier look."""
    figures: list[tuple[str, str, Callable[[LoadRow], float | None]]] = [
        ("CPU, all cores", f"{load.cpu:.0%}", lambda row: round(100 * row.cpu, 1)),
        (
            f"Memory of {widgets.size(load.memory_total)}",
            widgets.size(load.memory_used),
            lambda row: round(row.memory_used / 1e9, 2),
        ),
    ]
    if load.gpus:
        total = sum(gpu.total or 0 for gpu in load.gpus)
        figures += [
            (
                "GPU" if len(load.gpus) == 1 else f"{len(load.gpus)} GPUs, mean",
                "unknown" if load.gpu is None else f"{load.gpu:.0%}",
                lambda row: None if row.gpu is None else round(100 * row.gpu, 1),
            ),
            (
                f"GPU memory of {widgets.size(total)}" if total else "GPU memory",
                "unknown" if load.gpu_used is None else widgets.size(load.gpu_used),
                lambda row: None if row.gpu_used is None else round(row.gpu_used / 1e9, 2),
            ),
        ]
    rate = pace.tokens_per_s() if pace else None
    running = pace.in_flight.n_responses if pace and pace.in_flight else None
    return [
        *figures,
        ("Tokens/s", "–" if rate is None else f"{rate:,.0f}", lambda row: row.tokens_per_s),
        ("In flight", "–" if running is None else f"{running:,}", lambda row: row.n_running),
    ]


def _about(job: Job | None, n_rows: int, *, is_running: bool) -> str:
    if job is None or not n_rows:
        return "Lines appear while a job runs: a look every 10 s is stored."
    when = "now" if is_running else "the last job that was looked at"
    return f"Lines: {widgets.title(job)}, {when}; {n_rows:,} looks, the older the fewer."
