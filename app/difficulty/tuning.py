"""B-STaR's tuning before an iteration: order it, look at the balance scores, adopt a temperature
and a threshold.
"""

import streamlit as st

from app import charts, state, visitor, widgets
from engine import store
from engine.errors import EngineError
from engine.study import tuning
from engine.study.handle import Iteration
from engine.types import JobKind


def tuning_panel(chosen: Iteration) -> None:
    """The heat map with its arg max, and the choice. Shown where the configuration tunes and
    nothing is adopted yet.
    """
    t = chosen.config.tuning
    n = t.n_problems * t.n * len(t.temperatures)
    st.markdown(
        f"Temperature and τ are tuned first: **{n:,} responses** of the budget, {t.n} each on"
        f" {t.n_problems:,} problems at {len(t.temperatures)} temperatures."
    )
    grid = tuning.grid(chosen)
    if grid is None:
        _order_grid(chosen)
    else:
        _heat_map(grid)
        _adoption(chosen, grid)
        _scores_table(grid)


def _order_grid(chosen: Iteration) -> None:
    job = store.jobs.find_same(chosen, JobKind.TUNE)
    is_live = job is not None and job.is_unfinished
    visitor.button(
        st,
        "Sample the grid",
        type="primary",
        disabled=is_live,
        on_click=state.submit,
        args=[chosen, JobKind.TUNE],
    )


def _heat_map(grid: tuning.Grid) -> None:
    st.plotly_chart(
        charts.balance(grid.temperatures, grid.taus, grid.balance, grid.best),
        config=widgets.chart_config(),
        alt="Mean balance score by temperature and tau",
    )
    st.caption(
        f"Mean balance score with n* = {grid.n_star}. Highest at temperature {grid.best[0]:g}, τ"
        f" {grid.best[1]:g}."
    )


def _adoption(chosen: Iteration, grid: tuning.Grid) -> None:
    """The temperature and the τ to go on with; the arg max is preset."""
    a, b, c = widgets.columns(3, least=widgets.LONG_FIELD, align="bottom")
    temperature = a.selectbox(
        "Temperature",
        grid.temperatures,
        index=grid.temperatures.index(grid.best[0]),
        key=f"tuned_temperature_{chosen.key}",
    )
    tau = b.selectbox(
        "τ",
        grid.taus,
        index=grid.taus.index(grid.best[1]),
        key=f"tuned_tau_{chosen.key}",
    )
    visitor.button(
        c,
        "Adopt and pre-sample",
        type="primary",
        on_click=_adopt,
        args=[chosen, temperature, tau],
        width="stretch",
    )


def _scores_table(grid: tuning.Grid) -> None:
    with st.expander("Table"):
        st.dataframe(
            [
                {
                    "Temperature": f"{temp:g}",
                    **{f"τ {tau:g}": round(float(v), 3) for tau, v in zip(grid.taus, row)},
                }
                for temp, row in zip(grid.temperatures, grid.balance)
            ],
            hide_index=True,
        )


def _adopt(chosen: Iteration, temperature: float, tau: float) -> None:
    try:
        tuning.adopt(chosen, temperature, tau, made_by=state.tab_id())
        state.submit(chosen, JobKind.PRESAMPLE)
    except EngineError as error:
        st.session_state["said"] = str(error)
