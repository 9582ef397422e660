"""Where does this run stand, and what is next?"""

import streamlit as st

from app import inert, job_banner, state, visitor, widgets
from app.difficulty import columns
from app.labels import distinct
from app.watching import watching
from engine import store
from engine.config.backends import draws_itself
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.walk import Phase, Progress, job_of, next_phase

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

DRAWING = (
    *STEPS[:2],
    (
        Phase.TRAIN,
        "Draw and train",
        "training.py",
        "The policy draws what the plan gives, in groups, and learns from each at once.",
    ),
    STEPS[-1],
)
"""Where the policy draws while it is trained: nothing is resampled, and there are no pairs."""

CARD = 147  # pixels: beside the sidebar, five fit in a window of 1280, two in one of 800


def journey(chosen: Iteration, progress: Progress) -> None:
    """The steps of the iteration, the one it waits for marked."""
    waiting = next_phase(progress)
    next_step = Phase.PRESAMPLE if waiting is Phase.TUNE else waiting
    steps = DRAWING if draws_itself(chosen.config.training.method) else STEPS
    order = [phase for phase, *_ in steps]
    cards = st.grid(len(steps), min_column_width=CARD, border=True)
    for phase, name, page, what in steps:
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
        visitor.button(
            st,
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
        visitor.button(
            st,
            f"Resume: {widgets.title(job)}",
            key=f"again_{job.id}",
            on_click=state.runner().resume,
            args=[job.id],
        )
    with st.expander("Log of a job", key="job_log", on_change="rerun") as opened:
        if opened.open:
            names = distinct(
                {job.id: f"{widgets.title(job)}, {job.state}" for job in reversed(jobs)}
            )
            job_banner.log(
                store.jobs.get(
                    state.database(),
                    st.selectbox("Job", list(names), format_func=names.__getitem__, key="log_of"),
                )
            )


def by_itself(chosen: Iteration) -> None:
    """How far the run goes without a person, and the way out."""
    order = store.unattended.find(state.database(), chosen.run_id)
    if order is None:
        return
    if order.trouble:
        st.warning(inert.markdown(order.trouble), icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        n = order.n_iterations
        st.markdown(
            f":material/autoplay: Goes on by itself to the end of"
            f" {'its first iteration' if n == 1 else f'iteration {n - 1}'}."
        )
        visitor.button(
            st,
            "Wait for me instead",
            on_click=store.unattended.remove,
            args=[state.database(), chosen.run_id],
        )


chosen = widgets.need_run()
st.title(inert.markdown(chosen.config.name))
labels = store.labels.find(state.database(), chosen.run_id)
tags = "".join(f" :gray-badge[{inert.markdown(tag)}]" for tag in labels.tags)
st.caption(
    f"Run {chosen.run_id} · iteration {chosen.number} · seed {chosen.config.seed} · sampler"
    f" {chosen.config.sampling.sampler}{tags}"
)
if labels.note:
    st.markdown(inert.markdown(labels.note))
by_itself(chosen)
now = progress(chosen)
journey(chosen, now)
job_table(chosen)
watching(chosen)
if now.presampled:
    columns.read_ahead(chosen)
