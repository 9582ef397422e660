"""The difficulty plot: accuracy strips against process reward, with thresholds that are dragged on
the plot itself.

A Streamlit component (v2) with an own canvas. It must not know the store, the engine or the page's
state: columns go in, checked thresholds and row numbers come out through callbacks. What travels:
1. points once per tab and data version: what was sent to a tab is not sent again, and the browser
   asks when it has not got it;
2. classes once per version too, where something else than the thresholds decides;
3. thresholds with a sequence number: an echo older than the browser's last release is ignored
   there;
4. triggers, never component state: letting go twice at the same value must arrive twice. A form
   swallows triggers, so do not mount the plot inside st.form.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.components.v2 import component

from .columns import MAX_TEXTS, TEXT_CHARS, PlotData, plot_data
from .payloads import Selection, Thresholds, read_have, read_pick, read_row, read_tau

__all__ = [
    "MAX_TEXTS",
    "Lines",
    "PlotData",
    "Selection",
    "Thresholds",
    "difficulty_plot",
    "plot_data",
    "read_have",
    "read_pick",
    "read_row",
    "read_tau",
]

MODES = ("both", "accuracy", "reward", "posterior")
SELECTION_CAP = 500
KEPT_VERSIONS = 4
"""As many versions of points as the browser keeps (points.js)."""


def _source(*names: str) -> str:
    return "\n".join((Path(__file__).parent / name).read_text(encoding="utf-8") for name in names)


# The browser gets one module, these files one after the other: they keep points, pixels and people
# apart for the reader.
_SCRIPTS = (
    "points.js",
    "dots.js",
    "silhouettes.js",
    "picture.js",
    "words.js",
    "axes.js",
    "keys.js",
    "handles.js",
    "tooltip.js",
    "toolbar.js",
    "outline.js",
    "pointer.js",
    "difficulty_plot.js",
)
_COMPONENT = component(
    "difficulty_plot",
    html=_source("difficulty_plot.html"),
    css=_source("difficulty_plot.css"),
    js=_source(*_SCRIPTS),
)


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the two lines stand at some other time, and what that is called."""

    name: str
    """In the words of a person: "iteration 0", "the configuration"."""
    tau_l: float
    tau_h: float


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
    locked: bool = False,
    home: Lines | None = None,
    ghosts: Sequence[Lines] = (),
    score: str = "process reward",
    question_of: Callable[[int], str] | None = None,
    classes: np.ndarray | None = None,
    marked: Sequence[int] | None = None,
    cap: int = SELECTION_CAP,
) -> None:
    """Mount the plot.

    `mode` is "both", "accuracy" (no lines), "reward" (lines across all strips) or "posterior" (no
    lines; `classes`, integers [n], says of every problem whether it is 0 Inlier, 1 Boundary or 2
    Outlier; other modes ignore it). `seq` and `have` are those of the last Thresholds, 0 and () at
    first; what was sent to this tab before counts as had.

    The callbacks run before the next script run and get checked values: `on_tau` the
    released thresholds, `on_pick` the selection (empty = cleared), `on_need` when the browser has
    lost the points: set `have` to () there.

    `locked` lines cannot be moved. `home` is what Reset goes back to, `ghosts` are lines of earlier
    commits that a person may show. `score` names what the height means, "" where nothing is scored.
    `question_of` reads the question of one row, for data too large for its questions to be sent
    along. `marked` rows are selected by somebody else than the person at the plot, who is told
    nothing of it; None where nobody does.

    Raises:
        ValueError: thresholds outside the data's span or out of order, an unknown mode, or mode
            "posterior" without a class per problem.
    """
    _check(data, tau_l, tau_h, mode, classes)
    triggers = _Triggers(key, data, cap, on_tau, on_pick)
    row, also_have = triggers.last_asked()
    sent = _Sent(key)
    has = (*have, *also_have, *sent.versions())
    shown = classes if mode == "posterior" else None
    sent.note(data.version, _version_of(shown))
    _COMPONENT(
        key=key,
        data={
            "key": key,
            "version": data.version,
            "span": data.span,
            "tau_l": data.share(tau_l),
            "tau_h": data.share(tau_h),
            "mode": mode,
            "seq": seq,
            "locked": locked,
            "home": home and _in_shares(home, data),
            "ghosts": [_in_shares(ghost, data) for ghost in ghosts],
            "score": score,
            "cap": cap,
            "marked": marked if marked is None else list(marked),
            **_question(question_of if data.texts is None else None, row),
            **_points(data, has),
            **_classes(shown, has),
        },
        on_tau_change=triggers.tau_released,
        on_pick_change=triggers.picked,
        on_read_change=triggers.asked_about,
        on_need_change=lambda: sent.forget(on_need),
    )


