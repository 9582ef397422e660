"""The form that says which path of a row plays which role: every path with a value there, guessed,
remembered, or typed as a template.
"""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import state, widgets
from engine.problems.mapping import guess_mapping, remember, remembered, shape_of
from engine.problems.sample import Sample

SHOWN_CHARS = 40


def begin(kind: str, version: str, roles: Sequence[str]) -> None:
    """Forget what was chosen for another file, so that this one opens its own form."""
    if st.session_state.get(f"{kind}_version") == version:
        return
    for key in (_toggle(kind), *(_key(kind, role) for role in roles)):
        st.session_state.pop(key, None)
    st.session_state[f"{kind}_version"] = version


def mapping_form(
    kind: str,
    sample: Sample,
    roles: Sequence[str],
    hints: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[str, str] | None:
    """Path or template by role; None reads the file as the known shape it is.

    Args:
        kind: "problems" or "recorded".
        hints: usual names by role; None for those of problems.
    """
    if not sample.paths:
        return None
    known = remembered(state.database().artifacts, kind, shape_of(sample.paths))
    if not st.toggle(
        "Choose the columns",
        value=known is not None or not sample.n_usable,
        key=_toggle(kind),
        help="Known shapes need no choice. A path reaches into a column; {a} {b} joins two.",
    ):
        return None
    if known:
        st.caption("As chosen for the last file of this shape.")
    paths = list(sample.paths)
    guess = known or (guess_mapping(paths, hints) if hints else guess_mapping(paths))
    chosen: dict[str, str] = {}
    for column, role in zip(widgets.columns(len(roles), least=widgets.LONG_FIELD), roles):
        free = [path for path in paths if path not in chosen.values()]
        typed = (guess.get(role), st.session_state.get(_key(kind, role)))
        free = [*dict.fromkeys(own for own in typed if own and own not in paths), *free]
        picked = column.selectbox(
            role.replace("_", " ").capitalize(),
            [None, *free],
            index=free.index(guess[role]) + 1 if guess.get(role) in free else 0,
            format_func=lambda path: _with_value(path, sample.paths),
            key=_key(kind, role),
            accept_new_options=True,
        )
        if picked:
            chosen[role] = picked
    return chosen


def keep(kind: str, sample: Sample, mapping: Mapping[str, str] | None) -> None:
    """Remember a mapping for the next file of this shape."""
    if mapping:
        remember(state.database().artifacts, kind, shape_of(sample.paths), mapping)


def _with_value(path: str | None, values: Mapping[str, str]) -> str:
    if not path:
        return "none"
    value = values.get(path, "")
    shown = value if len(value) <= SHOWN_CHARS else f"{value[:SHOWN_CHARS]}…"
    return f"{path} · {shown}" if shown else path


def _toggle(kind: str) -> str:
    return "choose_columns" if kind == "problems" else f"choose_columns_{kind}"


def _key(kind: str, role: str) -> str:
    return f"map_{role}" if kind == "problems" else f"map_{kind}_{role}"
