"""Is the training going well?"""

import streamlit as st

from app import inert, state, widgets
from app.training.checkpoints import checkpoints
from app.training.figures import training_curves
from app.training.form import form
from app.training.siblings import settings_of, trainings_table
from app.watching import watching
from engine import store
from engine.config.backends import draws_itself, keeps_responses
from engine.study.plan_groups import last_settings, n_planned
from engine.types import JobKind, JobState

chosen = widgets.need_run()
st.title("Training")
if chosen.config.is_recorded:
    widgets.nothing_yet(
        "This run replays recorded responses: there is no policy to train. Its pairs can be"
        " exported.",
        "pairs.py",
    )
db = state.database()
pair_set = store.pairs.find_set(chosen)
job = store.jobs.latest(chosen, JobKind.TRAIN)
draws = draws_itself(chosen.config.training.method)
if draws and store.commits.find(chosen) is None:
    widgets.nothing_yet("There is no plan to draw from yet. Commit one.", "difficulty.py")
if pair_set is None and not draws:
    widgets.nothing_yet(
        "There are no pairs to train on yet. Commit a plan and let the resampling finish.",
        "difficulty.py",
    )
keeps = keeps_responses(chosen.config.training.method)
if draws:
    n_drawn = n_planned(chosen, last_settings(chosen))
    st.caption(f"{n_drawn:,} responses of the plan, drawn in groups while the policy is trained")
elif keeps:
    st.caption(f"Fine-tuning on right responses, from the {chosen.config.training.start} policy")
elif pair_set:
    st.caption(
        f"{pair_set.n_pairs:,} preference pairs · reference policy: the frozen M{chosen.number}"
    )
if pair_set and not pair_set.n_pairs and not keeps:
    why = (
        "Without a pair there is nothing to train on. Fork the iteration and commit another plan,"
        " or begin the next one with the same policy."
    )
    widgets.nothing_yet(why, "compare.py")
if job is None and store.runs.find_iteration(chosen.at(chosen.number + 1)):
    st.info(
        f"This iteration was trained in run {chosen.run.parent_id}, which this run was forked from."
    )
    st.stop()
if job is None:
    form(chosen)
    st.stop()
is_live = job.is_unfinished
st.caption(inert.markdown(settings_of(chosen, job)))
trainings_table(chosen)
st.fragment(training_curves, run_every=2 if is_live else None)(job.id)
watching(chosen)
if not is_live:
    checkpoints(chosen, job)
    if job.state is JobState.DONE:
        widgets.link("compare.py", "Compare before and after")
    with st.expander("Train again with other settings"):
        form(chosen)
