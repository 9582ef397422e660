"""What comes next for an iteration, as a link on the page where a person is."""

import streamlit as st

from app import widgets
from engine import store
from engine.config.backends import draws_itself
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.walk import Phase, job_of, next_phase

STEPS = {
    Phase.TUNE: ("difficulty.py", "Next: tune the temperature"),
    Phase.PRESAMPLE: ("difficulty.py", "Next: the pre-samples"),
    Phase.COMMIT: ("difficulty.py", "Next: choose the thresholds and commit"),
    Phase.RESAMPLE: ("responses.py", "Next: the resamples, as they come in"),
    Phase.TRAIN: ("training.py", "Next: train on the pairs"),
    Phase.NEXT: ("compare.py", "Next: compare, then the next iteration"),
}


def next_step(chosen: Iteration, here: str) -> None:
    """The link that leads on, nothing on the page where the next step is done. A run on recorded
    responses ends with its pairs.

    Args:
        here: the page file.
    """
    phase = next_phase(progress(chosen))
    page, label = STEPS[phase]
    if phase is Phase.TRAIN and draws_itself(chosen.config.training.method):
        label = "Next: train, drawing what the plan says"
    ends = chosen.config.is_recorded and phase in (Phase.TRAIN, Phase.NEXT)
    if page == here or ends:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        widgets.link(page, label)
        kind = job_of(phase)
        job = store.jobs.latest(chosen, kind) if kind else None
        if job is not None and job.is_unfinished:
            st.caption(f"{widgets.title(job)} is {job.state}.")
