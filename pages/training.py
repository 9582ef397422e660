"""Is the training going well?"""

from dataclasses import asdict

import streamlit as st

from app import inert, state, widgets
from app.training.figures import training_curves
from engine import store
from engine.config import TrainingConfig, training_config
from engine.config.backends import keeps_responses
from engine.config.checks import check_training
from engine.errors import EngineError
from engine.study.handle import Iteration
from engine.types import JobKind, JobState


def form(chosen: Iteration, defaults: TrainingConfig) -> None:
    """Settings of one training; only what was changed travels with the job."""
    with st.form("training"):
        a, b, c, d = widgets.columns(4, least=widgets.FIELD)
        changed = {
            "learning_rate": a.number_input(
                "Learning rate",
                value=defaults.learning_rate,
                format="%.1e",
                step=defaults.learning_rate / 10,
            ),
            "beta": b.number_input("Beta", value=defaults.beta, min_value=0.001, format="%.3f"),
            "n_epochs": c.number_input("Epochs", value=defaults.n_epochs, min_value=1),
            "batch_size": d.number_input(
                "Pairs per step",
                value=defaults.batch_size,
                min_value=1,
                help=f"A multiple of {defaults.micro_batch_size}.",
            ),
        }
        if st.form_submit_button(
            f"Train with {defaults.method.upper()}", type="primary", icon=":material/play_arrow:"
        ):
            launch(
                chosen,
                {name: value for name, value in changed.items() if value != asdict(defaults)[name]},
            )


def launch(chosen: Iteration, changed: dict) -> None:
    try:
        check_training(training_config(chosen.config.training, changed))
    except EngineError as error:
        st.error(inert.markdown(str(error)))
        return
    same = store.jobs.find_same(chosen, JobKind.TRAIN, changed)
    if same and same.state is JobState.DONE:
        st.info(
            "A training with exactly these settings is done already: change one, or go on to"
            " Compare."
        )
        return
    state.submit(chosen, JobKind.TRAIN, changed)
    st.rerun()


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
if pair_set is None:
    widgets.nothing_yet(
        "There are no pairs to train on yet. Commit a plan and let the resampling finish.",
        "difficulty.py",
    )
keeps = keeps_responses(chosen.config.training.method)
if keeps:
    st.caption(f"Fine-tuning on right responses, from the {chosen.config.training.start} policy")
else:
    st.caption(
        f"{pair_set.n_pairs:,} preference pairs · reference policy: the frozen M{chosen.number}"
    )
if not pair_set.n_pairs and not keeps:
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
    form(chosen, chosen.config.training)
    st.stop()
is_live = job.is_unfinished
st.fragment(training_curves, run_every=2 if is_live else None)(job.id)
if not is_live:
    if job.state is JobState.DONE:
        widgets.link("compare.py", "Compare before and after")
    with st.expander("Train again with other settings"):
        form(chosen, chosen.config.training)
