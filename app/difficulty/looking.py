"""The plot by another reward model that read the same responses: a look, of which nothing is part
of the run.
"""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app import inert, state
from app.components.difficulty_plot import Lines, PlotData, Selection, Thresholds, difficulty_plot
from app.difficulty import choice, columns, selection
from app.difficulty.calibration import against_labels
from app.labels import distinct
from app.reward_names import names_of
from engine import store
from engine.figures.rewards import has_bounds
from engine.method.difficulty import classify, deciding_mode
from engine.method.scale import Scale, scale_of
from engine.method.suggestions import quantile_thresholds
from engine.store.samples import Estimates
from engine.study.handle import Iteration
from engine.types import Choice

CAP = 10_000
"""Selected problems that the plot names."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A reward model that is looked at in place of the run's own."""

    prm_id: str
    name: str
    own: str
    """What the run's own is called; empty where it has none."""


def picker(chosen: Iteration) -> Looked | None:
    """Draw the choice of reward model. Returns: the one that is looked at; None for the run's own.
    Nothing is drawn where no other one read the pre-samples.
    """
    paths = store.rewards.of_presamples(chosen)
    own_id = chosen.run.prm_id
    names = distinct(dict(zip(paths, names_of(paths))))
    own = names.get(own_id, "")
    others = [prm_id for prm_id in names if prm_id != own_id]
    if not others:
        return None
    picked = st.selectbox(
        "Process reward of",
        [own_id, *others],
        format_func=lambda id: names.get(id, "no reward model") + _whose(id, own_id),
        key=_key(chosen),
        width=420,
        help="Reward models that read the same responses, in runs that share them.",
    )
    return None if picked == own_id else Looked(picked, names[picked], own)


def draw(chosen: Iteration, now: Choice, look: Looked) -> None:
    """The plot, its counts and the selected problems by another reward model, with lines of its
    own.
    """
    own = f"**{inert.markdown(look.own)}**" if look.own else "accuracy alone"
    st.info(
        f"**{inert.markdown(look.name)}** is looked at. The run goes by {own}: nothing of it"
        " changes, and nothing can be committed before you are back.",
        icon=":material/visibility:",
    )
    st.button(
        "Back to the run's own",
        icon=":material/undo:",
        on_click=st.session_state.pop,
        args=[_key(chosen), None],
    )
    known = columns.stored(chosen, look.prm_id)
    e, data = columns.columns(chosen.run_id, chosen.number, known, look.prm_id)
    if not len(e.problem_ids):
        st.caption("It has read all pre-samples of no problem yet.")
        return
    home = _start(e, look)
    lines = st.session_state.get(_lines(chosen, look), home)
    mode = deciding_mode(now.mode, e.phi_r)
    classes = (
        columns.classes_by_posterior(chosen.run_id, chosen.number, known, look.prm_id)
        if mode == "posterior"
        else classify(e.n_correct, e.n, e.phi_r, tau_l=lines[0], tau_h=lines[1], mode=mode)
    )
    _plot(chosen, look, e, data, home, lines, mode, classes)
    st.caption(
        f"{len(e.problem_ids):,} problems that it read whole"
        + (f", {e.n_pending:,} that it did not." if e.n_pending else ".")
        + " The lines begin where they cut half of each outer strip, and hold for this look."
    )
    choice.class_figures(classes)
    _against_own(chosen, now, e, classes, look)
    if st.toggle("Against reference labels of 12 responses", key=f"{_key(chosen)}_labels"):
        against_labels(chosen, lines, known, look.prm_id)
    selection.selection(chosen, e, classes, None, locked=True)


def _plot(
    chosen: Iteration,
    look: Looked,
    e: Estimates,
    data: PlotData,
    home: tuple[float, float],
    lines: tuple[float, float],
    mode: str,
    classes: np.ndarray,
) -> None:
    echo = st.session_state.setdefault("look_echo", {"seq": 0, "have": ()})

    def moved(released: Thresholds) -> None:
        st.session_state["look_echo"] = {"seq": released.seq, "have": released.have}
        st.session_state[_lines(chosen, look)] = (released.tau_l, released.tau_h)

    def picked(selected: Selection) -> None:
        echo["have"] = selected.have
        selection.pick(chosen, selected, e)

    difficulty_plot(
        data,
        tau_l=lines[0],
        tau_h=lines[1],
        mode=mode,
        seq=echo["seq"],
        have=echo["have"],
        key="plot_look",
        on_tau=moved,
        on_pick=picked,
        on_need=lambda: echo.update(have=()),
        home=Lines("half of each outer strip", *home),
        score=f"process reward of {look.name}",
        question_of=lambda row: store.problems.questions(
            state.database(), [str(e.problem_ids[row])]
        )[0],
        classes=classes,
        cap=CAP,
    )


def _against_own(
    chosen: Iteration, now: Choice, e: Estimates, classes: np.ndarray, look: Looked
) -> None:
    """How many problems the run's own reward model puts into another class."""
    own, _ = columns.columns(chosen.run_id, chosen.number, columns.stored(chosen))
    mode = deciding_mode(now.mode, own.phi_r)
    by_own = classify(own.n_correct, own.n, own.phi_r, tau_l=now.tau_l, tau_h=now.tau_h, mode=mode)
    _, here, there = np.intersect1d(
        e.problem_ids, own.problem_ids, assume_unique=True, return_indices=True
    )
    n_other = int((classes[here] != by_own[there]).sum())
    st.caption(
        f"{n_other:,} of {len(here):,} problems are in another class than by"
        f" {inert.markdown(look.own) if look.own else 'accuracy alone'} at the run's own lines."
    )


def _start(e: Estimates, look: Looked) -> tuple[float, float]:
    """Where its lines begin: half of each outer strip is cut."""
    scale: Scale = scale_of(e.phi_r, is_bounded=has_bounds(look.prm_id))
    halves = quantile_thresholds(e.n_correct, e.n, e.phi_r, scale=scale)
    return scale.within(halves.tau_l.value), scale.within(halves.tau_h.value)


def _whose(prm_id: str, own_id: str) -> str:
    return " · the run's own" if prm_id == own_id else ""


def _key(chosen: Iteration) -> str:
    return f"look_{chosen.run_id}_{chosen.number}"


def _lines(chosen: Iteration, look: Looked) -> str:
    """Session entry with where its lines stand."""
    return f"{_key(chosen)}_{look.prm_id}"
