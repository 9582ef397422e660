"""In which other tools the selected run is watched, and what was stored before it was."""

import streamlit as st

from app import inert, state, visitor
from engine import store
from engine.config.tracking import TRACKERS
from engine.errors import EngineError
from engine.study.handle import Iteration
from engine.tracking import LIBRARIES, is_there
from engine.tracking.following import send_stored, trackers_of

NAMES: dict[str, str] = {
    "tensorboard": "TensorBoard",
    "trackio": "trackio",
    "wandb": "W&B",
    "mlflow": "MLflow",
}


def watching(chosen: Iteration) -> None:
    """Choose trackers, for a job that is running too; send what earlier jobs gave."""
    now = trackers_of(chosen)
    key = f"trackers_{chosen.run_id}"
    st.session_state[key] = list(now)  # what is stored, also where another tab chose it
    said = ", ".join(NAMES[name] for name in now)
    with st.expander(f"Watched in {said}" if now else "Watch it in other tools", key="watching"):
        wanted = st.pills(
            "Tools",
            TRACKERS,
            selection_mode="multi",
            format_func=lambda name: NAMES[name],
            key=key,
            on_change=_choose,
            args=[chosen, key],
            disabled=not visitor.may_write(),
        )
        for name in wanted:
            if not is_there(name):
                st.caption(f"{NAMES[name]} is not installed here: `pip install {LIBRARIES[name]}`.")
        if "tensorboard" in wanted:
            st.code(f"tensorboard --logdir {chosen.db.artifacts / 'tracking' / 'tensorboard'}")
        if "trackio" in wanted:
            st.code(f"trackio show --project {chosen.config.tracking.project!r}")
        if wanted and visitor.button(st, "Send what is stored", icon=":material/send:"):
            _send(chosen)


def _choose(chosen: Iteration, key: str) -> None:
    if visitor.may_write():
        wanted = tuple(st.session_state[key])
        store.tracking.choose(chosen.db, chosen.run_id, wanted, made_by=state.tab_id())


def _send(chosen: Iteration) -> None:
    try:
        with st.spinner("Sending"):
            troubles = send_stored(chosen.db, chosen.run_id)
    except EngineError as error:
        troubles = [str(error)]
    for trouble in troubles:
        st.error(inert.markdown(trouble), icon=":material/error:")
    if not troubles:
        st.success("Sent: every finished job of this run.")
