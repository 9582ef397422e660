"""Problems on their way in: which columns they are in, how they read, what was rejected; stored
only when a person says so.
"""

from functools import partial
from pathlib import Path

import streamlit as st

from app import domains, inert, state, visitor
from app.data import mapping, reading, uploads
from engine.doctor.problems import findings
from engine.errors import EngineError
from engine.problems import Rejected
from engine.problems.collecting import Listed
from engine.problems.domains import parts_of
from engine.problems.mapping import ROLES
from engine.problems.report import Report
from engine.problems.sample import Sample, sample_of
from engine.problems.stored import store_staged, stored_sets

KIND = "problems"


@st.cache_data(show_spinner="Looking at the file", max_entries=8)
def sampled(source: str, is_hub: bool, version: str) -> Sample:
    return sample_of(source if is_hub else Path(source), partial(parts_of, domain="maths"))


def problem_section() -> None:
    """Upload, mapping, preview, report, and the button that stores."""
    file = uploads.brought(
        "A problem set: JSONL, JSON, CSV or Parquet; several files are its parts",
        key=KIND,
        has_hub=True,
    )
    if file is not None:
        try:
            bring(file)
        except EngineError as error:
            st.error(inert.markdown(file.named(str(error))), icon=":material/error:")
    stored_table()


def bring(file: uploads.Brought) -> None:
    """One file from its columns to the button that stores it. Raises: EngineError."""
    sample = sampled(str(file.source), bool(file.hub), file.version)
    mapping.begin(KIND, file.version, ROLES)
    chosen = mapping.mapping_form(KIND, sample, ROLES)
    against, policy = reading.compared()
    read = reading.staged(file, chosen, against, policy)
    if read is None:
        return
    staged, no_lengths = read
    show(staged.report, no_lengths)
    if visitor.button(
        st,
        f"Store {staged.report.n_problems:,} problems",
        type="primary",
        disabled=not staged.report.n_problems,
        key="store_problems",
    ):
        one = store_staged(
            state.database().artifacts, staged.path, staged.report.n_problems, name=file.name
        )
        mapping.keep(KIND, sample, chosen)
        st.success(
            f"Stored as {one.path.name}: {one.n_problems:,} problems. A run can use them below.",
            icon=":material/check_circle:",
        )


def show(report: Report, no_lengths: str) -> None:
    """What would be stored and what not, by line, field and reason; and what the set is like."""
    a, b, c = st.columns(3)
    a.metric("Problems", f"{report.n_problems:,}")
    b.metric(
        "Duplicates",
        f"{report.repeats.n:,}",
        help="The same question with the same answer: kept once.",
    )
    c.metric("Rejected", f"{report.rejected.n:,}")
    for note in report.notes:
        st.caption(inert.markdown(note))
    preview(report)
    if report.golds["sentinel"]:
        left_out = "A run leaves them out, unless problems.keep_unanswerable is set."
        n = report.golds["sentinel"]
        st.warning(f"{n:,} references are no answer. {left_out}", icon=":material/warning:")
    if report.lacking:
        st.warning(inert.markdown(report.lacking))
    reasons(report.rejected)
    rejected_table(report.rejected.rows, "Rejected rows", report.rejected.n)
    rejected_table(report.repeats.rows, "Duplicates", report.repeats.n)
    if report.n_problems:
        with st.expander("Report on the set", expanded=True):
            st.dataframe(
                [
                    {"About": f.about, "": f.status, "What it is like": f.text}
                    for f in findings(report, no_lengths)
                    if f.about not in ("read", "rejected", "reading")
                ],
                hide_index=True,
                width="stretch",
            )


def preview(report: Report) -> None:
    for problem in report.preview:
        with st.container(border=True):
            st.markdown(inert.markdown(problem.question))
            domains.reference(problem.reference)
            st.caption(
                f"Answer: **{inert.markdown(problem.answer)}**"
                + (f" · level {inert.markdown(problem.level)}" if problem.level else "")
            )


def reasons(rejected: Listed) -> None:
    """Why rows were rejected, most frequent first; one kind needs no table."""
    if len(rejected.kinds) > 1:
        st.dataframe(
            [
                {"Rows": n, "First": first.place, "Why": first.reason}
                for n, first in sorted(rejected.kinds.values(), key=lambda reason: -reason.n)
            ],
            hide_index=True,
            width="stretch",
        )


def rejected_table(rows: list[Rejected], title: str, n: int | None = None) -> None:
    """The rows by line; of more than are listed, how many there are in all."""
    if rows:
        n = n or len(rows)
        listed = f", the first {len(rows):,} here" if n > len(rows) else ""
        with st.expander(f"{title}: {n:,}{listed}", expanded=title.startswith("Rejected")):
            has_files = any(row.file for row in rows)
            st.dataframe(
                [
                    {"Line": r.line, "Field": r.field, "Reason": r.reason}
                    | ({"File": r.file} if has_files else {})
                    for r in rows[:1000]
                ],
                hide_index=True,
            )


def stored_table() -> None:
    sets = stored_sets(state.database().artifacts)
    if sets:
        st.dataframe(
            [{"Stored set": s.name, "Problems": s.n_problems, "File": str(s.path)} for s in sets],
            hide_index=True,
        )
