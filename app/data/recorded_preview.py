"""The first responses of a recording as an import would read them."""

import streamlit as st

from app import inert
from app.data.problems import rejected_table
from engine.problems.shapes import Parts
from engine.recorded.reading import Preview, misfit
from engine.recorded.shapes import Entry

N_PROBLEMS, N_RESPONSES, SHOWN_CHARS = 3, 8, 200


def show(preview: Preview) -> None:
    """Problems with their responses, and what was rejected among the first rows."""
    entries = preview.entries
    st.caption(
        f"Of the first {preview.n_rows:,} rows: {len(preview.problems):,} read,"
        f" {len(entries):,} responses, {sum(e.correct is not None for e in entries):,} with a flag,"
        f" {sum(e.scores is not None for e in entries):,} with scores."
    )
    for parts, responses in preview.problems[:N_PROBLEMS]:
        problem(parts, responses)
    unfit = [
        said
        for entry in entries
        if entry.scores and entry.kind == "steps" and (said := misfit(entry.scores, entry.text))
    ]
    if unfit:
        st.warning(f"{len(unfit):,} responses: {unfit[0]}", icon=":material/warning:")
    rejected_table(preview.rejected, "Rejected among the first rows")


def problem(parts: Parts, responses: list[Entry]) -> None:
    with st.container(border=True):
        st.markdown(inert.markdown(parts.question))
        st.caption(f"Answer: **{inert.markdown(parts.answer)}**")
        st.dataframe(
            [
                {
                    "Response": entry.text[:SHOWN_CHARS],
                    "Correct": entry.correct,
                    "Cut off": entry.truncated,
                    "Scores": _scores(entry),
                    "Tokens": entry.n_tokens,
                    "Index": entry.index,
                }
                for entry in responses[:N_RESPONSES]
            ],
            hide_index=True,
            width="stretch",
        )


def _scores(entry: Entry) -> str:
    if entry.scores is None:
        return ""
    listed = ", ".join(f"{score:g}" for score in entry.scores)
    return f"{listed} (outcome)" if entry.kind == "outcome" else listed
