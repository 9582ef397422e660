"""Start a run with what was brought: a base configuration, other problems; or a study on recorded responses."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from app import state
from engine import runs
from engine.config import RunConfig, load_config
from engine.config_checks import check_config
from engine.errors import EngineError
from engine.problems import STARTER_SETS
from engine.problems.stored import stored_sets
from engine.recorded import Imported, imported_sets

BASE = state.ROOT / "data" / "starter" / "default.toml"


def start(config: RunConfig) -> None:
    """Create a run and begin its pre-sampling; what cannot be used is said in a sentence, and nothing is stored then."""
    try:
        check_config(config)
        run_id = runs.create_run(state.store(), config)
    except EngineError as error:
        st.error(str(error), icon=":material/error:")
        return
    state.runner().submit(run_id, 0, "presample")
    state.select(run_id, 0)
    st.switch_page(state.ROOT / "pages" / "difficulty.py")


def problem_run() -> None:
    """A run on stored problem sets; policy, reward model and the rest come from a base configuration."""
    names = {str(s.path): f"{s.name} · {s.n_problems:,} problems" for s in stored_sets(state.store().artifacts)}
    names |= {name: name for name in STARTER_SETS}
    path = st.text_input("Base configuration (TOML): policy, reward model, sampling, training", value=str(BASE), key="base_config")
    try:
        base = load_config(Path(path.strip()).expanduser())
    except EngineError as error:
        st.error(str(error), icon=":material/error:")
        return
    with st.form("problem_run"):
        a, b = st.columns(2)
        train = a.selectbox("Train on", list(names), format_func=names.get, key="run_train")
        held_out = b.selectbox("Held out", list(names), index=len(names) - 1, format_func=names.get, key="run_held_out")
        a, b, c = st.columns(3)
        n_train = a.number_input("Problems per iteration (N)", 1, value=base.problems.n_train, key="run_n_train")
        n_held_out = b.number_input("Held-out problems", 1, value=max(base.problems.n_held_out, 1), key="run_n_held_out")
        n_iterations = c.number_input("Iterations", 1, value=base.n_iterations, key="run_n_iterations")
        name = st.text_input("Name", value=f"{base.name}, own problems", key="run_name")
        if st.form_submit_button("Create the run and pre-sample", type="primary", icon=":material/play_arrow:"):
            problems = replace(base.problems, train=train, held_out=held_out, n_train=n_train, n_held_out=n_held_out)
            start(replace(base, name=name, problems=problems, n_iterations=n_iterations))


def recorded_run() -> None:
    """A study that replays an imported set: no policy is loaded, nothing is trained."""
    sets = imported_sets(state.store().artifacts)
    if not sets:
        st.caption("Import recorded responses first.")
        return
    chosen: Imported = st.selectbox("Replay", sets, format_func=lambda s: f"{s.name} · {s.id}", key="replay_set")
    base = load_config(Path(chosen.folder) / "study.toml")
    with st.form("recorded_run"):
        a, b, c = st.columns(3)
        n_train = a.number_input("Problems (N)", 1, value=base.problems.n_train, key=f"replay_n_train_{chosen.id}")
        n = b.number_input("Responses per problem (n)", 2, value=base.sampling.n, key=f"replay_n_{chosen.id}")
        n_presample = c.number_input("Pre-samples", 1, value=base.sampling.n_presample, key=f"replay_presample_{chosen.id}")
        st.caption(f"At most {chosen.max_responses} responses of a problem are recorded. What the plan asks beyond them stays unspent.")
        if st.form_submit_button("Start the study", type="primary", icon=":material/play_arrow:"):
            sampling = replace(base.sampling, n=n, n_presample=n_presample)
            start(replace(base, problems=replace(base.problems, n_train=n_train), sampling=sampling))
