"""A problem set read into the staging folder: with a bar, until a person cancels it, and once for
the same file and the same choices.
"""

from pathlib import Path

import streamlit as st

from app import state, visitor
from app.data import uploads
from app.labels import distinct
from engine.doctor.problems import tokens_of_policy
from engine.headless.against import sets_against
from engine.problems.overlap import Against
from engine.problems.staging import Staged, stage_problems
from engine.problems.stored import stored_sets

STARTER = "starter:held_out"
_HELD, _CANCELLED = "problems_staged", "problems_cancelled"


@st.cache_resource(show_spinner="Reading the tokenizer", max_entries=4)
def _tokens(policy: str):
    return tokens_of_policy(policy)


def _tokens_of(policy: str):
    """Raises: NotAllowed, as visitor.path."""
    return _tokens(visitor.model(policy, "Policy whose tokens are counted"))


def compared() -> tuple[tuple[str, ...], str]:
    """What near-duplicates are looked for in, and whose tokens are counted: both a person's
    choice.
    """
    with st.expander("Compare with other sets, and count tokens"):
        sets = {str(s.path): s.name for s in stored_sets(state.database().artifacts)}
        sets = distinct(sets | {STARTER: STARTER}, lambda path: Path(path).stem)
        chosen = st.multiselect(
            "Held-out and other sets",
            list(sets),
            format_func=sets.__getitem__,
            key="problems_against_sets",
            help="Near-duplicates are problems that contain most runs of five words of another.",
        )
        folder = st.text_input(
            "Folder of evaluation sets",
            key="problems_against",
            help="Registered suites are looked for by their file names; others are compared, too.",
        ).strip()
        policy = st.text_input(
            "Policy whose tokens are counted",
            key="problems_policy",
            placeholder="starter, a folder or a hub id",
        ).strip()
    return (*chosen, *([f"folder:{folder}"] if folder else [])), policy


def staged(
    file: uploads.Brought,
    mapping: dict[str, str] | None,
    against: tuple[str, ...],
    policy: str,
) -> tuple[Staged, str] | None:
    """The set that was read, and why lengths are not measured; None where a person cancelled it.

    Raises: EngineError.
    """
    key = (file.version, tuple(mapping.items()) if mapping is not None else None, against, policy)
    held = st.session_state.get(_HELD)
    if held and held[0] == key and held[1].path.exists():
        return held[1], held[2]
    if st.session_state.get(_CANCELLED) == key:
        st.info("The reading was cancelled; nothing of it was stored.")
        if not st.button("Read it again", key="problems_again"):
            return None
        del st.session_state[_CANCELLED]
    slot = st.empty()
    try:
        with slot.container():
            bar = st.progress(0.0, text="Reading")
            st.button("Cancel", key="problems_cancel", on_click=_cancel, args=(key,))
        tokens, why = _tokens_of(policy) if policy else (None, "no policy was named")
        one = stage_problems(
            file.source,
            uploads.staging_folder(),
            mapping=mapping,
            against=_sets(against),
            tokens=tokens,
            policy=policy,
            on_progress=lambda done, total: bar.progress(
                min(done / total, 1.0) if total else 0.0,
                text=f"{done:,} of about {total:,} rows" if total else f"{done:,} rows",
            ),
        )
    finally:
        slot.empty()
    st.session_state[_HELD] = key, one, why
    return one, why


def _cancel(key: tuple) -> None:
    st.session_state[_CANCELLED] = key


def _sets(against: tuple[str, ...]) -> list[Against]:
    """Registered sets that are not in the folder are among them, to be named as not checked."""
    folders = [one.removeprefix("folder:") for one in against if one.startswith("folder:")]
    single = [one for one in against if not one.startswith("folder:")]
    names = {str(s.path): s.name for s in stored_sets(state.database().artifacts)}
    return [
        *(Against(names.get(one, one), one) for one in single),
        *sets_against([visitor.path(f, "Folder of evaluation sets") for f in folders]),
    ]
