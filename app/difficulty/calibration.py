"""How far to trust the estimate: thresholds the data suggest, a calibration subset, every mode
against its reference labels.
"""

from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
import streamlit as st

from app import inert, state, visitor, widgets
from app.difficulty import suggested_rules
from app.difficulty.choice import MODE_NAMES, scale_of_page
from engine import store
from engine.errors import EngineError
from engine.figures.estimation import EstimationReport, ModeReport, estimation
from engine.figures.offers import Offer, most_pairs, offer
from engine.method.intervals import Interval
from engine.method.posterior import FEW, posterior
from engine.method.scale import Scale
from engine.method.suggestions import (
    N_LABEL,
    Suggestion,
    likeliest_thresholds,
    quantile_thresholds,
)
from engine.store.samples import Estimates
from engine.study import calibration, plans
from engine.study.handle import Iteration
from engine.study.thresholds import scale_at
from engine.types import Choice, Difficulty, JobKind, Mode

MOST_TRIED = 10_000
"""Problems up to which a grid of thresholds is tried for the most expected pairs: a second or
two.
"""


@st.cache_data(show_spinner="Measuring the estimates", max_entries=16)
def _report(
    run_id: str,
    iteration: int,
    tau_l: float,
    tau_h: float,
    stored: tuple,
    prm_id: str | None = None,
) -> EstimationReport | None:
    """stored: what makes the same question a new one."""
    it = Iteration(state.database(), run_id, iteration)
    return estimation(it, tau_l=tau_l, tau_h=tau_h, prm_id=prm_id)


@st.cache_data(show_spinner=False, max_entries=16)
def _quantiles(run_id: str, iteration: int, stored: tuple, _e: Estimates) -> Suggestion:
    scale = scale_at(Iteration(state.database(), run_id, iteration), _e)
    return quantile_thresholds(_e.n_correct, _e.n, _e.phi_r, scale=scale)


def calibration_panel(
    chosen: Iteration, now: Choice, e: Estimates, stored: tuple, *, locked: bool
) -> None:
    """Suggestions, the order form, and the report once labels are there."""
    known = (*stored, *store.side_samples.counts(chosen).values())
    bought = lambda choice: _bought(chosen, choice, known)
    st.caption(f"Now: {bought(now)}.")
    if chosen.config.has_rewards:
        if now.mode in ("both", "reward") and len(e.problem_ids) <= MOST_TRIED:
            _most_pairs_line(chosen, now, known, locked=locked)
        if now.mode in ("both", "reward") and len(e.problem_ids) >= FEW:
            _likeliest_line(chosen, now, known, stored, e, locked=locked)
        _suggestion(
            "Half of each outer strip is cut",
            _quantiles(chosen.run_id, chosen.number, stored, e),
            "quantile",
            scale=scale_of_page(chosen),
            locked=locked,
            bought=lambda taus: bought(replace(now, **taus)),
        )
    suggested_rules.lines(chosen, now, e, bought, locked=locked)
    if not locked and not chosen.config.is_recorded:
        _order(chosen, len(e.problem_ids) + e.n_pending, now, known)
    report = against_labels(chosen, (now.tau_l, now.tau_h), stored)
    if report is None:
        return
    for mode, suggestion in report.best.items():
        _suggestion(
            f"Meets most labels, {MODE_NAMES[mode].lower()}",
            suggestion,
            f"best_{mode}",
            scale=scale_of_page(chosen),
            locked=locked,
            bought=lambda taus, mode=mode: bought(replace(now, mode=mode, **taus)),
        )


def against_labels(
    chosen: Iteration, lines: tuple[float, float], stored: tuple, prm_id: str | None = None
) -> EstimationReport | None:
    """Draw how well the classes of every mode meet the reference labels.

    Args:
        lines: the low and the high threshold.
        prm_id: a reward model that is looked at; None for the run's own.
    """
    n_labelled = 0 if chosen.config.is_recorded else len(calibration.reference_counts(chosen)[0])
    report = _report(chosen.run_id, chosen.number, *lines, (*stored, n_labelled), prm_id)
    if report is None:
        st.caption(
            "Labels come from 12 responses per problem that no estimate has seen. None is there"
            " yet."
        )
    else:
        _report_table(report)
    return report


