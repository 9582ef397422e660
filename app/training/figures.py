"""The curves of one training as they grow, over those of earlier ones: smoothed, on a log scale, as
a table, as a file.
"""

import numpy as np
import streamlit as st

from app import charts, inert, state, widgets
from app.training import interim
from app.training.curves import Curves, smooth, thin
from app.training.names import names
from engine import store
from engine.config.training import HELD_OUT_ACCURACY
from engine.export.run import table_bytes
from engine.store.jobs import Job
from engine.types import JobState

NAMES = {
    "loss": "Loss",
    HELD_OUT_ACCURACY: "Held-out accuracy",
    "reward": "Reward",
    "reward_std": "Spread of rewards",
    "frac_reward_zero_std": "Groups without signal, share",
    "kl": "KL from the first policy",
    "entropy": "Entropy",
    "completions/mean_length": "Length, tokens",
    "draws/discarded": "Discarded draws",
    "rewards/margins": "Reward margin",
    "rewards/accuracies": "Reward accuracy",
    "rewards/chosen": "Chosen reward",
    "rewards/rejected": "Rejected reward",
    "grad_norm": "Gradient norm",
    "learning_rate": "Learning rate",
    "mean_token_accuracy": "Token accuracy",
    "num_tokens": "Tokens read",
    "epoch": "Epoch",
    "logps/chosen": "Log-probability, chosen",
    "logps/rejected": "Log-probability, rejected",
    "logits/chosen": "Mean logit, chosen",
    "logits/rejected": "Mean logit, rejected",
}
"""Known figures in the order they are shown; a trainer may log others, under its own names."""
PART_OF_LOSS = "loss/"
"""What the name of one of several losses begins with; it is shown as it is before its weight."""
PAIR_NAMES = {
    "rewards/chosen": "Rewards",
    "logps/chosen": "Log-probability",
    "logits/chosen": "Mean logit",
}
N_FIRST, N_DRAWING = 6, 9
"""Figures shown at once, and where the policy draws while it is trained; the others are behind a
toggle.
"""
THIS = "this training"
N_COLUMNS = 3
LEAST_CONTROL, LEAST_FIGURE = 140, 220
"""Widths in pixels below which controls and figures go on in the next row."""
MOST_OVERLAID = 4


def training_curves(job_id: str) -> None:
    """State, controls and figures of one training. Reads only what was logged since the last
    time.
    """
    job = store.jobs.get(state.database(), job_id)
    text = (
        f"{widgets.STATE_ICONS[job.state]} **{job.state.capitalize()}** · {job.n_done:,}"
        f" of {job.n_total or '?'} steps"
    )
    if job.state is JobState.DONE and job.n_done < (job.n_total or 0):
        text += " · ended early; the job's log says why"
    st.markdown(text + (f" · {inert.markdown(job.sentence)}" if job.sentence else ""))
    curves = _grown(job_id)
    if not curves.series:
        st.caption(
            "Curves appear with the first optimiser step."
            if job.is_unfinished
            else "No step was logged."
        )
        return
    weight, is_log, others = _controls(job)
    shown = {THIS: curves} | {name: _grown(id) for name, id in others.items()}
    figures = _figures(curves)
    n_first = N_DRAWING if "reward" in curves.series else N_FIRST
    _grid(figures[:n_first], shown, weight, is_log)
    if "reward" in curves.series and "kl" not in curves.series:
        st.caption(
            "No KL: with kl_weight = 0 no reference policy is held to measure the divergence from."
        )
    rest = figures[n_first:]
    if rest and st.toggle(f"{len(rest)} more", key="more_curves"):
        _grid(rest, shown, weight, is_log)
    interim.samples(job_id, curves)
    _table(curves)


def _grown(job_id: str) -> Curves:
    by_job = st.session_state.setdefault("curves", {})
    curves = by_job.setdefault(job_id, Curves(job_id))
    curves.extend(state.database())
    return curves


