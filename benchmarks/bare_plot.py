"""A page that holds the difficulty plot and nothing else: what the difficulty page is compared
with.

Run: streamlit run benchmarks/bare_plot.py; the address parameter n is the number of problems.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import streamlit as st

from app.components.difficulty_plot import difficulty_plot, plot_data


@st.cache_resource
def made_up(n: int):
    draw = np.random.default_rng(0)
    skill = draw.random(n)
    phi_r = np.clip(0.1 + 0.55 * skill + 0.35 * draw.random(n), 0, 1)
    return plot_data(draw.binomial(3, skill), 3, phi_r, [f"problem-{i}" for i in range(n)])


def main() -> None:
    st.set_page_config(layout="wide")
    state = st.session_state
    for name, value in {"tau_l": 0.25, "tau_h": 0.65, "seq": 0, "have": ()}.items():
        state.setdefault(name, value)

    def released(thresholds) -> None:
        state.update(
            tau_l=thresholds.tau_l, tau_h=thresholds.tau_h, seq=thresholds.seq, have=thresholds.have
        )

    difficulty_plot(
        made_up(int(st.query_params.get("n", 10_000))),
        tau_l=state.tau_l,
        tau_h=state.tau_h,
        mode="both",
        seq=state.seq,
        have=state.have,
        key="plot",
        on_tau=released,
        on_pick=lambda _: None,
        on_need=lambda: state.update(have=()),
    )


if __name__ == "__main__":
    main()
