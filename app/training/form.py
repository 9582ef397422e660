"""The settings of one training: the run's own, with what a person changes for this one. Only that
travels with the job.
"""

from contextlib import suppress
from dataclasses import fields
from typing import Any

import streamlit as st

from app import inert, state, visitor, widgets
from app.new_study import groups
from app.new_study.draft import Draft
from app.new_study.fields import field
from app.training.interim import cost
from engine import store
from engine.config import TrainingConfig, training_config
from engine.config.training_checks import check_training
from engine.errors import EngineError
from engine.study.handle import Iteration
from engine.types import JobKind, JobState

FRONT = ("learning_rate", "beta", "n_epochs", "batch_size")
TABLE = "training"


def form(chosen: Iteration) -> None:
    """Four fields, all others one click away, and the button."""
    draft, known = _draft(chosen), groups.by_key()
    front = widgets.columns(len(FRONT), least=widgets.FIELD)
    for place, name in zip(front, FRONT):
        field(place, known[f"{TABLE}.{name}"], draft, {})
    changed = draft.changed(TABLE)
    count = f" · {len(changed)} changed" if changed else ""
    with st.expander(
        f"All training settings{count}", key="training_settings", on_change="rerun"
    ) as opened:
        if opened.open:
            grid = st.grid(3, min_column_width=widgets.LONG_FIELD)
            for own in fields(TrainingConfig):
                if own.name not in FRONT:
                    field(grid.cell(), known[f"{TABLE}.{own.name}"], draft, {})
    _say_cost(chosen, draft)
    method = str(draft.value(f"{TABLE}.method")).upper()
    if visitor.button(
        st,
        f"Train with {method}",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(draft.mistakes),
    ):
        _launch(chosen, _changed(draft))


def _say_cost(chosen: Iteration, draft: Draft) -> None:
    with suppress(EngineError):  # what cannot be read is said at its field
        if said := cost(chosen, training_config(chosen.config.training, _changed(draft))):
            st.caption(said)


def _changed(draft: Draft) -> dict[str, Any]:
    return {key.rpartition(".")[2]: draft.value(key) for key in draft.changed(TABLE)}


def _draft(chosen: Iteration) -> Draft:
    """This tab's, of this iteration."""
    drafts = st.session_state.setdefault("training_drafts", {})
    place = f"{chosen.run_id}_{chosen.number}"
    if place not in drafts:
        drafts[place] = Draft(chosen.config, "the run", form=f"training_{place}")
    return drafts[place]


def _launch(chosen: Iteration, changed: dict[str, Any]) -> None:
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
