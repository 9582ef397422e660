"""Where is the boundary of this policy, and what would it cost to sample there?"""

import numpy as np
import pandas as pd
import streamlit as st

from app import inert, panels, state, thresholds, widgets
from app.components.difficulty_plot import MAX_TEXTS, Lines, Selection, Thresholds, difficulty_plot, plot_data
from app.recorded_in import score_name, signal_note
from app.response_card import response_table
from app.tuning_in import tuning_panel
from engine import plans, runs
from engine.errors import EngineError
from engine.method.difficulty import class_counts, classify, deciding_mode
from engine.store import job_rows, reads

CAP = 500


@st.cache_resource(show_spinner=False, max_entries=8)
def columns(run_id: str, iteration: int, n_judged: int, n_overrides: int):
    """The page's data; n_judged and n_overrides are what makes it new."""
    db = state.store()
    e = reads.estimates(db, run_id, iteration)
    ids = e.problem_ids.tolist()
    texts = reads.questions(db, ids) if len(ids) <= MAX_TEXTS else None
    return e, plot_data(e.n_correct, e.n, np.nan_to_num(e.phi_r, nan=0.5), ids, texts)


@st.cache_resource(show_spinner=False, max_entries=8)
def classes_by_posterior(run_id: str, iteration: int, n_judged: int, n_overrides: int) -> np.ndarray:
    """Kept, because no threshold changes them and a million take two seconds."""
    e, _ = columns(run_id, iteration, n_judged, n_overrides)
    return classify(e.n_correct, e.n, e.phi_r, tau_l=0, tau_h=1, mode="posterior")


@st.cache_resource(show_spinner=False, max_entries=8)
def bound_classes(run_id: str, iteration: int, n_judged: int, n_overrides: int) -> tuple[np.ndarray, int]:
    """Classes as committed, and how many problems would be in another one now that verdicts are overridden."""
    bound, (e, _) = reads.commit(state.store(), run_id, iteration), columns(run_id, iteration, n_judged, n_overrides)
    classes = classify(e.n_correct, e.n, e.phi_r, tau_l=bound["tau_l"], tau_h=bound["tau_h"], mode=bound["mode"])
    committed = reads.committed_classes(state.store(), run_id, iteration)
    before = pd.Series(committed["difficulty"], committed["problem_id"]).reindex(e.problem_ids)
    n_moved = int((before.to_numpy() != classes).sum())
    return committed["difficulty"], n_moved


def draw(chosen: state.Selected, run: dict) -> tuple[thresholds.Setting, reads.Estimates, tuple] | None:
    """What responses, verdicts and thresholds change: the fragment that is drawn anew when a threshold is released.

    Returns: what the panels are asked; None before the first problem is finished.
    """
    db = state.store()
    n_judged = reads.n_judged(db, chosen.row["presample_set"], "train", chosen.run_id, chosen.iteration, run["prm_id"])
    stored = (n_judged, reads.n_overrides(db))
    e, data = columns(chosen.run_id, chosen.iteration, *stored)
    bound = reads.commit(db, chosen.run_id, chosen.iteration)
    last = thresholds.last_commit(chosen)
    if not len(e.problem_ids):
        st.info(f"No problem is finished yet; {e.n_pending} are pending. Points appear as responses come in.", icon=":material/hourglass_empty:")
        return None
    now = thresholds.current(chosen, bound, last)
    panels.follow(now, stored)
    decides = deciding_mode(now.mode, e.phi_r)
    if decides == "posterior":
        classes = classes_by_posterior(chosen.run_id, chosen.iteration, *stored)
    else:
        classes = classify(e.n_correct, e.n, e.phi_r, tau_l=now.tau_l, tau_h=now.tau_h, mode=decides)
    left, right = st.columns([5, 2], gap="medium")
    with right:
        thresholds.controls(now, decides, locked=bound is not None)
        offer(chosen, e, now, classes, bound, stored)
    with left:
        st.session_state.setdefault("plot_echo", {"seq": 0, "have": ()})
        echo = st.session_state["plot_echo"]
        difficulty_plot(
            data, tau_l=now.tau_l, tau_h=now.tau_h, mode=decides, seq=echo["seq"], have=echo["have"], key="plot",
            on_tau=lambda t: moved(t, locked=bound is not None), on_pick=lambda s: picked(s, e), on_need=needed,
            locked=bound is not None, home=home(chosen, last), ghosts=earlier_commits(chosen, run, last), score=score_name(chosen.config),
            question_of=lambda row: reads.questions(db, [str(e.problem_ids[row])])[0], classes=classes, cap=CAP,
        )  # fmt: skip
        pending = f" {e.n_pending:,} problems are pending and not classified." if e.n_pending else ""
        how = "" if rows_picked(e) else " Click a point, draw a box or a lasso, or press a class above the plot, to see the problems behind it."
        st.caption(f"{len(e.problem_ids):,} problems, {int(e.n[0])} responses each.{pending} {signal_note(chosen.config)}{how}")
    selection(chosen, e, classes)
    return now, e, stored


def home(chosen: state.Selected, last: dict | None) -> Lines:
    """What Reset goes back to: the iteration before, else the configuration."""
    return Lines(*thresholds.start_of(chosen, last))


