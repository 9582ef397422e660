"""A chart as an SVG picture: for papers, for model cards and for a notebook's cells. Pure: series
of points in, text out; it knows no run and no browser.

Every text is escaped by the writer of XML, so that names of runs can hold anything.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from engine.errors import ConfigError
from engine.paths import write_text

WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 66, 16, 34, 46
"""Room in pixels between the plotting area and the edges, for titles and numbers."""
LEGEND = 18
"""Height of a line of the legend, which stands below."""
COLOURS = ("#3b82c4", "#dd7330", "#7b5fc4", "#1f9aa8", "#b8860b", "#8b8f97")
N_TICKS = 6
"""About so many numbers stand along an axis."""
MOST_DOTS = 60
"""A line of more points is drawn without a dot at each."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one cloud of points."""

    name: str
    points: Sequence[tuple[float, float]]
    """(x, y), finite."""
    spans: Sequence[tuple[float, float]] = ()
    """Interval (low, high) of every y; empty for none."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows."""

    title: str
    range: tuple[float, float] | None = None
    """None for as wide as the points are."""
    as_text: Callable[[float], str] = "{:g}".format
    step: float | None = None
    """Between two numbers; None for a round one."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as the text of an SVG file. A notebook shows it by itself."""

    title: str
    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> None:
        """Write it as an .svg file. Raises: ConfigError where that cannot be written."""
        try:
            write_text(Path(path), self.svg)
        except OSError as error:
            raise ConfigError(
                f"{path} could not be written: {error.strerror}. Choose another folder."
            ) from error


def draw(
    series: Sequence[Series], *, title: str, x: Axis, y: Axis, as_dots: bool = False
) -> Drawing:
    """A chart of one or more series in one plotting area, told apart by colour and legend.

    Args:
        as_dots: a cloud of points instead of lines.
    """
    scale = _Scale(_span(x, series, 0), _span(y, series, 1))
    height = HEIGHT + LEGEND * len(series) * (len(series) > 1)
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {height}",
            "width": str(WIDTH),
            "height": str(height),
            "font-family": "Helvetica, Arial, sans-serif",
            "font-size": "12",
            "role": "img",
        },
    )
    SubElement(svg, "title").text = title
    SubElement(svg, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    _text(svg, WIDTH / 2, 20, title, size=14, anchor="middle")
    _axes(svg, scale, x, y)
    for number, one in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        _series(svg, scale, one, colour, as_dots)
        if len(series) > 1:
            _legend(svg, HEIGHT + LEGEND * number + 4, one.name, colour)
    return Drawing(title, ElementTree.tostring(svg, encoding="unicode"))


def ticks(low: float, high: float, step: float | None = None) -> list[float]:
    """Round numbers from low to high, both included where they are round.

    >>> ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> ticks(0, 2, step=1)
    [0, 1, 2]
    """
    if step is None:
        rough = (high - low) / (N_TICKS - 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


class _Scale:
    """From numbers to pixels."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]):
        self.x_range, self.y_range = x, y

    def x(self, value: float) -> float:
        low, high = self.x_range
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        low, high = self.y_range
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _span(axis: Axis, series: Sequence[Series], part: int) -> tuple[float, float]:
    if axis.range:
        return axis.range
    values = [point[part] for one in series for point in one.points]
    values += [end for one in series for span in one.spans for end in span] if part else []
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.05 * (high - low) or abs(high) * 0.1 or 1.0
    return low - room, high + room


def _axes(svg: Element, scale: _Scale, x: Axis, y: Axis) -> None:
    floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for value in ticks(*scale.y_range, step=y.step):
        at = scale.y(value)
        _line(svg, (LEFT, at), (right, at), "#dddddd")
        _text(svg, LEFT - 8, at + 4, y.as_text(value), anchor="end")
    for value in ticks(*scale.x_range, step=x.step):
        at = scale.x(value)
        _line(svg, (at, floor), (at, floor + 5), "#222222")
        _text(svg, at, floor + 18, x.as_text(value), anchor="middle")
    _line(svg, (LEFT, floor), (right, floor), "#222222")
    _text(svg, (LEFT + right) / 2, HEIGHT - 10, x.title, anchor="middle")
    middle = (TOP + floor) / 2
    turned = _text(svg, 16, middle, y.title, anchor="middle")
    turned.set("transform", f"rotate(-90 16 {middle:.1f})")


def _series(svg: Element, scale: _Scale, one: Series, colour: str, as_dots: bool) -> None:
    at = [(scale.x(x), scale.y(y)) for x, y in one.points]
    for (x, _), (low, high) in zip(at, one.spans):
        _line(svg, (x, scale.y(low)), (x, scale.y(high)), colour)
    if not as_dots and len(at) > 1:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        style = {"fill": "none", "stroke": colour, "stroke-width": "2"}
        SubElement(svg, "polyline", {"points": points, **style})
    if as_dots or len(at) <= MOST_DOTS:
        for x, y in at:
            style = {"fill": colour, "fill-opacity": "0.7" if as_dots else "1"}
            SubElement(svg, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "3.5", **style})


def _legend(svg: Element, top: float, name: str, colour: str) -> None:
    style = {"width": "12", "height": "12", "fill": colour}
    SubElement(svg, "rect", {"x": str(LEFT), "y": str(top), **style})
    _text(svg, LEFT + 20, top + 10, name)


def _line(svg: Element, a: tuple[float, float], b: tuple[float, float], colour: str) -> None:
    ends = {"x1": a[0], "y1": a[1], "x2": b[0], "y2": b[1]}
    places = {name: f"{value:.1f}" for name, value in ends.items()}
    SubElement(svg, "line", {**places, "stroke": colour})


def _text(
    svg: Element, x: float, y: float, text: str, *, anchor: str = "start", size: int = 12
) -> Element:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "font-size": str(size)}
    element = SubElement(svg, "text", {**place, "fill": "#222222"})
    element.text = _printable(text)
    return element


def _printable(text: str) -> str:
    """XML holds no control characters."""
    return "".join(c if c.isprintable() else " " for c in text)
