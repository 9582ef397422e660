"""Steps of a finished training whose weights are there, and which of them becomes the policy."""

import streamlit as st

from app import inert, state, visitor, widgets
from app.training.figures import NAMES
from engine import store
from engine.config.training import LOWEST_IS_BEST, Metric
from engine.errors import EngineError
from engine.figures.siblings import siblings
from engine.store.jobs import Job
from engine.study.checkpoints import Checkpoint, best, gone, own_step, pick
from engine.study.checkpoints import checkpoints as known_of
from engine.study.handle import Iteration
from engine.types import JobKind, JobState

JUDGED_BY: tuple[Metric, ...] = (
    "held_out/accuracy",
    "rewards/accuracies",
    "rewards/margins",
    "mean_token_accuracy",
    "loss",
)


def checkpoints(chosen: Iteration, job: Job) -> None:
    """A table of them, and the button that makes one the policy. Nothing where only the last
    weights are there.
    """
    if job.state is not JobState.DONE:
        return
    known, lost = known_of(state.database(), job), gone(state.database(), job)
    if len(known) < 2 and not lost:
        return
    with st.expander("Weights that can become the policy", expanded=True):
        own = own_step(state.database(), job)
        st.dataframe(
            [_row(c, own) for c in known],
            hide_index=True,
            alt="Steps of this training whose weights are there",
            column_config={"Of": st.column_config.TextColumn(width="medium")},
        )
        st.caption(_said_best(job, known))
        if lost:
            st.caption(
                f"The weights kept of step {', '.join(map(str, lost))} are not in their place: set"
                " aside as damaged, or taken away. The training's log says more."
            )
        _choose(chosen, job, [c.step for c in known])


def _row(c: Checkpoint, own: int) -> dict[str, object]:
    figures = {NAMES[name]: c.metrics.get(name) for name in JUDGED_BY if name in c.metrics}
    of = "what this training made" if c.step == own else ""
    size = "–" if c.n_bytes is None else widgets.size(c.n_bytes)
    return {"Step": c.step, **figures, "On the disk": size, "Of": of}


def _said_best(job: Job, known: list[Checkpoint]) -> str:
    has: list[Metric] = [name for name in JUDGED_BY if any(name in c.metrics for c in known)]
    parts = [
        f"{NAMES[name].lower()}{' (lowest)' if name in LOWEST_IS_BEST else ''}: step"
        f" {best(state.database(), job, name):,}"
        for name in has
    ]
    return f"Best by {', '.join(parts)}." if parts else "No figure was logged at these steps."


def _choose(chosen: Iteration, job: Job, steps: list[int]) -> None:
    going = next((s for s in siblings(chosen) if s.goes_on), None)
    if store.runs.find_iteration(chosen.at(chosen.number + 1)):
        st.caption(
            f"Iteration {chosen.number + 1} has begun with {going.name if going else 'its policy'}:"
            " what is picked now is evaluated beside it."
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        step = st.selectbox(
            "Step", steps, index=len(steps) - 1, key=f"pick_{job.id}", width=widgets.FIELD
        )
        visitor.button(
            st,
            "Make its weights the policy",
            icon=":material/flag:",
            on_click=_pick,
            args=[chosen, job, step],
        )


def _pick(chosen: Iteration, job: Job, step: int) -> None:
    try:
        params = pick(chosen, job.id, step, made_by=state.tab_id())
    except EngineError as error:
        st.error(inert.markdown(str(error)))
        return
    state.submit(chosen, JobKind.PICK, params)
