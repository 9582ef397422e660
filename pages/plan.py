"""What was committed, by whom, and what came of it?"""

import streamlit as st

from app import charts, inert, state, tags, widgets
from app.difficulty import decisions, drawing, selection
from app.difficulty.choice import MODE_NAMES
from app.next_step import next_step
from engine import store
from engine.method.reach import rate_in_words
from engine.method.strategies import strategies
from engine.store.commits import Commit, GivenCount
from engine.study.handle import Iteration


def committed_choice(commit: Commit) -> None:
    """The choice, as it stands for good."""
    with st.container(horizontal=True, gap="medium"):
        st.metric("τ low", f"{commit.tau_l:.3f}", width="content")
        st.metric("τ high", f"{commit.tau_h:.3f}", width="content")
        st.metric("Signals", MODE_NAMES[commit.mode], width="content")
        st.metric("Strategy", strategies()[commit.strategy].label, width="content")
    options = ", ".join(f"{name} {value}" for name, value in commit.options.items())
    who = inert.markdown(state.who(commit.made_by))
    st.caption(
        f"Committed by {who} at {commit.made_at:%Y-%m-%d %H:%M} UTC."
        + (f" Options: {options}." if options else "")
    )


def budget(chosen: Iteration, commit: Commit, given: list[GivenCount]) -> None:
    """Every response of N n: where it went, and what is still to come."""
    side = store.side_samples.counts(chosen)
    s, n = chosen.config.sampling, chosen.config.problems.n_train
    n_given = sum(row.n * row.n_more for row in given)
    parts = {
        "Pre-sampled": n * s.n_presample,
        **drawing.parts(chosen, n_given),
        "Later rounds": commit.n_later,
        "Unspent": commit.n_unspent,
        "Tuning": side["tune"],
        "Calibration": side["calibrate"],
    }
    st.subheader(f"{n * s.n:,} responses")
    widgets.small_table(
        [
            {"Part": name, "Responses": f"{count:,}"}
            for name, count in parts.items()
            if count or name == "Unspent"
        ]
    )
    if n_reused := store.resamples.n_reused(chosen):
        st.caption(
            f"{n_reused:,} of the resamples were drawn by another run with the same requests, and"
            " reused. They count in this budget as well."
        )


def by_class(given: list[GivenCount]) -> None:
    """How many further responses the problems of each class were given."""
    names = ["Inlier", "Boundary", "Outlier"]
    rows = [
        {
            "Class": names[row.difficulty],
            "Further responses": row.n_more,
            "Problems": row.n,
        }
        for row in given
    ]
    widgets.chart(
        charts.shares_given(given, names),
        rows,
        alt="Problems by further responses and class",
        key="given",
    )


def never_solved(chosen: Iteration) -> None:
    """Problems without a right response, and how high their pass rates can be; nothing where there
    is none.
    """
    counts = store.commits.unreached_counts(chosen)
    if not counts:
        return
    st.subheader(f"{sum(count.n_problems for count in counts):,} unreached")
    widgets.small_table(
        [
            {
                "Responses, all wrong": f"{count.n:,}",
                "Problems": f"{count.n_problems:,}",
                "Pass rate": rate_in_words(0, count.n),
            }
            for count in counts
        ]
    )
    st.caption("At any higher pass rate so many wrong ones happen in less than 5 % of cases.")


chosen = widgets.need_run()
st.title("Plan")
commit = store.commits.find(chosen)
if commit is None:
    st.info("Nothing is committed in this iteration yet.", icon=":material/info:")
    widgets.link("difficulty.py", "Go to Difficulty")
    selection.of_plan(chosen, locked=False)
    decisions.table(chosen, locked=False)
    tags.table(chosen)
    st.stop()
committed_choice(commit)
given = store.commits.given_counts(chosen)
left, right = widgets.columns(2, least=widgets.PART, gap="medium")
with left:
    budget(chosen, commit, given)
    drawing.what_came(chosen)
    next_step(chosen, "plan.py")
with right:
    by_class(given)
    never_solved(chosen)
selection.of_plan(chosen, locked=True)
decisions.table(chosen, locked=True)
tags.table(chosen)
if commit.n_pending:
    st.caption(f"{commit.n_pending:,} problems were pending and are in no class.")