@dataclass(frozen=True, slots=True)
class _Triggers:
    """What a person did on the mounted plot, checked before anybody is told."""

    key: str
    data: PlotData
    """On screen."""
    cap: int
    on_tau: Callable[[Thresholds], None]
    on_pick: Callable[[Selection], None]

    def tau_released(self) -> None:
        thresholds = read_tau(self._payload("tau"))
        if thresholds is not None:
            low, high = (self.data.reward(t) for t in (thresholds.tau_l, thresholds.tau_h))
            self.on_tau(replace(thresholds, tau_l=low, tau_h=high))

    def picked(self) -> None:
        payload = self._payload("pick")
        if payload is not None:
            self.on_pick(read_pick(payload, self.data.n, self.cap, self.data.version))

    def asked_about(self) -> None:
        payload = self._payload("read")
        asked = read_row(payload, self.data.n, self.data.version), read_have(payload)
        st.session_state[self._asked] = asked

    def last_asked(self) -> tuple[int | None, Collection[str]]:
        """The row that a person has asked about since the last mount, and what the browser has."""
        return st.session_state.pop(self._asked, (None, ()))

    @property
    def _asked(self) -> str:
        """Session entry that lasts from the trigger to the next mount."""
        return f"{self.key}_asked"

    def _payload(self, name: str) -> Any:
        return st.session_state[self.key].get(name)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was sent to this tab, as its session knows it: the browser keeps as much of it."""

    key: str

    def versions(self) -> list[str]:
        """Of points, and of the classes that were sent last for each."""
        return [v for pair in self._known.items() for v in pair if v is not None]

    def note(self, version: str, classes: str | None) -> None:
        known = self._known
        before = known.pop(version, None)
        known[version] = classes or before
        for oldest in list(known)[:-KEPT_VERSIONS]:
            del known[oldest]

    def forget(self, then: Callable[[], None]) -> None:
        """Send everything again, because the browser asks for it."""
        self._known.clear()
        then()

    @property
    def _known(self) -> dict[str, str | None]:
        return st.session_state.setdefault(f"{self.key}_sent", {})


def _check(
    data: PlotData, tau_l: float, tau_h: float, mode: str, classes: np.ndarray | None
) -> None:
    """Raises: ValueError for what cannot be shown."""
    low, high, _ = data.span
    if not low <= tau_l <= tau_h <= high:
        raise ValueError(
            f"tau_l is {tau_l} and tau_h is {tau_h}; allowed is {low:g} <= tau_l <= tau_h <="
            f" {high:g}."
        )
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}; allowed are {', '.join(MODES)}.")
    if mode == "posterior" and (classes is None or len(classes) != data.n):
        raise ValueError(
            f'mode is "posterior" and classes is not one class for each of {data.n} problems;'
            " allowed is 0, 1, 2 for each."
        )


def _in_shares(lines: Lines, data: PlotData) -> dict[str, Any]:
    """Lines outside what is shown stand at its end."""
    low, high = (min(max(data.share(tau), 0.0), 1.0) for tau in (lines.tau_l, lines.tau_h))
    return {"name": lines.name, "tau_l": low, "tau_h": high}


def _question(question_of: Callable[[int], str] | None, row: int | None) -> dict[str, Any]:
    """Whether the browser may ask for questions, and the one that it asked for."""
    if question_of is None or row is None:
        return {"asks": question_of is not None, "question": None}
    return {"asks": True, "question": {"row": row, "text": question_of(row)[:TEXT_CHARS]}}


def _points(data: PlotData, have: Collection[str]) -> dict[str, Any]:
    """The points and their tables; nothing for a browser that has got them."""
    if data.version in have:
        return {}
    return {
        "points": pd.DataFrame({"pair": data.pair, "x": data.x, "y": data.y}),
        "pairs": data.pairs,
        "labels": data.labels,
        "counts": data.counts,
        "tables": data.tables,
        "texts": data.texts,
    }


def _classes(classes: np.ndarray | None, have: Collection[str]) -> dict[str, Any]:
    """Which classes are shown, and the classes themselves for a browser that has not got them."""
    if classes is None:
        return {}
    version = _version_of(classes)
    column = np.ascontiguousarray(classes, dtype=np.uint8)
    return {"classes_version": version} | (
        {} if version in have else {"classes": pd.DataFrame({"class": column})}
    )


def _version_of(classes: np.ndarray | None) -> str | None:
    if classes is None:
        return None
    column = np.ascontiguousarray(classes, dtype=np.uint8)
    return hashlib.blake2b(column.data, digest_size=8).hexdigest()
