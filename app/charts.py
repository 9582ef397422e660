"""Columns in, Plotly figures out, in the colours of app/palette.py. No streamlit here."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from app import palette
from engine.store.commits import GivenCount

FORMATS = ("png", "svg")


def config(format: str = "png") -> dict:
    """How every figure is shown: of the tool bar, which would lie over the title, only the button
    that saves the figure, while the pointer is over it.

    Args:
        format: one of FORMATS.
    """
    return {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": format, "filename": "chart", "scale": 2},
    }


N_BINS = 40
CELL = 70
"""Pixels of a cell of the flows that a click is caught on."""
FEW = 12
"""Points of a curve that are drawn as points too: one alone would be no line."""
DASHES = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True, slots=True)
class Line:
    """One curve over optimiser steps."""

    name: str
    steps: np.ndarray
    values: np.ndarray
    raw: np.ndarray | None = None
    """What was smoothed into values, drawn faint behind them; None where nothing was smoothed."""


def curves(lines: list[Line], *, title: str, n_steps: int, log: bool = False) -> go.Figure:
    """Training curves in one figure; colours and dashes tell them apart, in this order."""
    figure = go.Figure()
    for number, line in enumerate(lines):
        colour, dash = palette.LINES[number % len(palette.LINES)], DASHES[number // 2 % len(DASHES)]
        if line.raw is not None:
            figure.add_scatter(
                x=line.steps,
                y=line.raw,
                mode="lines",
                opacity=0.3,
                line={"color": colour, "width": 1},
                showlegend=False,
                hoverinfo="skip",
            )
        figure.add_scatter(
            x=line.steps,
            y=line.values,
            name=escape(line.name, quote=False),
            mode="lines" if len(line.steps) > FEW else "lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
        )
    figure.update_xaxes(range=[0, max(n_steps, 1)], title="step")
    figure.update_yaxes(type="log" if log else "linear", exponentformat="power")
    return _plain(
        figure, title=title, legend=len(lines) > 1, height=230 + 24 * len(lines) * (len(lines) > 1)
    )


def compared(series: dict[str, list[tuple[int, float, float, float]]], *, title: str) -> go.Figure:
    """Accuracy over policies, one line per run or group. series: name -> [(t of M_t, value, low,
    high)]; names are shown as they are.
    """
    figure = go.Figure()
    for row, (name, points) in enumerate(series.items()):
        _add_with_intervals(figure, name, points, row)
    last = max((number for points in series.values() for number, *_ in points), default=0)
    figure.update_xaxes(tickprefix="M", dtick=1, range=[-0.25, last + 0.25])
    figure.update_yaxes(tickformat=".0%", title="accuracy")
    return _plain(figure, title=title, height=380)


def reliability(series: dict[str, list[tuple[float, float, float, float]]]) -> go.Figure:
    """Share correct by reward, one line per reward model, and the diagonal on which reward and
    share are the same. series: name -> [(mean reward, share correct, low, high)].
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="calibrated",
        line={"color": palette.GREY, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    for row, (name, points) in enumerate(series.items()):
        _add_with_intervals(figure, name, points, row)
    figure.update_xaxes(title="process reward", range=[0, 1])
    figure.update_yaxes(title="share correct", tickformat=".0%", range=[0, 1.02])
    return _plain(figure, title="Calibration", height=340)


def yields(series: dict[str, list[tuple[float, float, float, float]]]) -> go.Figure:
    """Distinct pairs by budget, one line per rule. series: name -> [(responses per problem, pairs,
    low, high)].
    """
    figure = go.Figure()
    for row, (name, points) in enumerate(series.items()):
        _add_with_intervals(figure, name, points, row)
    figure.update_xaxes(title="responses per problem")
    figure.update_yaxes(title="distinct pairs", rangemode="tozero")
    return _plain(figure, title="Yield by budget", height=380)


def given_by_rate(series: dict[str, Sequence[tuple[float, float]]]) -> go.Figure:
    """To whom rules give, one line per rule. series: name -> [(pass rate, further responses)]."""
    figure = go.Figure()
    for row, (name, points) in enumerate(series.items()):
        _add_with_intervals(figure, name, [(x, y, y, y) for x, y in points], row)
    figure.update_xaxes(title="share correct of all recorded responses", range=[-0.02, 1.02])
    figure.update_yaxes(title="further responses per problem", rangemode="tozero")
    return _plain(figure, title="Allocation by pass rate", height=340)


def _add_with_intervals(
    figure: go.Figure, name: str, points: Sequence[tuple[float, float, float, float]], row: int
) -> None:
    """A line of (x, value, low, high); the row-th of a figure, which tells its colour and dash."""
    x, value, low, high = (np.array(column) for column in zip(*points))
    colour = palette.LINES[row % len(palette.LINES)]
    dash = "dot" if row >= len(palette.LINES) else "solid"
    figure.add_scatter(
        x=x,
        y=value,
        name=escape(name, quote=False),
        mode="lines+markers",
        line={"color": colour, "width": 2, "dash": dash},
        marker={"size": 8},
        error_y={
            "type": "data",
            "array": high - value,
            "arrayminus": value - low,
            "color": colour,
            "width": 4,
        },
    )


def by_level(levels: list[str], policies: list[str], values: np.ndarray) -> go.Figure:
    """mean@n per level, one group of bars per level. values: shape (policies, levels)."""
    figure = go.Figure()
    shades = np.linspace(0.35, 1.0, len(policies))
    for row, policy in enumerate(policies):
        figure.add_bar(
            x=[escape(level, quote=False) for level in levels],
            y=values[row],
            name=policy,
            marker={"color": palette.faded(palette.BLUE, shades[row])},
        )
    figure.update_yaxes(tickformat=".0%", range=[0, 1], title="mean accuracy")
    figure.update_xaxes(title="level", type="category")
    return _plain(figure, title="By level", height=340)


def class_shares(labels: list[str], shares: dict[str, list[float]]) -> go.Figure:
    """Stacked bars of class shares per iteration."""
    figure = go.Figure()
    for name, values in shares.items():
        figure.add_bar(
            x=labels, y=values, name=name.capitalize(), marker={"color": palette.CLASSES[name]}
        )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(tickformat=".0%", range=[0, 1], title="share of problems")
    return _plain(figure, title="Training problems by class", height=340)


def shares_given(given: Sequence[GivenCount], names: list[str]) -> go.Figure:
    """Problems by how many further responses they were given, one colour per class."""
    figure = go.Figure()
    for code, (name, colour) in enumerate(zip(names, palette.CLASSES.values())):
        own = [row for row in given if row.difficulty == code]
        figure.add_bar(
            x=[row.n_more for row in own],
            y=[row.n for row in own],
            name=name,
            marker={"color": colour},
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="further responses")
    figure.update_yaxes(title="problems")
    _plain(figure, title="Who was given how many", height=340)
    # above the bars: below, it lies on the axis where the page is narrow
    figure.update_layout(legend={"y": 1.02, "yanchor": "bottom"}, margin={"t": 76})
    return figure


def flows(counts: np.ndarray, names: list[str], before: str, after: str) -> go.Figure:
    """How held-out problems moved between classes. counts: shape (3, 3), rows before, columns
    after. Its one scatter has a point per cell, row by row, which nobody sees: a heat map's own
    cells cannot be selected.
    """
    figure = go.Figure(
        go.Heatmap(
            z=counts,
            x=names,
            y=names,
            showscale=False,
            xgap=3,
            ygap=3,
            hoverinfo="skip",
            colorscale=[[0, palette.FEW], [1, palette.MANY]],
        )
    )
    for row, column in np.ndindex(counts.shape):
        figure.add_annotation(
            x=names[column],
            y=names[row],
            text=str(counts[row, column]),
            showarrow=False,
            font={"size": 15, "color": palette.ON_COUNTS},
        )
    cells = list(np.ndindex(counts.shape))
    unseen = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=[names[column] for _, column in cells],
        y=[names[row] for row, _ in cells],
        mode="markers",
        marker={"symbol": "square", "size": CELL, "opacity": 0},
        selected=unseen,
        unselected=unseen,
        hoverinfo="none",  # "skip" would take the click as well
    )
    ends = (-0.5, len(names) - 0.5)
    figure.update_xaxes(title=after, showgrid=False, fixedrange=True, range=ends)
    figure.update_yaxes(title=before, showgrid=False, fixedrange=True, range=ends[::-1])
    _plain(figure, title=f"Flows, {before} to {after}", height=340, legend=False)
    return figure.update_layout(hovermode="closest")


