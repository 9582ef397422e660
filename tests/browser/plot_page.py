"""A page with nothing but the difficulty plot on made-up columns: for the browser tests and the
benchmark.

Run: streamlit run tests/browser/plot_page.py. Address parameters: n (problems), n_p (responses per
problem), mode, seed, texts=1 (questions in the tooltip), ghosts (number of earlier commits),
locked=1, score, unequal=1 (n_p and one more by turns), forget=1 (the server believes that the
browser has the points already, which it has not), restless=1 (buttons with which a page
redraws itself: other data, and a banner above the plot). The state is printed as JSON.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import streamlit as st

from app.components.difficulty_plot import Lines, Selection, Thresholds, difficulty_plot, plot_data
from engine.method.difficulty import classify


def made_up_columns(n: int, n_p: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Correct counts [n] in 0..n_p and process rewards [n] in 0..1 that grow with them. Seeded."""
    draw = np.random.default_rng(seed)
    skill = draw.beta(0.55, 0.5, n)
    n_correct = draw.binomial(n_p, skill)
    centre = 0.12 + 0.62 * (0.6 * n_correct / n_p + 0.4 * skill)
    return n_correct, np.clip(draw.beta(12 * centre, 12 * (1 - centre)), 0, 1)


@st.cache_resource
def made_up_data(n: int, n_p: int, seed: int, with_texts: bool, is_unequal: bool):
    """The plot's columns; made once per address, as a page would keep them."""
    n_correct, phi_r = made_up_columns(n, n_p, seed)
    n_each = n_p + np.arange(n) % 2 if is_unequal else n_p
    texts = (
        [f"Problem {i}: <b>how many</b> apples has Ada on day {i % 7}?" for i in range(n)]
        if with_texts
        else None
    )
    return plot_data(n_correct, n_each, phi_r, [f"problem-{i}" for i in range(n)], texts)


@st.cache_resource
def made_up_classes(n: int, n_p: int, seed: int) -> np.ndarray:
    """What the posterior says of the same problems."""
    n_correct, phi_r = made_up_columns(n, n_p, seed)
    return classify(n_correct, n_p, phi_r, tau_l=0, tau_h=1, mode="posterior")


def redraw() -> None:
    """Buttons for what happens to a page by itself while a job runs or ends."""
    state = st.session_state
    with st.sidebar:
        data, banner, both = (
            st.button("New data"),
            st.button("Banner"),
            st.button("Banner and new data"),
        )
    if data or both:
        state.n_more = state.get("n_more", 0) + 100
    if banner or both:
        state.has_banner = not state.get("has_banner")


def main() -> None:
    st.set_page_config(layout="wide")
    asked, state = st.query_params, st.session_state
    if asked.get("restless") == "1":
        redraw()
    data = made_up_data(
        int(asked.get("n", 400)) + state.get("n_more", 0),
        int(asked.get("n_p", 3)),
        int(asked.get("seed", 7)),
        asked.get("texts") == "1",
        asked.get("unequal") == "1",
    )
    have = (data.version,) if asked.get("forget") == "1" else ()
    for name, value in {
        "tau_l": 0.25,
        "tau_h": 0.65,
        "seq": 0,
        "have": have,
        "picked": Selection(),
        "runs": 0,
    }.items():
        state.setdefault(name, value)
    state.runs += 1

    def released(thresholds: Thresholds) -> None:
        state.tau_l, state.tau_h = thresholds.tau_l, thresholds.tau_h
        state.seq, state.have = thresholds.seq, thresholds.have

    def picked(selection: Selection) -> None:
        state.picked, state.have = selection, selection.have

    def needed() -> None:
        state.have = ()

    if state.get("has_banner"):
        st.info("A job runs.")
    mode = asked.get("mode", "both")
    low, high = st.columns(2)
    low.slider("tau_l", 0.0, 1.0, key="tau_l", step=0.001, format="%.3f")
    high.slider("tau_h", 0.0, 1.0, key="tau_h", step=0.001, format="%.3f")
    with (
        st.columns([9, 1])[0] if asked.get("restless") == "1" else st.container()
    ):  # as pages have it: columns are placed by number
        difficulty_plot(
            data,
            tau_l=min(state.tau_l, state.tau_h),
            tau_h=max(state.tau_l, state.tau_h),
            mode=mode,
            seq=state.seq,
            have=state.have,
            key="plot",
            on_tau=released,
            on_pick=picked,
            on_need=needed,
            locked=asked.get("locked") == "1",
            home=Lines("the configuration", 0.25, 0.65),
            ghosts=[Lines("iteration 0", 0.3, 0.7), Lines("the original", 0.2, 0.6)][
                : int(asked.get("ghosts", 0))
            ],
            score=asked.get("score", "process reward"),
            classes=made_up_classes(
                int(asked.get("n", 400)), int(asked.get("n_p", 3)), int(asked.get("seed", 7))
            )
            if mode == "posterior"
            else None,
            question_of=lambda row: f"Problem {row}: <img src=x onerror=alert(1)>",
        )
    told = {
        "tau_l": state.tau_l,
        "tau_h": state.tau_h,
        "seq": state.seq,
        "runs": state.runs,
        "have": state.have,
        "picked": len(state.picked.rows),
        "total": state.picked.total,
        "rows": state.picked.rows,
    }
    st.code(json.dumps(told), language=None)


if __name__ == "__main__":
    main()
