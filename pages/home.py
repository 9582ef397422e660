"""Where does this study stand, and what is next?"""

from pathlib import Path
from typing import Literal

import streamlit as st

from app import job_banner, small_lm, state, widgets
from app.data import start_run
from app.difficulty import columns
from engine import store
from engine.config import load_config
from engine.errors import EngineError
from engine.paths import STARTER
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.walk import Phase, Progress, job_of, next_phase

STARTER_CONFIG = STARTER / "default.toml"
STEPS = (
    (
        Phase.PRESAMPLE,
        "Pre-sample",
        "difficulty.py",
        "A few responses per problem, graded and scored step by step.",
    ),
    (
        Phase.COMMIT,
        "Tune and commit",
        "difficulty.py",
        "Drag the thresholds to where the boundary lies, then bind the budget.",
    ),
    (
        Phase.RESAMPLE,
        "Resample",
        "responses.py",
        "The rest of the budget goes to the Boundary problems.",
    ),
    (
        Phase.TRAIN,
        "Pair and train",
        "training.py",
        "Right against plausible wrong responses, then DPO.",
    ),
    (
        Phase.NEXT,
        "Compare",
        "compare.py",
        "Before and after on held-out problems; then the next iteration.",
    ),
)

CARD = 147  # pixels: beside the sidebar, five fit in a window of 1280, two in one of 800


def start(config_path: Path) -> None:
    """Begin a run from a file and stay here, where its steps are shown."""
    try:
        config = load_config(config_path)
    except EngineError as error:
        start_run.refuse(error)
        return
    if start_run.begin(config):
        st.rerun()


def welcome() -> None:
    st.title("HS-STaR Studio")
    st.markdown(
        "Find the problems at the edge of what your model can do, spend the sampling budget there,"
        " and train on what it shows."
    )
    st.write("")
    try_it("primary")
    st.caption(
        "400 word problems, a small policy and a process reward model ship with the program. No"
        " GPU, no download."
    )


def try_it(kind: Literal["primary", "secondary"]) -> None:
    if st.button("Try it on the starter models", type=kind, icon=":material/play_arrow:"):
        start(STARTER_CONFIG)
    if configuration := small_lm.offer():
        start(configuration)
    with st.expander("Start a run of your own"):
        path = st.text_input(
            "Configuration file (TOML)",
            placeholder=str(STARTER_CONFIG),
            help="data/starter/default.toml is one to copy.",
        )
        if st.button("Create the run and pre-sample") and path.strip():
            start(Path(path.strip()).expanduser())


def journey(chosen: Iteration, progress: Progress) -> None:
    """The five steps of the iteration, the one it waits for marked."""
    waiting = next_phase(progress)
    next_step = Phase.PRESAMPLE if waiting is Phase.TUNE else waiting
    order = [phase for phase, *_ in STEPS]
    cards = st.grid(len(STEPS), min_column_width=CARD, border=True)
    for phase, name, page, what in STEPS:
        with cards.cell():
            done = order.index(phase) < order.index(next_step)
            mark = (
                ":material/check_circle:"
                if done
                else ":material/arrow_circle_right:"
                if phase == next_step
                else ":material/circle:"
            )
            st.markdown(
                f"{mark} **{name}**" + ("  \n:blue-badge[next]" if phase == next_step else "")
            )
            st.caption(what)
            widgets.link(page, widgets.page_title(page))
    kind = job_of(waiting)
    if kind and waiting is not Phase.TRAIN and not store.jobs.find_same(chosen, kind):
        st.button(
            widgets.JOB_NAMES[kind],
            type="primary",
            on_click=state.submit,
            args=[chosen, kind],
        )


@st.fragment(run_every=2)
def job_table(chosen: Iteration) -> None:
    jobs = store.jobs.of_run(state.database(), chosen.run_id, chosen.number)
    if not jobs:
        return
    st.subheader("Jobs of this iteration")
    st.dataframe(
        [
            {
                "Job": widgets.title(j),
                "State": j.state,
                "Done": j.n_done,
                "Of": j.n_total,
                "Seconds": round(j.busy_s, 1),
                "Attempt": j.attempt,
                "Said": j.sentence or "",
            }
            for j in jobs
        ],
        hide_index=True,
    )
    for job in [job for job in jobs if job.is_resumable]:
        st.button(
            f"Resume: {widgets.title(job)}",
            key=f"again_{job.id}",
            on_click=state.runner().resume,
            args=[job.id],
        )
    with st.expander("Log of a job", key="job_log", on_change="rerun") as opened:
        if opened.open:
            names = {job.id: f"{widgets.title(job)}, {job.state}" for job in reversed(jobs)}
            job_banner.log(
                store.jobs.get(
                    state.database(),
                    st.selectbox("Job", list(names), format_func=names.__getitem__, key="log_of"),
                )
            )


def run_table(chosen: Iteration) -> None:
    rows = store.runs.listed(state.database())
    st.subheader("Runs")
    row = widgets.chosen_row(
        [
            {
                "Run": r.id,
                "Name": r.name,
                "Seed": r.seed,
                "Iterations": r.n_iterations,
                "Started (UTC)": r.created_at,
                "Forked from": r.parent_id or "",
            }
            for r in rows
        ],
        key="runs_table",
        about=chosen.run_id,
        alt="Runs, the newest first; choose one to open it",
    )
    if row is not None and rows[row].id != chosen.run_id:
        state.select(rows[row].id, rows[row].n_iterations - 1)
        st.rerun()


chosen = state.selected()
if chosen is None:
    welcome()
else:
    st.title(chosen.config.name)
    st.caption(
        f"Run {chosen.run_id} · iteration {chosen.number} · seed {chosen.config.seed} · sampler"
        f" {chosen.config.sampling.sampler}"
    )
    now = progress(chosen)
    journey(chosen, now)
    job_table(chosen)
    run_table(chosen)
    try_it("secondary")
    if now.presampled:
        columns.read_ahead(chosen)