def balance(temperatures, taus, scores: np.ndarray, best: tuple[float, float]) -> go.Figure:
    """Mean balance score over the tuning grid, its highest cell marked. scores: shape
    (temperatures, taus).
    """
    x, y = [f"{tau:g}" for tau in taus], [f"{t:g}" for t in temperatures]
    figure = go.Figure(
        go.Heatmap(
            z=scores, x=x, y=y, colorscale="Cividis", colorbar={"title": "balance"}, xgap=2, ygap=2
        )
    )
    figure.add_scatter(
        x=[f"{best[1]:g}"],
        y=[f"{best[0]:g}"],
        mode="markers",
        name="highest",
        marker={"symbol": "circle-open", "size": 18, "color": palette.ORANGE, "line": {"width": 3}},
    )
    figure.update_xaxes(title="τ", type="category")
    figure.update_yaxes(title="temperature", type="category")
    return _plain(figure, title="Balance score", height=340, legend=False)


def histogram(counts, edges, *, title: str, axis: str) -> go.Figure:
    """Counts [B] in bins between edges [B + 1]."""
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges),
            marker={"color": palette.BLUE},
        )
    )
    figure.update_xaxes(title=axis)
    figure.update_yaxes(title="pairs")
    return _plain(figure, title=title, height=260, legend=False)


