"""What a commit would spend, the dialog that makes it, and afterwards what it bound."""

from dataclasses import replace

import numpy as np
import streamlit as st

from app import inert, state, visitor, widgets
from app.difficulty import choice, columns, decisions, drawing, options
from engine import store
from engine.config.backends import draws_itself
from engine.errors import EngineError
from engine.method.planning import Handout, handout
from engine.store.commits import Commit
from engine.store.samples import Estimates
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import fork
from engine.types import Choice, JobKind

MOST_AT_ONCE = 50_000
"""Problems up to which the plan stands beside the plot and follows the thresholds; above it, it is
worked out when it is asked for.
"""


def offer(
    chosen: Iteration,
    e: Estimates,
    now: Choice,
    classes: np.ndarray,
    commit: Commit | None,
    stored: columns.Stored,
) -> None:
    """The plan in short, then the button that commits it; after the commit, what it bound."""
    if commit:
        _committed(chosen, commit, stored)
    else:
        _to_commit(chosen, e, now, classes, stored)


def _to_commit(
    chosen: Iteration, e: Estimates, now: Choice, classes: np.ndarray, stored: columns.Stored
) -> None:
    if len(e.problem_ids) <= MOST_AT_ONCE:
        _plan_in_short(chosen, now, stored)
    else:
        st.caption(
            "The plan for so many problems takes seconds. It is worked out when you press the"
            " button, before anything binds."
        )
    ready = stored[0] >= chosen.config.problems.n_train * chosen.config.sampling.n_presample
    why = None if ready else "The pre-samples are not complete yet."
    if visitor.button(
        st, "Commit …", type="primary", width="stretch", disabled=not ready, help=why
    ):
        confirm(chosen, now, classes, stored)


def _committed(chosen: Iteration, commit: Commit, stored: columns.Stored) -> None:
    """What the commit bound, where verdicts would have it otherwise by now, and the fork."""
    as_committed, n_moved = columns.committed_classes(chosen.run_id, chosen.number, stored)
    choice.plan_in_short(_committed_handout(chosen, commit))
    if n_moved:
        choice.class_figures(as_committed)
        st.caption(
            "As committed. Verdicts were overridden since. Problems that would be in another class"
            f" now: {n_moved:,}. Fork to use that."
        )
    who = inert.markdown(state.who(commit.made_by))
    st.success(
        f"Committed by {who} at {commit.made_at:%Y-%m-%d %H:%M} UTC.",
        icon=":material/lock:",
    )
    widgets.link("plan.py", "The plan")
    if visitor.button(
        st,
        "Fork this iteration",
        width="stretch",
        help="A new run on the same pre-samples, to be committed in another way.",
    ):
        forked = fork(chosen)
        state.select(forked.run_id, forked.number)
        st.rerun()


def _plan_in_short(chosen: Iteration, now: Choice, stored: columns.Stored) -> bool:
    """What a commit would bind, asked of the plan itself; why there is none where there is none.
    Returns: whether there is one.
    """
    try:
        beside = (*store.side_samples.counts(chosen).values(), store.decisions.n_rows(chosen))
        choice.plan_in_short(columns.handout(chosen.run_id, chosen.number, now, stored, beside))
    except EngineError as error:
        st.warning(inert.markdown(str(error)), icon=":material/error:")
        return False
    return True


def _committed_handout(chosen: Iteration, commit: Commit) -> Handout:
    """What is unspent of a recorded run's plan was cut, unless no problem was to be resampled."""
    given = store.commits.given_counts(chosen)
    was_cut = chosen.config.is_recorded and store.commits.n_in_pool(chosen) > 0
    return handout(
        [(row.n_more, row.n) for row in given],
        n_later=commit.n_later,
        n_unspent=commit.n_unspent,
        n_not_recorded=commit.n_unspent if was_cut else 0,
    )


@st.dialog("Commit this plan?", on_dismiss="rerun")
def confirm(chosen: Iteration, now: Choice, classes: np.ndarray, stored: columns.Stored) -> None:
    decided_by = (
        "Accuracy alone decides, no threshold"
        if now.mode == "accuracy"
        else f"Thresholds **{now.tau_l:.3f}** and **{now.tau_h:.3f}**, mode **{now.mode}**"
    )
    st.markdown(f"{decided_by}, strategy **{now.strategy}**.")
    last = choice.last_commit(chosen)
    now = replace(now, options=options.now(now.strategy, last))
    options.fields(chosen, now, place="commit")
    choice.class_figures(classes)
    decisions.note(chosen)
    with st.spinner("Working out the plan"):
        ready = _plan_in_short(chosen, now, stored)
    st.caption(
        "A commit binds: the plan never changes again. Another plan on the same pre-samples is a"
        " fork."
    )
    drawing.say_when(chosen)
    draws = draws_itself(chosen.config.training.method)
    go = "Commit the plan" if draws else "Commit and resample"
    if visitor.button(st, go, type="primary", disabled=not ready):
        try:
            plans.commit(chosen, now, made_by=state.tab_id())
            if not draws:
                state.submit(chosen, JobKind.RESAMPLE)
        except EngineError as error:
            st.session_state["said"] = str(error)
        st.rerun()
