"""The model hub on pages: a policy pushed with its card, a model or a data set pulled by id."""

from concurrent.futures import ThreadPoolExecutor, wait

import streamlit as st

from app import inert, state, visitor, widgets
from engine.errors import EngineError
from engine.export.run import trained_policy
from engine.hub.pull import KINDS, Wanted, outlook, pull
from engine.hub.push import push
from engine.study.handle import Iteration

LOOK_S = 0.3
"""Between two looks at how far a pull is."""
KIND_NAMES = {"model": "Model", "dataset": "Data set"}


def push_form(chosen: Iteration) -> None:
    """Push the run's newest trained policy; nothing where there is none."""
    db = state.database()
    if trained_policy(db, chosen.run_id) is None:
        return
    with st.form("push"):
        repo = st.text_input("Push it to the model hub as", placeholder="OWNER/NAME").strip()
        is_public = st.checkbox("Everybody may see it, where the repository is made now")
        st.caption(
            "With a model card written from this study. The hub's own login is used: `hf auth"
            " login` or HF_TOKEN; no key is stored here."
        )
        if not visitor.submit(st, "Push", icon=":material/cloud_upload:") or not repo:
            return
        try:
            with st.spinner("Pushing"):
                pushed = push(db, repo, run_id=chosen.run_id, private=not is_public)
            st.success(inert.markdown(f"Policy {pushed.policy_id} at {pushed.url}"))
        except EngineError as error:
            st.error(inert.markdown(str(error)), icon=":material/error:")


def pull_form() -> None:
    """Look what a model or data set takes, then bring it into the hub's cache; drawn when it is
    opened.
    """
    with widgets.folded("Bring a model or a data set from the hub", key="pull_open") as opened:
        if opened.open:
            _ask_what_to_pull()


def _ask_what_to_pull() -> None:
    with st.form("pull", border=False):
        kind, name, revision = widgets.columns([1, 2, 1], least=widgets.FIELD)
        wanted_kind = kind.selectbox("What", KINDS, format_func=KIND_NAMES.__getitem__)
        id = name.text_input("Its id", placeholder="OWNER/NAME").strip()
        at = revision.text_input("Revision", placeholder="the default branch").strip()
        bar = st.container(horizontal=True, vertical_alignment="center")
        is_looked_at = visitor.submit(bar, "Look", icon=":material/search:")
        is_pulled = visitor.submit(bar, "Pull", icon=":material/cloud_download:")
    if id and (is_looked_at or is_pulled):
        wanted = Wanted(id, wanted_kind, at or None)
        try:
            (_pull if is_pulled else _look)(wanted)
        except EngineError as error:
            st.error(inert.markdown(str(error)), icon=":material/error:")


def _look(wanted: Wanted) -> None:
    with st.spinner("Asking the hub"):
        ahead = outlook(wanted)
    size = widgets.size
    left_out = f" {ahead.n_left_out} files repeat the weights and are left out."
    st.info(
        f"{ahead.n_files:,} files, {size(ahead.n_bytes)}; {size(ahead.n_missing)} are not here"
        f" yet, and {size(ahead.n_free)} are free.{left_out if ahead.n_left_out else ''}"
        f"{'' if ahead.fits else ' It does not fit.'}",
        icon=":material/info:",
    )


def _pull(wanted: Wanted) -> None:
    """The library tells its progress from threads of its own; a page is drawn from one."""
    bar, counts = st.progress(0.0, "Asking the hub"), [(0, 0)]

    def note(done: int, total: int) -> None:
        counts[0] = done, total

    with ThreadPoolExecutor(1) as pool:
        pulling = pool.submit(pull, wanted, note)
        while wait([pulling], timeout=LOOK_S).not_done:
            done, total = counts[0]
            if total:
                bar.progress(done / total, f"{widgets.size(done)} of {widgets.size(total)}")
    bar.empty()
    path = pulling.result()
    st.success(
        inert.markdown(f"{wanted.id} is here: a study finds it by its id. It lies in {path}.")
    )