def rewards(
    right: np.ndarray,
    wrong: np.ndarray,
    picked: tuple[float, float],
    ends: tuple[float, float] = (0.0, 1.0),
) -> go.Figure:
    """Responses to one problem by reward, right ones and others on top of each other.

    Args:
        right: counts in equal bins between the ends, as wrong is.
        picked: the range of rewards that is looked at; bins outside it are faded.
    """
    edges = np.linspace(*ends, len(right) + 1)
    near = 1e-3 * (ends[1] - ends[0])
    is_in = (edges[:-1] >= picked[0] - near) & (edges[1:] <= picked[1] + near)
    figure = go.Figure()
    for name, counts, colour in (
        ("correct", right, palette.BLUE),
        ("other", wrong, palette.ORANGE),
    ):
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            name=name,
            width=np.diff(edges),
            marker={"color": colour, "opacity": np.where(is_in, 1.0, 0.3).tolist()},
            selected={"marker": {"opacity": 1.0}},
            unselected={"marker": {"opacity": 0.3}},
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="process reward", range=list(ends), fixedrange=True)
    figure.update_yaxes(title="responses", rangemode="tozero", fixedrange=True)
    return _plain(figure, title="Rewards of its responses", height=260)


KINDS = ("dots", "line", "bar")
"""How the answer to a question can be drawn."""


def answer(x: list, y: list, x_title: str, y_title: str, kind: str) -> go.Figure:
    """Two columns of an answer; texts are shown as they are. kind: one of KINDS."""
    across = [escape(v, quote=False) if isinstance(v, str) else v for v in x]
    figure = go.Figure()
    if kind == "bar":
        figure.add_bar(x=across, y=y, marker={"color": palette.BLUE})
    else:
        mode = "markers" if kind == "dots" else "lines+markers"
        figure.add_scatter(x=across, y=y, mode=mode, line={"color": palette.BLUE})
    figure.update_xaxes(title=escape(x_title, quote=False))
    figure.update_yaxes(title=escape(y_title, quote=False))
    return _plain(figure, title="", height=380, legend=False)


def _plain(figure: go.Figure, *, title: str, height: int, legend: bool = True) -> go.Figure:
    figure.update_layout(
        title={"text": escape(title, quote=False), "font": {"size": 15}},
        height=height,
        margin={"l": 10, "r": 10, "t": 44, "b": 10},
        showlegend=legend,
        legend={"orientation": "h", "y": -0.28 if height > 300 else -0.6, "x": 0, "yanchor": "top"},
        hovermode="x unified",
    )
    return figure
