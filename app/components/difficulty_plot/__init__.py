"""The difficulty plot: accuracy strips against process reward, with thresholds that are dragged on the plot itself.

A Streamlit component (v2) with an own canvas. It must not know the store, the engine or the page's state: columns
go in, checked thresholds and row numbers come out through callbacks. What travels:
1. points once per data version; the browser says which versions it has, and asks when it has lost one;
2. thresholds with a sequence number: an echo older than the browser's last release is ignored there;
3. triggers, never component state: letting go twice at the same value must arrive twice. A form swallows triggers,
   so do not mount the plot inside st.form.
"""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from .columns import MAX_TEXTS, PlotData, plot_data
from .payloads import Selection, Thresholds, read_have, read_pick, read_tau

__all__ = ["MAX_TEXTS", "PlotData", "Selection", "Thresholds", "difficulty_plot", "plot_data", "read_have", "read_pick",
           "read_tau"]  # fmt: skip

MODES = ("both", "accuracy", "reward")
SELECTION_CAP = 500


def _source(*names: str) -> str:
    return "\n".join((Path(__file__).parent / name).read_text(encoding="utf-8") for name in names)


# The browser gets one module, these files one after the other: they keep points, pixels and people apart for the reader.
_SCRIPTS = ("points.js", "picture.js", "words.js", "axes.js", "handles.js", "tooltip.js", "difficulty_plot.js")
_COMPONENT = st.components.v2.component(
    "difficulty_plot",
    html=_source("difficulty_plot.html"),
    css=_source("difficulty_plot.css"),
    js=_source(*_SCRIPTS),
)


def difficulty_plot(
    data: PlotData,
    *,
    tau_l: float,
    tau_h: float,
    mode: str,
    seq: int,
    have: Collection[str],
    key: str,
    on_tau: Callable[[Thresholds], None],
    on_pick: Callable[[Selection], None],
    on_need: Callable[[], None],
    ghost: tuple[float, float] | None = None,
    cap: int = SELECTION_CAP,
) -> None:
    """Mount the plot.

    `mode` is "both", "accuracy" (no lines) or "reward" (lines across all strips). `seq` and `have` are those of the
    last Thresholds, 0 and () at first. `ghost` is (tau_l, tau_h) of the last commit, drawn dashed. The callbacks run
    before the next script run and get checked values: `on_tau` the released thresholds, `on_pick` the selection
    (empty = cleared), `on_need` when the browser has lost the points: set `have` to () there.

    Raises:
        ValueError: thresholds outside 0..1 or out of order, or an unknown mode.
    """
    if not 0 <= tau_l <= tau_h <= 1:
        raise ValueError(f"tau_l is {tau_l} and tau_h is {tau_h}; allowed is 0 <= tau_l <= tau_h <= 1.")
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}; allowed are {', '.join(MODES)}.")

    def triggered(name: str) -> Any:
        return st.session_state[key].get(name)

    def tau_released() -> None:
        thresholds = read_tau(triggered("tau"))
        if thresholds is not None:
            on_tau(thresholds)

    def picked() -> None:
        payload = triggered("pick")
        if payload is not None:
            on_pick(read_pick(payload, data.n, cap, data.version))

    _COMPONENT(
        key=key,
        data=_message(data, tau_l, tau_h, mode, seq, have, ghost, cap),
        on_tau_change=tau_released,
        on_pick_change=picked,
        on_need_change=on_need,
    )


def _message(
    data: PlotData,
    tau_l: float,
    tau_h: float,
    mode: str,
    seq: int,
    have: Collection[str],
    ghost: tuple[float, float] | None,
    cap: int,
) -> dict[str, Any]:
    """What is sent: always the thresholds; the points and their tables only to a browser that has not got them."""
    message = {
        "version": data.version,
        "tau_l": tau_l,
        "tau_h": tau_h,
        "mode": mode,
        "seq": seq,
        "ghost": ghost,
        "cap": cap,
    }
    if data.version not in have:
        message |= {
            "points": pd.DataFrame({"pair": data.pair, "x": data.x, "y": data.y}),
            "pairs": data.pairs,
            "labels": data.labels,
            "counts": data.counts,
            "tables": data.tables,
            "texts": data.texts,
        }
    return message
