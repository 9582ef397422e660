"""Where is the boundary of this policy, and what would it cost to sample there?"""

import numpy as np
import streamlit as st

from app import inert, state, unanswered, unscored, widgets
from app.components.difficulty_plot import (
    Lines,
    PlotData,
    Selection,
    Thresholds,
    difficulty_plot,
)
from app.data.recorded import score_name, signal_note
from app.difficulty import choice, columns, decisions, looking, panels, selection
from app.difficulty.commit import offer
from app.difficulty.tuning import tuning_panel
from app.streamlit_internals.room import split
from engine import store
from engine.method.difficulty import classify, deciding_mode
from engine.method.reach import highest_rate, unreached
from engine.store.commits import Commit
from engine.store.samples import Estimates
from engine.study.decisions import forced
from engine.study.handle import Iteration
from engine.study.progress import is_tuned
from engine.types import Choice, JobKind, Mode

CAP = 10_000
"""Selected problems that the plot names; of more it says how many there are."""
MOST_MARKED = 2_000
"""Problems that a condition selects which are marked on the plot; of more at even distances."""


def draw(chosen: Iteration, look: looking.Looked | None) -> tuple[Choice, Estimates, tuple] | None:
    """What responses, verdicts and thresholds change: the fragment that is drawn anew when a
    threshold is released.

    Returns: what the panels are asked; None before the first problem is finished, and where
    another reward model than the run's own is looked at.
    """
    if look is not None:
        now = choice.current(chosen, store.commits.find(chosen), choice.last_commit(chosen))
        looking.draw(chosen, now, look)
        return None
    stored = columns.stored(chosen)
    e, data = columns.columns(chosen.run_id, chosen.number, stored)
    if not len(e.problem_ids):
        st.info(
            f"No problem is finished yet; {e.n_pending} are pending. Points appear as responses"
            " come in.",
            icon=":material/hourglass_empty:",
        )
        return None
    commit = store.commits.find(chosen)
    last = choice.last_commit(chosen)
    now = choice.current(chosen, commit, last)
    asked = (*stored, store.decisions.n_rows(chosen))
    panels.follow(now, asked)
    decides = deciding_mode(now.mode, e.phi_r)
    estimated = classes_now(chosen, e, now, decides, stored)
    classes = forced(chosen, e.problem_ids, estimated)
    left, right = split("difficulty")
    with left:
        place, field = st.container(), st.container()
    fit = selection.by_condition(chosen, e, classes, field)
    with right:
        scale = choice.scale_of_page(chosen)
        choice.controls(now, decides, locked=commit is not None, scale=scale)
        offer(chosen, e, now, classes, commit, stored)
    with place:
        plot(chosen, e, data, now, decides, estimated, last, fit, locked=commit is not None)
        plot_caption(chosen, e, fit)
        unanswered.note(chosen)
        unscored.note(chosen)
        decisions.note(chosen)
    selection.selection(chosen, e, classes, fit, locked=commit is not None)
    return now, e, asked


def classes_now(
    chosen: Iteration, e: Estimates, now: Choice, decides: Mode, stored: columns.Stored
) -> np.ndarray:
    """The class of every problem under the setting on screen, whatever a person decided."""
    if decides == "posterior":
        return columns.classes_by_posterior(chosen.run_id, chosen.number, stored)
    return classify(e.n_correct, e.n, e.phi_r, tau_l=now.tau_l, tau_h=now.tau_h, mode=decides)


def plot_caption(chosen: Iteration, e: Estimates, fit: list[int] | None) -> None:
    """How many problems are shown and what is pending; how to pick some, where none is picked."""
    pending = f" {e.n_pending:,} problems are pending and not classified." if e.n_pending else ""
    how = (
        ""
        if fit is not None or selection.picked_rows(chosen, e)
        else (
            " Click a point, draw a box or a lasso, press a class above the plot, or say where, to"
            " see the problems behind it."
        )
    )
    st.caption(
        f"{len(e.problem_ids):,} problems, {int(e.n[0])} responses each.{pending}"
        f" {signal_note(chosen.config)}{how}"
    )
    if n_before := store.problems.n_drawn_before(chosen):
        st.caption(f"{n_before:,} of these problems were drawn in an earlier iteration, too.")
    if n_unreached := int(unreached(e.n_correct, e.n).sum()):
        st.caption(
            f"{n_unreached:,} unreached: none of their {int(e.n[0])} responses is right, which"
            f" leaves a pass rate of at most {float(highest_rate(e.n[0])):.0%} (95 %)."
        )


def plot(
    chosen: Iteration,
    e: Estimates,
    data: PlotData,
    now: Choice,
    decides: Mode,
    classes: np.ndarray,
    last: Commit | None,
    fit: list[int] | None,
    *,
    locked: bool,
) -> None:
    echo = st.session_state.setdefault("plot_echo", {"seq": 0, "have": ()})
    difficulty_plot(
        data,
        tau_l=now.tau_l,
        tau_h=now.tau_h,
        mode=decides,
        seq=echo["seq"],
        have=echo["have"],
        key="plot",
        on_tau=lambda released: moved(released, locked=locked),
        on_pick=lambda selected: picked(chosen, selected, e),
        on_need=needed,
        locked=locked,
        home=Lines(*choice.start_of(chosen, last)),
        ghosts=earlier_commits(chosen, last),
        score=score_name(chosen.config),
        question_of=lambda row: store.problems.questions(
            state.database(), [str(e.problem_ids[row])]
        )[0],
        classes=classes,
        marked=None if fit is None else selection.sample(fit, MOST_MARKED),
        cap=CAP,
    )


def earlier_commits(chosen: Iteration, last: Commit | None) -> list[Lines]:
    """Lines to compare with: of the iteration before, and of the run this one was forked from."""
    run = chosen.run
    commits = {f"iteration {chosen.number - 1}": last}
    if run.parent_id is not None and run.forked_at == chosen.number:
        commits[f"run {run.parent_id}"] = store.commits.find(
            Iteration(state.database(), run.parent_id, chosen.number)
        )
    return [
        Lines(name, row.tau_l, row.tau_h)
        for name, row in commits.items()
        if row and row.mode not in choice.WITHOUT_LINES
    ]


def moved(released: Thresholds, *, locked: bool) -> None:
    st.session_state["plot_echo"] = {"seq": released.seq, "have": released.have}
    if not locked:
        state.keep(tau_l=released.tau_l, tau_h=released.tau_h)


def picked(chosen: Iteration, selected: Selection, e: Estimates) -> None:
    st.session_state["plot_echo"]["have"] = selected.have
    selection.pick(chosen, selected, e)


def needed() -> None:
    st.session_state["plot_echo"]["have"] = ()


chosen = widgets.need_run()
st.title("Difficulty")
if said := st.session_state.pop("said", None):
    st.warning(inert.markdown(said), icon=":material/lock:")
if not is_tuned(chosen):
    tuning_panel(chosen)
    st.stop()
commit = store.commits.find(chosen)
above = st.container()
look = looking.picker(chosen)
with above:
    choice.pickers(
        choice.current(chosen, commit, choice.last_commit(chosen)),
        locked=commit is not None or look is not None,
        modes=choice.modes_of(chosen),
    )
job = store.jobs.find_same(chosen, JobKind.PRESAMPLE)
is_live = job is not None and job.is_unfinished
st.session_state[panels.DRAWN] = None
question = st.fragment(draw, run_every=2 if is_live else None)(chosen, look)
panels.panels(chosen, question, locked=commit is not None)
