"""What a commit would spend, the dialog that makes it, and afterwards what it bound."""

import numpy as np
import streamlit as st

from app import difficulty_data, state, thresholds, widgets
from engine import plans, runs
from engine.errors import EngineError
from engine.store.reads import Estimates


def offer(
    chosen: state.Selected, e: Estimates, now: thresholds.Setting, classes: np.ndarray, bound: dict | None, stored: difficulty_data.Stored
) -> None:
    """The plan in short, then the button that commits it; after the commit, what it bound."""
    missing = not_recorded(chosen, now)
    budget = budget_left(chosen, len(classes) + e.n_pending)
    if not bound:
        thresholds.plan_in_short(classes, budget, now.strategy, n_not_recorded=missing)
        ready = stored[0] >= chosen.config.problems.n_train * chosen.config.sampling.n_presample
        why = None if ready else "The pre-samples are not complete yet."
        if st.button("Commit …", type="primary", width="stretch", disabled=not ready, help=why):
            confirm(chosen, now, classes, budget)
        return
    as_bound, n_moved = difficulty_data.bound_classes(chosen.run_id, chosen.iteration, stored)
    thresholds.plan_in_short(as_bound, budget, now.strategy, n_not_recorded=missing)
    if n_moved:
        thresholds.class_figures(as_bound)
        st.caption(f"As committed. Verdicts were overridden since. Problems that would be in another class now: {n_moved:,}. Fork to use that.")
    st.success(f"Committed by {bound['made_by']} at {bound['made_at']:%Y-%m-%d %H:%M} UTC.", icon=":material/lock:")
    widgets.link("plan.py", "The plan")
    if st.button("Fork this iteration", width="stretch", help="A new run on the same pre-samples, to be committed in another way."):
        state.select(runs.fork(state.store(), chosen.run_id, chosen.iteration), chosen.iteration)
        st.rerun()


def budget_left(chosen: state.Selected, n_problems: int) -> int:
    """What is left to hand out; nothing where tuning and calibration took more than that."""
    try:
        return plans.budget_left(state.store(), chosen.config, chosen.run_id, chosen.iteration, n_problems)
    except EngineError as error:
        st.warning(str(error), icon=":material/error:")
        return 0


def not_recorded(chosen: state.Selected, now: thresholds.Setting) -> int:
    """Responses of the even spread that a recording does not have; 0 for any other run."""
    if not chosen.config.is_recorded:
        return 0
    plan = plans.plan(state.store(), chosen.run_id, chosen.iteration, tau_l=now.tau_l, tau_h=now.tau_h, mode=now.mode, strategy=now.strategy)
    return plan.info["n_not_recorded"]


@st.dialog("Commit this plan?")
def confirm(chosen: state.Selected, now: thresholds.Setting, classes: np.ndarray, budget: int) -> None:
    st.markdown(f"Thresholds **{now.tau_l:.3f}** and **{now.tau_h:.3f}**, mode **{now.mode}**, strategy **{now.strategy}**.")
    thresholds.class_figures(classes)
    thresholds.plan_in_short(classes, budget, now.strategy, n_not_recorded=not_recorded(chosen, now))
    st.caption("A commit binds: the plan never changes again. Another plan on the same pre-samples is a fork.")
    if st.button("Commit and resample", type="primary"):
        try:
            plans.commit(state.store(), chosen.run_id, chosen.iteration, tau_l=now.tau_l, tau_h=now.tau_h, mode=now.mode,
                        strategy=now.strategy, made_by=state.tab_id())  # fmt: skip
            state.runner().submit(chosen.run_id, chosen.iteration, "resample")
        except EngineError as error:
            st.session_state["said"] = str(error)
        st.rerun()
