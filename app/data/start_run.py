"""Start a run with what was brought: a base configuration, other problems; or a study on recorded
responses.
"""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from app import inert, state, widgets
from engine.config import RunConfig, load_config
from engine.config.checks import check_config
from engine.errors import EngineError
from engine.paths import ROOT, STARTER
from engine.problems import STARTER_SETS
from engine.problems.stored import stored_sets
from engine.recorded import Imported, imported_sets
from engine.study.handle import Iteration
from engine.study.resolved import resolved_config
from engine.study.runs import create_run

COPIED = "copied_run"
"""Session entry: the run whose configuration the start form begins with."""
BASE = STARTER / "default.toml"


def begin(config: RunConfig) -> bool:
    """Create a run and begin it; what cannot be used is said in a sentence, nothing is stored then,
    and the answer is False.
    """
    try:
        check_config(config)
        run_id = create_run(state.database(), config)
    except EngineError as error:
        refuse(error)
        return False
    state.begin(Iteration(state.database(), run_id, 0))
    return True


def refuse(error: EngineError) -> None:
    st.error(inert.markdown(str(error)), icon=":material/error:")


def start(config: RunConfig) -> None:
    """Begin a run, and go to where its problems will appear."""
    if begin(config):
        st.switch_page(
            ROOT / "pages" / "difficulty.py", query_params=state.address("difficulty.py")
        )


def problem_run() -> None:
    """A run on stored problem sets; policy, reward model and the rest come from a base
    configuration.
    """
    base, origin = base_config()
    if base is None:
        return
    with st.form("problem_run"):
        train, held_out = _problem_sets(base, origin)
        n_train, n_held_out, n_iterations = _sizes(base, origin)
        name = st.text_input(
            "Name",
            value=f"{base.name}, {'copy' if origin else 'own problems'}",
            key=f"run_name{origin}",
        )
        if st.form_submit_button(
            "Create the run and pre-sample", type="primary", icon=":material/play_arrow:"
        ):
            problems = replace(
                base.problems,
                train=train,
                held_out=held_out,
                n_train=n_train,
                n_held_out=n_held_out,
            )
            start(replace(base, name=name, problems=problems, n_iterations=n_iterations))


def _problem_sets(base: RunConfig, origin: str) -> tuple[str, str]:
    """The sources to train on and to hold out: stored sets, the starter's, those of a copied
    run.
    """
    names = {
        str(s.path): f"{s.name} · {s.n_problems:,} problems"
        for s in stored_sets(state.database().artifacts)
    }
    names |= {name: name for name in STARTER_SETS}
    of_base = (
        (base.problems.train, base.problems.held_out)
        if origin
        else (next(iter(names)), list(names)[-1])
    )
    names |= {source: source for source in of_base if source not in names}
    choices = list(names)
    a, b = widgets.columns(2, least=widgets.FIELD)
    train = a.selectbox(
        "Train on",
        choices,
        index=choices.index(of_base[0]),
        format_func=names.__getitem__,
        key=f"run_train{origin}",
    )
    held_out = b.selectbox(
        "Held out",
        choices,
        index=choices.index(of_base[1]),
        format_func=names.__getitem__,
        key=f"run_held_out{origin}",
    )
    return train, held_out


def _sizes(base: RunConfig, origin: str) -> tuple[int, int, int]:
    """Problems per iteration, held-out problems and iterations."""
    a, b, c = widgets.columns(3, least=widgets.LONG_FIELD)
    n_train = a.number_input(
        "Problems per iteration (N)", 1, value=base.problems.n_train, key=f"run_n_train{origin}"
    )
    n_held_out = b.number_input(
        "Held-out problems",
        1,
        value=max(base.problems.n_held_out, 1),
        key=f"run_n_held_out{origin}",
    )
    n_iterations = c.number_input(
        "Iterations", 1, value=base.n_iterations, key=f"run_n_iterations{origin}"
    )
    return n_train, n_held_out, n_iterations


def copy_run(run_id: str) -> None:
    """Let the start form begin with what a run was created and steered with."""
    st.session_state[COPIED] = run_id


def base_config() -> tuple[RunConfig | None, str]:
    """What a new run takes over: a run's configuration that was copied, else a file's; and an
    ending for widget keys.

    None where the file cannot be used; why is said on the page.
    """
    if run_id := st.session_state.get(COPIED):
        row = st.container(horizontal=True, vertical_alignment="center")
        row.info(
            f"Policy, reward model, sampling, thresholds and training as in run {run_id}.",
            icon=":material/content_copy:",
        )
        row.button(
            "Use a file",
            key="forget_copy",
            on_click=st.session_state.pop,
            args=[COPIED],
        )
        return resolved_config(state.database(), run_id)[0], f"_{run_id}"
    path = st.text_input(
        "Base configuration (TOML): policy, reward model, sampling, training",
        value=str(BASE),
        key="base_config",
    )
    try:
        return load_config(Path(path.strip()).expanduser()), ""
    except EngineError as error:
        refuse(error)
        return None, ""


def recorded_run() -> None:
    """A study that replays an imported set: no policy is loaded, nothing is trained."""
    sets = imported_sets(state.database().artifacts)
    if not sets:
        st.caption("Import recorded responses first.")
        return
    chosen: Imported = st.selectbox(
        "Replay", sets, format_func=lambda s: f"{s.name} · {s.id}", key="replay_set"
    )
    base = load_config(Path(chosen.folder) / "study.toml")
    with st.form("recorded_run"):
        a, b, c = widgets.columns(3, least=widgets.LONG_FIELD)
        n_train = a.number_input(
            "Problems (N)", 1, value=base.problems.n_train, key=f"replay_n_train_{chosen.id}"
        )
        n = b.number_input(
            "Responses per problem (n)", 2, value=base.sampling.n, key=f"replay_n_{chosen.id}"
        )
        n_presample = c.number_input(
            "Pre-samples", 1, value=base.sampling.n_presample, key=f"replay_presample_{chosen.id}"
        )
        st.caption(
            f"At most {chosen.max_responses} responses of a problem are recorded. What the plan"
            " asks beyond them stays unspent."
        )
        if st.form_submit_button("Start the study", type="primary", icon=":material/play_arrow:"):
            sampling = replace(base.sampling, n=n, n_presample=n_presample)
            start(
                replace(base, problems=replace(base.problems, n_train=n_train), sampling=sampling)
            )