def _controls(job: Job) -> tuple[float, bool, dict[str, str]]:
    """Smoothing weight, log scale, and the trainings to lay over, ids by name."""
    others = names([row for row in store.jobs.trainings(state.database()) if row.id != job.id], job)
    a, b, c, d = widgets.columns([1, 1, 2, 1], least=LEAST_CONTROL, align="bottom")
    weight = a.slider(
        "Smoothing",
        0.0,
        0.99,
        0.0,
        0.01,
        key="smoothing",
        help="Exponential moving average; the raw line stays behind it, faint.",
    )
    is_log = b.toggle(
        "Log scale",
        key="log_scale",
        help="For curves that are above zero throughout; the others stay linear.",
    )
    chosen = c.multiselect(
        "Overlay",
        list(others),
        format_func=lambda id: others.get(str(id)) or str(id),
        key="overlay",
        max_selections=MOST_OVERLAID,
        disabled=not others,
        placeholder="Earlier trainings" if others else "No other training yet",
    )
    d.download_button(
        "CSV",
        lambda: table_bytes(state.database(), "metrics", ".csv", job.run_id, job.iteration),
        file_name=f"metrics_{job.run_id}_{job.iteration}.csv",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
        help="Every figure of every step of this iteration's trainings.",
    )
    return weight, is_log, {others[id]: id for id in chosen if id in others}


def _figures(curves: Curves) -> list[str]:
    """One name per figure, the known ones first; a rejected series shares the figure of its chosen
    one.
    """
    parts = sorted(name for name in curves.series if name.startswith(PART_OF_LOSS))
    known = [name for name in NAMES if name in curves.series]
    known = [*known[:1], *parts, *known[1:]] if known[:1] == ["loss"] else known
    return [
        name
        for name in [*known, *sorted(set(curves.series) - {*known, interim.N_PROBLEMS})]
        if not (name.endswith("/rejected") and _partner(name) in curves.series)
    ]


def _title(name: str) -> str:
    if name.startswith(PART_OF_LOSS):
        return f"Loss, its part {name.removeprefix(PART_OF_LOSS)}"
    return NAMES.get(name, name)


def _over(name: str, curves: Curves) -> str:
    """Of how many problems an accuracy is."""
    if name != HELD_OUT_ACCURACY or interim.N_PROBLEMS not in curves.series:
        return ""
    return f", {curves.series[interim.N_PROBLEMS][1][-1]:,.0f} problems"


def _partner(name: str) -> str:
    return (
        name.replace("/rejected", "/chosen")
        if name.endswith("/rejected")
        else name.replace("/chosen", "/rejected")
    )


def _grid(figures: list[str], shown: dict[str, Curves], weight: float, is_log: bool) -> None:
    grid = st.grid(N_COLUMNS, min_column_width=LEAST_FIGURE)
    for name in figures:
        pair = (
            [name, _partner(name)]
            if _partner(name) in shown[THIS].series and _partner(name) != name
            else [name]
        )
        lines = [
            _line(_legend(one, whose, len(pair), len(shown)), curves.series[one], weight)
            for whose, curves in shown.items()
            for one in pair
            if one in curves.series
        ]
        n_steps = max(int(line.steps[-1]) for line in lines)
        title = (
            _title(name) + _over(name, shown[THIS])
            if len(pair) == 1
            else PAIR_NAMES.get(name, name.removesuffix("/chosen"))
        )
        is_above_zero = all(_positive(line) for line in lines)
        figure = charts.curves(
            lines,
            title=title,
            n_steps=max(n_steps, shown[THIS].n_steps),
            log=is_log and is_above_zero,
        )
        grid.plotly_chart(
            figure,
            key=f"curve_{name}",
            config=widgets.chart_config(),
            alt=f"{title} over optimiser steps",
        )


def _legend(name: str, whose: str, n_together: int, n_shown: int) -> str:
    if n_together == 1:
        return whose
    side = name.rpartition("/")[2]
    return side if n_shown == 1 else f"{side}, {whose}"


def _line(name: str, series: tuple[np.ndarray, np.ndarray], weight: float) -> charts.Line:
    if not weight:
        return charts.Line(name, *thin(*series))
    steps, raw = thin(*series)
    smoothed = smooth(series[1], weight)[np.searchsorted(series[0], steps)]
    return charts.Line(name, steps, smoothed, raw)


def _positive(line: charts.Line) -> bool:
    return bool((line.values > 0).all() and (line.raw is None or (line.raw > 0).all()))


def _table(curves: Curves) -> None:
    """The newest steps in rows, every figure in a column."""
    with st.expander("Table", key="curve_table", on_change="rerun") as opened:
        if not opened.open:
            return
        steps = np.unique(np.concatenate([s for s, _ in curves.series.values()]))[::-1][:2000]
        columns = {"Step": steps.tolist()}
        for name, (at, values) in curves.series.items():
            by_step = dict(zip(at.tolist(), values.tolist()))
            columns[_title(name)] = [by_step.get(step) for step in steps.tolist()]
        st.dataframe(
            columns,
            hide_index=True,
            key="curve_values",
            alt="Figures of every step, the newest first",
        )
