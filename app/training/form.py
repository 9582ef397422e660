"""The settings of one training: the run's own, with what a person changes for this one. Only that
travels with the job.
"""

from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

import streamlit as st

from app import inert, state, visitor, widgets
from app.new_study import groups
from app.new_study.draft import Draft
from app.new_study.fields import field
from app.new_study.used import say_unused, used_fields
from app.training.interim import cost
from engine import store
from engine.config import TrainingConfig, training_config
from engine.config.backends import draws_itself
from engine.config.training_checks import check_training
from engine.errors import EngineError
from engine.study.handle import Iteration
from engine.study.plan_groups import n_given, n_planned
from engine.types import JobKind, JobState

FRONT = ("learning_rate", "beta", "n_epochs", "batch_size")
FRONT_DRAWING = ("learning_rate", "kl_weight", "group_size", "batch_size")
"""The four where the policy draws while it is trained."""
TABLE = "training"


def form(chosen: Iteration) -> None:
    """Four fields, all others one click away, and the button."""
    draft, known = _draft(chosen), groups.by_key()
    method = str(draft.value(f"{TABLE}.method"))
    names = FRONT_DRAWING if draws_itself(method) else FRONT
    shown, _ = used_fields(draft, TABLE, [known[f"{TABLE}.{n}"] for n in names])
    for place, setting in zip(widgets.columns(len(shown), least=widgets.FIELD), shown):
        field(place, setting, draft, {})
    changed = draft.changed(TABLE)
    count = f" · {len(changed)} changed" if changed else ""
    with widgets.folded(f"All training settings{count}", key="training_settings") as opened:
        if opened.open:
            rest = [known[f"{TABLE}.{f.name}"] for f in fields(TrainingConfig)]
            rest, hidden = used_fields(draft, TABLE, [s for s in rest if s.name not in names])
            grid = st.grid(3, min_column_width=widgets.LONG_FIELD)
            for setting in rest:
                field(grid.cell(), setting, draft, {})
            say_unused(draft, TABLE, hidden)
    draft.forget_hidden()
    _say_cost(chosen, draft)
    pressed = visitor.button(
        st,
        f"Train with {method.upper()}",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(draft.mistakes) or _draws_nothing(chosen, draft),
    )
    if why := next(iter(draft.mistakes.values()), None):
        st.caption(f"It cannot be started yet: {inert.markdown(why)}")
    if pressed:
        _launch(chosen, _changed(draft))


def _say_cost(chosen: Iteration, draft: Draft) -> None:
    with suppress(EngineError):  # what cannot be read is said at its field
        if said := cost(chosen, training_config(chosen.config.training, _changed(draft))):
            st.caption(said)


def _draws_nothing(chosen: Iteration, draft: Draft) -> bool:
    """Say what is drawn by a training that draws; whether that is nothing."""
    if draft.mistakes or not draws_itself(str(draft.value(f"{TABLE}.method"))):
        return False
    n = n_planned(chosen, training_config(chosen.config.training, _changed(draft)))
    if not n:
        st.caption(
            "What the plan gives fills no step: take smaller groups or fewer per step, fork the"
            " iteration and commit another plan, or begin the next one with the same policy."
        )
        return True
    said = f"It draws {n:,} of the {n_given(chosen):,} responses that the plan gives."
    if n_drawn := store.draws.counts(chosen).n:
        said += (
            f" {n_drawn:,} were drawn by trainings before it: the iteration goes past its budget,"
            " and Compare counts all of them."
        )
    st.caption(said)
    return False


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
        wanted = training_config(chosen.config.training, changed)
        check_training(wanted)
        visitor.check(replace(chosen.config, training=wanted), known=chosen.config)
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
