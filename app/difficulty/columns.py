"""What the difficulty page says of an iteration, worked out once for as long as nothing new is
stored.
"""

import numpy as np
import streamlit as st

from app import state
from app.components.difficulty_plot import MAX_TEXTS, PlotData, plot_data
from engine import store
from engine.figures.rewards import has_bounds
from engine.method.difficulty import classify
from engine.method.planning import Handout, handout_of
from engine.method.scale import UNIT, Scale, scale_of
from engine.store.samples import Estimates
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.thresholds import scale_at
from engine.types import Choice

Stored = tuple[int, int]
"""Judged pre-samples of the iteration, and overrides of verdicts: what makes its figures new
ones.
"""


def stored(chosen: Iteration, prm_id: str | None = None) -> Stored:
    """prm_id: of another reward model than the run's own."""
    prm_id = chosen.run.prm_id if prm_id is None else prm_id
    n_judged = store.samples.n_judged(chosen, chosen.row.presample_set, prm_id)
    return n_judged, store.samples.n_overrides(state.database())


def read_ahead(chosen: Iteration) -> None:
    """Have the columns of complete pre-samples ready before the page is opened: of a million
    responses its first visit would wait for little else.
    """
    columns(chosen.run_id, chosen.number, stored(chosen))


@st.cache_resource(show_spinner=False, max_entries=8)
def columns(
    run_id: str, iteration: int, known: Stored, prm_id: str | None = None
) -> tuple[Estimates, PlotData]:
    """The estimates of every finished problem, and the plot's columns.

    Args:
        prm_id: of another reward model than the run's own.
    """
    db = state.database()
    it = Iteration(db, run_id, iteration)
    e = store.samples.estimates(it, prm_id)
    scale = scale_at(it, e) if prm_id is None else scale_of(e.phi_r, is_bounded=has_bounds(prm_id))
    ids = e.problem_ids.tolist()
    texts = store.problems.questions(db, ids) if len(ids) <= MAX_TEXTS else None
    span = (scale.low, scale.high, scale.digits)
    return e, plot_data(e.n_correct, e.n, heights(e, scale), ids, texts, span)


def heights(e: Estimates, scale: Scale = UNIT) -> np.ndarray:
    """Where points lie in the plot, inside the scale, shape (P,): at phi_r; those without a score
    spread evenly, among those of the same accuracy.
    """
    unscored = np.isnan(e.phi_r)
    height = np.where(unscored, scale.low, e.phi_r)
    for n_correct in np.unique(e.n_correct[unscored]):
        rows = np.flatnonzero(unscored & (e.n_correct == n_correct))
        share = (np.arange(len(rows)) + 0.5) / len(rows)
        height[rows] = scale.low + share * (scale.high - scale.low)
    return height


@st.cache_resource(show_spinner=False, max_entries=8)
def classes_by_posterior(
    run_id: str, iteration: int, known: Stored, prm_id: str | None = None
) -> np.ndarray:
    """Kept, because no threshold changes them and a million take two seconds. prm_id: as of
    columns.
    """
    e, _ = columns(run_id, iteration, known, prm_id)
    return classify(e.n_correct, e.n, e.phi_r, tau_l=0, tau_h=1, mode="posterior")


@st.cache_resource(show_spinner=False, max_entries=8)
def committed_classes(run_id: str, iteration: int, known: Stored) -> tuple[np.ndarray, int]:
    """Classes as committed, and how many problems would be in another one now that verdicts are
    overridden.
    """
    it = Iteration(state.database(), run_id, iteration)
    commit, (e, _) = store.commits.get(it), columns(run_id, iteration, known)
    classes = plans.classes(it, e, commit.choice)
    committed = store.commits.classes(it)
    ids = committed["problem_id"].astype(str)
    _, now, then = np.intersect1d(e.problem_ids, ids, assume_unique=True, return_indices=True)
    n_same = int((classes[now] == committed["difficulty"][then]).sum())
    return committed["difficulty"], len(classes) - n_same


@st.cache_resource(show_spinner=False, max_entries=32)
def handout(
    run_id: str, iteration: int, now: Choice, known: Stored, beside: tuple[int, ...]
) -> Handout:
    """What committing this setting would hand out: the plan itself, in short.

    Args:
        beside: side samples that were ordered, which count in the budget, and decisions.

    Raises: EngineError where there is no plan.
    """
    e, _ = columns(run_id, iteration, known)
    it = Iteration(state.database(), run_id, iteration)
    return handout_of(plans.plan(it, now, known=e))


def forget() -> None:
    """Work everything out anew: after a deletion counts may be what they once were."""
    for one in (columns, classes_by_posterior, committed_classes, handout):
        one.clear()
