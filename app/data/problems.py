"""Problems on their way in: which columns they are in, how they read, what was rejected; stored
only when a person says so.
"""

from itertools import islice

import streamlit as st

from app import domains, inert, state, widgets
from app.data import uploads
from engine.errors import EngineError
from engine.grading.domains import unavailable
from engine.problems import ProblemFile, examine_problems
from engine.problems.mapping import ROLES, guess_mapping
from engine.problems.rows import rows_of_file
from engine.problems.stored import store_problems, stored_sets

PREVIEW = 5


@st.cache_data(show_spinner="Reading the file", max_entries=8)
def examined(path: str, version: str, mapping: tuple[tuple[str, str], ...] | None) -> ProblemFile:
    return examine_problems(path, mapping=dict(mapping) if mapping is not None else None)


@st.cache_data(show_spinner=False, max_entries=8)
def columns(path: str, version: str) -> list[str]:
    """Columns of the first rows that are objects."""
    from pathlib import Path

    rows = (row for _, row in islice(rows_of_file(Path(path)), 20) if isinstance(row, dict))
    return list(dict.fromkeys(str(name) for row in rows for name in row))


def problem_section() -> None:
    """Upload, mapping, preview, report, and the button that stores."""
    file = uploads.brought("A problem set: JSONL, JSON, CSV or Parquet", key="problems")
    if file is None:
        stored_table()
        return
    try:
        as_it_is = examined(str(file.path), file.version, None)
        mapping = mapping_form(columns(str(file.path), file.version), wanted=not as_it_is.problems)
        read = (
            as_it_is
            if mapping is None
            else examined(str(file.path), file.version, tuple(mapping.items()))
        )
    except EngineError as error:
        st.error(
            inert.markdown(str(error).replace(str(file.path), file.name)), icon=":material/error:"
        )
        return
    report(read)
    if st.button(
        f"Store {len(read.problems):,} problems",
        type="primary",
        disabled=not read.problems,
        key="store_problems",
    ):
        stored_set = store_problems(state.database().artifacts, read.problems, name=file.name)
        st.success(
            f"Stored as {stored_set.path.name}: {stored_set.n_problems:,} problems. A run can use"
            " them below.",
            icon=":material/check_circle:",
        )
    stored_table()


def mapping_form(names: list[str], *, wanted: bool) -> dict[str, str] | None:
    """Column by role; None reads the file as the known shape it is."""
    if not st.toggle(
        "Choose the columns",
        value=wanted,
        key="choose_columns",
        help="Known shapes (GSM8K, MATH, AIME and others) need no choice.",
    ):
        return None
    guess = guess_mapping(names)
    chosen = {}
    for column, role in zip(widgets.columns(len(ROLES), least=widgets.FIELD), ROLES):
        free = [name for name in names if name not in chosen.values()]
        picked = column.selectbox(
            role.capitalize(),
            [None, *free],
            index=free.index(guess[role]) + 1 if guess.get(role) in free else 0,
            format_func=lambda n: n or "none",
            key=f"map_{role}",
        )
        if picked:
            chosen[role] = picked
    return chosen


def report(read: ProblemFile) -> None:
    """What would be stored and what not, by line, field and reason."""
    a, b, c = st.columns(3)
    a.metric("Problems", f"{len(read.problems):,}")
    b.metric(
        "Duplicates",
        f"{read.duplicates:,}",
        help="The same question with the same answer: kept once.",
    )
    c.metric("Rejected", f"{len(read.rejected):,}")
    for problem in read.problems[:PREVIEW]:
        with st.container(border=True):
            st.markdown(inert.markdown(problem.question))
            domains.reference(problem.reference)
            st.caption(
                f"Answer: **{inert.markdown(problem.answer)}**"
                + (f" · level {inert.markdown(problem.level)}" if problem.level else "")
            )
    if read.unanswerable:
        left_out = "A run leaves them out, unless problems.keep_unanswerable is set."
        st.warning(inert.markdown(f"{read.about_unanswerable} {left_out}"))
    if lacking := unavailable(problem.domain for problem in read.problems):
        st.warning(inert.markdown(lacking))
    rejected_table(read.rejected, "Rejected rows")
    rejected_table(read.repeats, "Duplicates")


def rejected_table(rows: list, title: str) -> None:
    if rows:
        with st.expander(f"{title}: {len(rows):,}", expanded=title.startswith("Rejected")):
            st.dataframe(
                [{"Line": r.line, "Field": r.field, "Reason": r.reason} for r in rows[:1000]],
                hide_index=True,
            )


def stored_table() -> None:
    sets = stored_sets(state.database().artifacts)
    if sets:
        st.dataframe(
            [{"Stored set": s.name, "Problems": s.n_problems, "File": str(s.path)} for s in sets],
            hide_index=True,
        )
