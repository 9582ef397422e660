"""What was brought, on its way into the page that builds a study."""

from pathlib import Path

import streamlit as st

from app import state, widgets
from app.labels import distinct
from app.new_study import cards
from engine.config import load_config
from engine.paths import STARTER
from engine.problems import STARTER_SETS
from engine.problems.stored import stored_sets
from engine.recorded import imported_sets

BASE = STARTER / "default.toml"


def problem_study() -> None:
    """Choose stored sets and go on in the builder, over the starter's configuration; the set that
    was stored last is preset.
    """
    stored = stored_sets(state.database().artifacts)
    names = {str(s.path): f"{s.name} · {s.n_problems:,} problems" for s in stored}
    names = distinct(names | {name: name for name in STARTER_SETS}, lambda path: Path(path).stem)
    newest = max(stored, key=lambda s: s.path.stat().st_mtime_ns, default=None)
    a, b = widgets.columns(2, least=widgets.FIELD)
    train = a.selectbox(
        "Train on",
        list(names),
        index=list(names).index(str(newest.path)) if newest else 0,
        format_func=names.__getitem__,
        key=f"study_train_{len(stored)}",
    )
    held_out = b.selectbox(
        "Held out",
        list(names),
        index=len(names) - 1,
        format_func=names.__getitem__,
        key=f"study_held_out_{len(stored)}",
    )
    st.caption("Models and all other settings are chosen on the next page.")
    if st.button("Build a study", type="primary", icon=":material/add_circle:", key="build"):
        draft = cards.begin(load_config(BASE), "the starter study, with your problems")
        draft.set("problems.train", train)
        draft.set("problems.held_out", held_out)
        cards.open_builder()


def recorded_study() -> None:
    """A study that replays an imported set: no policy is loaded, nothing is trained."""
    sets = imported_sets(state.database().artifacts)
    if not sets:
        st.caption("Import recorded responses first.")
        return
    chosen = st.selectbox(
        "Replay", sets, format_func=lambda s: f"{s.name} · {s.id}", key="replay_set"
    )
    st.caption(
        f"At most {chosen.max_responses} responses of a problem are recorded. What the plan asks"
        " beyond them stays unspent."
    )
    if st.button(
        "Build a study", type="primary", icon=":material/add_circle:", key="build_recorded"
    ):
        cards.begin_with_recording(chosen.folder, chosen.name)
        cards.open_builder()