@st.cache_data(show_spinner=False, max_entries=64)
def _offer(run_id: str, iteration: int, choice: Choice, known: tuple, side: int = 0) -> dict:
    """known: what makes the same question a new one."""
    return asdict(offer(Iteration(state.database(), run_id, iteration), choice, side=side))


@st.cache_data(show_spinner="Trying thresholds", max_entries=16)
def _most_pairs(run_id: str, iteration: int, choice: Choice, known: tuple) -> tuple[float, float]:
    best, _ = most_pairs(Iteration(state.database(), run_id, iteration), choice)
    return best.tau_l, best.tau_h


def _bought(chosen: Iteration, choice: Choice, known: tuple, side: int = 0) -> str:
    """Expected pairs and further responses by class of a choice; why there are none."""
    try:
        offer = Offer(**_offer(chosen.run_id, chosen.number, choice, known, side))
    except EngineError as error:
        return inert.markdown(str(error))
    counts = ", ".join(f"{n:,} to {name}" for name, n in offer.n_responses.items() if n)
    return f"**{offer.expected_pairs:,.0f} expected pairs**; responses: {counts or 'none'}"


def _cost(chosen: Iteration, choice: Choice, known: tuple, side: int) -> str:
    """What responses beside the plan cost in expected pairs; "" where there is no plan."""
    try:
        without, left = (
            Offer(**_offer(chosen.run_id, chosen.number, choice, known, n)).expected_pairs
            for n in (0, side)
        )
    except EngineError:
        return ""
    return f" and cost {max(without - left, 0):,.0f} of {without:,.0f} expected pairs"


def _most_pairs_line(chosen: Iteration, now: Choice, known: tuple, *, locked: bool) -> None:
    scale = scale_of_page(chosen)
    at = replace(now, tau_l=scale.low, tau_h=scale.high)
    try:
        tau_l, tau_h = _most_pairs(chosen.run_id, chosen.number, at, known)
    except EngineError as error:
        st.caption(inert.markdown(str(error)))
        return
    best = replace(now, tau_l=tau_l, tau_h=tau_h)
    _line(
        f"Most expected pairs of a grid over both strips: τ low **{scale.text(tau_l)}**, τ high"
        f" **{scale.text(tau_h)}**.  \n{_bought(chosen, best, known)}",
        "pairs",
        {"tau_l": scale.text(tau_l), "tau_h": scale.text(tau_h)},
        locked=locked,
    )


@st.cache_data(show_spinner="Trying thresholds", max_entries=16)
def _likeliest(
    run_id: str, iteration: int, mode: Mode, stored: tuple, _e: Estimates
) -> tuple[float, float, float]:
    scale = scale_at(Iteration(state.database(), run_id, iteration), _e)
    chances = posterior(_e.n_correct, _e.n, _e.phi_r, m_more=0)
    columns = [chances[name] for name in ("p_inlier", "p_boundary", "p_outlier")]
    return likeliest_thresholds(
        _e.n_correct, _e.n, _e.phi_r, np.stack(columns, axis=1), mode=mode, scale=scale
    )


def _likeliest_line(
    chosen: Iteration, now: Choice, known: tuple, stored: tuple, e: Estimates, *, locked: bool
) -> None:
    scale = scale_of_page(chosen)
    tau_l, tau_h, share = _likeliest(chosen.run_id, chosen.number, now.mode, stored, e)
    taus = {"tau_l": scale.within(tau_l), "tau_h": scale.within(tau_h)}
    low, high = (scale.text(tau) for tau in taus.values())
    _line(
        f"Most agreement, as the posterior expects it of labels that nobody has drawn: τ low"
        f" **{low}**, τ high **{high}**, {share:.1%}.  \n"
        f"{_bought(chosen, replace(now, **taus), known)}",
        "likeliest",
        {"tau_l": low, "tau_h": high},
        locked=locked,
    )


