"""What lies at hand for the fields that name a model or problems, and what a chosen model says of
itself.
"""

from collections import Counter
from pathlib import Path

import streamlit as st

from app import inert, state, visitor
from app.new_study.draft import Draft
from engine import store
from engine.config.backends import loads_model
from engine.errors import EngineError
from engine.figures.siblings import policy_names
from engine.models.about import ModelAbout, about_model, cached_models
from engine.models.weights import folder_here
from engine.problems import STARTER_SETS
from engine.problems.stored import stored_sets
from engine.recorded import imported_sets
from engine.study.handle import Iteration

MODELS = {"policy.path": "policy", "reward.path": "prm"}
"""Fields that name a model, and the role that its files have."""
PROBLEMS = ("problems.train", "problems.held_out")
THINKING = {
    "switch": "thinking can be switched",
    "always": "its template opens thinking",
    "no": "",
}


def at_hand(draft: Draft) -> dict[str, dict[str, str]]:
    """Labels by value, by the key of the field that takes them."""
    artifacts, is_recorded = state.database().artifacts, draft.beginning.is_recorded
    problems = {
        **{str(s.path): f"{s.name} · {s.n_problems:,} problems" for s in stored_sets(artifacts)},
        **{name: name for name in STARTER_SETS},
    }
    recorded = {s.folder: f"{s.name} · recorded" for s in imported_sets(artifacts)}
    hub = {name: f"{name} · in the hub's cache" for name in _cached()}
    policies = recorded if is_recorded else {"starter": "starter", **_trained(), **hub}
    rewards = recorded if is_recorded else {"starter": "starter", **hub}
    return {
        **dict.fromkeys(PROBLEMS, problems),
        "policy.path": policies,
        "reward.path": rewards,
    }


@st.cache_data(show_spinner=False, ttl=60)
def _cached() -> list[str]:
    return cached_models()


def _trained() -> dict[str, str]:
    """The database's own policies that still lie in their folders."""
    db = state.database()
    uses = [use for use in store.runs.policies(db) if use.number and Path(use.path).is_dir()]
    n_beside = Counter((use.run_id, use.number) for use in uses)
    names = {
        place: policy_names(Iteration(db, place[0], place[1] - 1))
        for place, n in n_beside.items()
        if n > 1
    }
    called = lambda use: names.get((use.run_id, use.number), {}).get(
        use.policy_id, f"M{use.number}"
    )
    return {use.path: f"{called(use)} · {use.run_name}" for use in uses}


def describe(key: str, draft: Draft) -> None:
    """What is about where a model field points to, in one line."""
    table = key.partition(".")[0]
    if draft.beginning.is_recorded or (table == "reward" and not _is_loaded(draft)):
        return
    path, revision = draft.value(key), draft.value(f"{table}.revision")
    trust = draft.value(f"{table}.trust_remote_code")
    try:
        folder = (
            folder_here(visitor.model(path, key), role=MODELS[key], revision=revision)
            if path
            else None
        )
        if folder is None:
            st.caption(
                "It is downloaded from the hub at the start." if path else "No model is named yet."
            )
            return
        about = _about(str(folder), folder.stat().st_mtime_ns, trust)
    except EngineError as error:
        st.caption(f":material/error: {inert.markdown(str(error))}")
        return
    st.caption(f":material/check: {inert.markdown(in_one_line(about))}")


def _is_loaded(draft: Draft) -> bool:
    return loads_model(draft.value("reward.family"))


@st.cache_data(show_spinner="Looking at the model", max_entries=32)
def _about(folder: str, version: int, trust: bool) -> ModelAbout:
    return about_model(Path(folder), trust_remote_code=trust)


def in_one_line(m: ModelAbout) -> str:
    """A model in one line."""
    parts = [
        m.architecture,
        f"{parameters(m.n_parameters)} parameters" if m.n_parameters else "size unknown",
        f"context {m.n_context:,}" if m.n_context else "",
        "chat template" if m.has_template else "no chat template",
        THINKING[m.thinks],
        f"turns end with {m.turn_end}" if m.turn_end else "",
    ]
    return " · ".join(part for part in parts if part)


def parameters(n: int) -> str:
    """A number of parameters as people say it: 135 M, 7.6 B."""
    return f"{n / 1e9:.1f} B" if n >= 1e9 else f"{n / 1e6:.3g} M"
