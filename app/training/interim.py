"""What a policy answered while it was trained: its accuracy after a step with the interval, and the
answers that were kept; and what such evaluations would cost.
"""

import streamlit as st

from app import domains, inert, state
from app.response_card import STATUS
from app.training.curves import Curves
from engine import store
from engine.config import TrainingConfig
from engine.config.training import HELD_OUT_ACCURACY
from engine.figures.text import share
from engine.method.intervals import wilson
from engine.store.interim import InterimRow
from engine.study.handle import Iteration
from engine.study.interim import n_evaluations
from engine.study.training_rows import n_training_rows

N_PROBLEMS = "held_out/n"
"""The metric that says how many problems the accuracy is over: a word of the title, no curve."""


def cost(chosen: Iteration, training: TrainingConfig) -> str | None:
    """What evaluating during a training would take, in words; None where it is off."""
    if not training.evaluate_every_steps:
        return None
    n_times = n_evaluations(training, n_training_rows(chosen) or 0)
    n_problems = min(training.evaluate_problems, chosen.config.problems.n_held_out)
    return (
        f"Evaluated {n_times:,} times on the way: {n_problems:,} held-out problems × 1 greedy"
        f" response each, {n_times * n_problems:,} responses in all. They take time and count in"
        " no budget."
    )


def samples(job_id: str, curves: Curves) -> None:
    """The answers of one evaluation, the last one unless a person looks at another."""
    at = store.interim.steps(state.database(), job_id)
    if not at or HELD_OUT_ACCURACY not in curves.series:
        return
    with st.expander("Sample answers on the way", key="interim_open", on_change="rerun") as opened:
        if not opened.open:
            return
        step = at[-1]
        if len(at) > 1:
            step = st.select_slider("After step", at, value=at[-1], key=f"interim_{job_id}")
        st.caption(_said(curves, step))
        for row in store.interim.answers(state.database(), job_id, step):
            _answer(row)


def _said(curves: Curves, step: int) -> str:
    n, accuracy = (_at(curves, name, step) for name in (N_PROBLEMS, HELD_OUT_ACCURACY))
    if n is None or accuracy is None:
        return f"After step {step:,}."
    n_correct = round(accuracy * n)
    return (
        f"After step {step:,}: {n_correct:,} of {n:,.0f} were right,"
        f" {share(wilson(n_correct, round(n)))} %."
    )


def _at(curves: Curves, name: str, step: int) -> float | None:
    steps, values = curves.series[name]
    return dict(zip(steps.tolist(), values.tolist())).get(step)


def _answer(row: InterimRow) -> None:
    with st.container(border=True):
        st.markdown(inert.markdown(row.question))
        domains.reference(row.reference)
        cut = " · :orange-badge[truncated]" if row.finish_reason == "length" else ""
        st.markdown(f"{STATUS[row.status]} · {row.n_tokens:,} tokens{cut}")
        st.markdown(inert.markdown(row.text))
        predicted = "none" if row.predicted is None else inert.markdown(row.predicted)
        st.caption(
            f"Extracted answer: **{predicted}** · reference: **{inert.markdown(row.answer)}** ·"
            f" {inert.markdown(row.reason)}"
        )