def earlier_commits(chosen: state.Selected, run: dict, last: dict | None) -> list[Lines]:
    """Lines to compare with: of the iteration before, and of the run this one was forked from."""
    found = {f"iteration {chosen.iteration - 1}": last}
    if run["forked_at"] == chosen.iteration:
        found[f"run {run['parent_id']}"] = reads.commit(state.store(), run["parent_id"], chosen.iteration)
    return [Lines(name, row["tau_l"], row["tau_h"]) for name, row in found.items() if row and row["mode"] not in thresholds.WITHOUT_LINES]


def moved(released: Thresholds, *, locked: bool) -> None:
    st.session_state["plot_echo"] = {"seq": released.seq, "have": released.have}
    if not locked:
        state.keep(tau_l=released.tau_l, tau_h=released.tau_h)


def picked(selected: Selection, e) -> None:
    st.session_state["plot_echo"]["have"] = selected.have
    ids = [str(e.problem_ids[row]) for row in selected.rows]
    st.session_state["picked"] = {"ids": ids, "rows": list(selected.rows), "total": selected.total}


def needed() -> None:
    st.session_state["plot_echo"]["have"] = ()


def offer(chosen: state.Selected, e, now: thresholds.Setting, classes: np.ndarray, bound: dict | None, stored: tuple) -> None:
    """What a commit would spend; after the commit, what it bound."""
    missing = not_recorded(chosen, now)
    budget = budget_left(chosen, len(classes) + e.n_pending)
    if not bound:
        thresholds.plan_in_short(classes, budget, now.strategy, n_not_recorded=missing)
    else:
        as_bound, n_moved = bound_classes(chosen.run_id, chosen.iteration, *stored)
        thresholds.plan_in_short(as_bound, budget, now.strategy, n_not_recorded=missing)
        if n_moved:
            thresholds.class_figures(as_bound)
            st.caption(f"As committed. Verdicts were overridden since. Problems that would be in another class now: {n_moved:,}. Fork to use that.")
    if bound:
        st.success(f"Committed by {bound['made_by']} at {bound['made_at']:%Y-%m-%d %H:%M} UTC.", icon=":material/lock:")
        widgets.link("plan.py", "The plan")
        if st.button("Fork this iteration", width="stretch", help="A new run on the same pre-samples, to be committed in another way."):
            state.select(runs.fork(state.store(), chosen.run_id, chosen.iteration), chosen.iteration)
            st.rerun()
        return
    ready = stored[0] >= chosen.config.problems.n_train * chosen.config.sampling.n_presample
    if st.button("Commit …", type="primary", width="stretch", disabled=not ready, help=None if ready else "The pre-samples are not complete yet."):
        confirm(chosen, now, classes, budget)


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
def confirm(chosen: state.Selected, now: thresholds.Setting, classes, budget: int) -> None:
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


def rows_picked(e) -> list[int]:
    """Rows of the picked problems; an id whose row is another one since more problems are finished is looked up."""
    picked, n = st.session_state.get("picked", {"ids": [], "rows": []}), len(e.problem_ids)
    if any(row >= n or e.problem_ids[row] != id for id, row in zip(picked["ids"], picked["rows"])):
        row_of = {id: row for row, id in enumerate(e.problem_ids.tolist())}
        picked["ids"] = [id for id in picked["ids"] if id in row_of]
        picked["rows"] = [row_of[id] for id in picked["ids"]]
    return picked["rows"]


def selection(chosen: state.Selected, e, classes: np.ndarray) -> None:
    """The problems picked on the plot, then the responses behind the one that is opened."""
    at = rows_picked(e)
    if not at:
        return
    names, ids = list(class_counts(classes)), e.problem_ids[at].tolist()
    score = score_name(chosen.config).capitalize() or "Score"
    rows = [
        {"Problem": id, "Class": names[c].capitalize(), "Correct": f"{k} / {n}", score: round(float(r), 3), "Question": q}
        for id, c, k, n, r, q in zip(ids, classes[at], e.n_correct[at], e.n[at], e.phi_r[at], reads.questions(state.store(), ids))
    ]  # fmt: skip
    total = st.session_state["picked"]["total"]
    st.subheader(f"{total:,} selected" + (f", {len(rows):,} of them shown" if total > len(rows) else ""))
    row = widgets.chosen_row(rows, key="picked_table", about=(chosen.run_id, chosen.iteration, ids))
    if row is not None or len(rows) == 1:
        response_table(chosen, problem_id=rows[row or 0]["Problem"])


chosen = widgets.need_run()
st.title("Difficulty")
if said := st.session_state.pop("said", None):
    st.warning(inert.markdown(said), icon=":material/lock:")
if not runs.is_tuned(state.store(), chosen.run_id, chosen.iteration):
    tuning_panel(chosen)
    st.stop()
bound = reads.commit(state.store(), chosen.run_id, chosen.iteration)
thresholds.choices(
    thresholds.current(chosen, bound, thresholds.last_commit(chosen)), locked=bound is not None, modes=thresholds.modes_of(chosen)
)
job = job_rows.find(state.store(), chosen.run_id, chosen.iteration, "presample", {})
is_live = job is not None and job["state"] in ("running", "queued")
st.session_state[panels.DRAWN] = None
question = st.fragment(draw, run_every=2 if is_live else None)(chosen, reads.run(state.store(), chosen.run_id))
panels.panels(chosen, question, locked=bound is not None)