def _order(chosen: Iteration, n_problems: int, now: Choice, known: tuple) -> None:
    left, right = widgets.columns([1, 2], least=widgets.LONG_FIELD, align="bottom")
    k = left.number_input(
        "Problems to calibrate on",
        1,
        n_problems,
        min(50, n_problems),
        key=f"n_calibrate_{chosen.run_id}_{chosen.number}",
    )
    try:
        budget = plans.budget_left(chosen, n_problems)
    except EngineError as error:
        right.caption(inert.markdown(str(error)))
        return
    more = max(k - calibration.n_ordered(chosen), 0) * N_LABEL
    visitor.button(
        right,
        f"Sample {more:,} of the remaining {budget:,} responses",
        disabled=not 0 < more <= budget,
        on_click=state.submit,
        args=[chosen, JobKind.CALIBRATE, {"n_problems": int(k)}],
    )
    if more > budget:
        st.caption(
            f"{more:,} responses ({N_LABEL} to each problem) are more than the rest of the budget."
        )
    elif more > 0:
        st.caption(
            f"Calibration responses give labels and no pairs{_cost(chosen, now, known, more)}. With"
            f" them the rest of the budget gives: {_bought(chosen, now, known, more)}."
        )


def _report_table(report: EstimationReport) -> None:
    labels = ", ".join(f"{n:,} {name.capitalize()}" for name, n in report.labels.items())
    st.markdown(f"**{report.n_labelled:,} problems with a label** of 12 responses: {labels}.")
    st.dataframe([_row(m) for m in report.modes], hide_index=True)
    if not report.posterior_fitted:
        st.caption("Too few problems to fit the posterior: its classes are those of both signals.")
    if report.n_labelled < 290:
        st.caption(
            "To prove that one mode is five points better than another takes about 290 labelled"
            " problems."
        )


def _row(m: ModeReport) -> dict:
    names = [d.name.capitalize() for d in Difficulty]
    cells = {
        f"{est} → {ref}": int(m.table[i, j])
        for i, est in enumerate(names)
        for j, ref in enumerate(names)
    }
    return {
        "Mode": MODE_NAMES[m.mode],
        "Agreement": _share(m.agreement),
        "Log loss": "" if m.log_loss is None else f"{m.log_loss.value:.3f}",
        **cells,
    }


def _suggestion(
    what: str,
    suggestion: Suggestion,
    name: str,
    *,
    scale: Scale,
    locked: bool,
    bought: Callable[[dict], str],
) -> None:
    """A suggestion, what it would buy, and the button that takes it."""
    met = (
        ""
        if suggestion.agreement is None
        else f", agreement {suggestion.agreement:.1%} on these very problems"
    )
    low, high = suggestion.tau_l, suggestion.tau_h
    taus = {"tau_l": scale.within(low.value), "tau_h": scale.within(high.value)}
    said = f"{what}: τ low **{_tau(low, scale)}**, τ high **{_tau(high, scale)}**{met}."
    query = {key: scale.text(tau) for key, tau in taus.items()}
    _line(f"{said}  \n{bought(taus)}", name, query, locked=locked)


def _line(said: str, name: str, taus: dict[str, str], *, locked: bool) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.markdown(said)
    right.button(
        "Use", key=f"use_{name}", disabled=locked, on_click=state.keep, kwargs=taus, width="stretch"
    )


def _tau(i: Interval, scale: Scale) -> str:
    return f"{scale.text(i.value)} [{scale.text(i.low)}, {scale.text(i.high)}]"


def _share(i: Interval) -> str:
    return f"{i.value:.1%} [{i.low:.1%}, {i.high:.1%}]"
