"""Dragging a threshold in a real browser: what a frame costs on our plot, and on Plotly's own
scatter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

N_MOVES = 60
PLOTLY_LIMIT_S = 15
PLOT = "[...document.querySelectorAll('*')].map(e => e.shadowRoot?.difficultyPlot).find(Boolean)"
FRAMES = (
    "window.bench = { work: [], frame: [], on: true };"
    + "{ let last = 0; const tick = now => { if (last) bench.frame.push(now - last); last = now;"
    " if (bench.on) requestAnimationFrame(tick); }; requestAnimationFrame(tick); }"
)
COUNT_WORK = f"""() => {{
    {FRAMES}
    const plot = {PLOT};
    let moving = 0;
    const timed = (owner, name, after) => {{
        const inner = Object.getPrototypeOf(owner)[name].bind(owner);
        owner[name] = event => \
{{ const start = performance.now(); inner(event); after(performance.now() - start); }};
    }};
    timed(plot.pointer, "move", ms => (moving += ms));
    timed(plot, "frame", ms => {{ bench.work.push(moving + ms); moving = 0; }});
}}"""
PLOTLY = """([wrong, mixed, right]) => {
    const y = [wrong, mixed, right].map(values => Float64Array.from(values));
    const jitter = y.map(values => values.map((_, i) => (i * 0.618) % 1));
    const classes = tau => {
        const split = [[[], []], [[], []]];
        y[2].forEach((value, i) => { const side = split[value > tau ? 0 : 1]; side[0].push(2 + \
jitter[2][i]); side[1].push(value); });
        return split;
    };
    const trace = (x, y, color) => ({ type: "scattergl", mode: "markers", x, y, marker: { color, \
size: 3 } });
    const [inlier, below] = classes(0.65);
    const fixed = [trace(jitter[0], y[0], "#d3641a"), trace(jitter[1].map(x => 1 + x), y[1], \
"#999")];
    const moved = [trace(below[0], below[1], "#999"), trace(inlier[0], inlier[1], "#1f6fb2")];
    window.recolour = tau => {
        const start = performance.now(), [inlier, below] = classes(tau);
        Plotly.restyle("plot", { x: [below[0], inlier[0]], y: [below[1], inlier[1]] }, [2, 3]);
        bench.work.push(performance.now() - start);
    };
    return Plotly.newPlot("plot", [...fixed, ...moved], { width: 1000, height: 500, showlegend: \
false });
}"""


@dataclass(frozen=True, slots=True)
class Drag:
    """95th percentiles over the frames of one drag, in milliseconds."""

    work: float
    """Script work of a frame: pointer handlers and drawing calls; what the browser does afterwards
    is not in it.
    """
    frame: float
    """Distance between two animation frames."""


def drag_ours(page) -> Drag:
    """Drag the upper threshold up and down by 60 pixels."""
    page.bring_to_front()
    page.evaluate(COUNT_WORK)
    x, y = hold_upper(page)
    for step in range(N_MOVES):
        page.mouse.move(x, y + 60 * np.sin(2 * np.pi * (step + 1) / N_MOVES))
    page.mouse.up()
    return _drag(page)


def hold_upper(page) -> tuple[float, float]:
    """Press the handle of the upper threshold; the button stays down. Where, in pixels of the
    page.
    """
    box = page.locator('[data-threshold="high"]').bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y


def open_plotly(page, n: int) -> None:
    """A page with Plotly's own scatter of n points in three strips, a trace per class, and nothing
    else.
    """
    draw = np.random.default_rng(0)
    page.set_content('<div id="plot"></div>')
    page.add_script_tag(
        content=(files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    )
    page.evaluate(PLOTLY, [draw.random(n // 3).tolist() for _ in range(3)])


def drag_plotly(page) -> Drag:
    """The same movement: at every animation frame the points change sides and Plotly is told so."""
    page.bring_to_front()
    page.evaluate(
        f"""([moves, limit]) => new Promise(done => {{
            {FRAMES}
            let step = 0;
            const until = performance.now() + limit;
            const move = () => {{
                recolour(0.65 + 0.15 * Math.sin(2 * Math.PI * ++step / moves));
                step < moves && performance.now() < until ? requestAnimationFrame(move) : done();
            }};
            requestAnimationFrame(move);
        }})""",
        [N_MOVES, PLOTLY_LIMIT_S * 1000],
    )
    return _drag(page)


def _drag(page) -> Drag:
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    found = page.evaluate("() => { bench.on = false; return bench; }")
    return Drag(_p95(found["work"]), _p95(found["frame"]))


def _p95(values: list[float]) -> float:
    return float(np.percentile(values, 95))


def in_turn(drags: list[Callable[[], Drag]], n_runs: int) -> list[list[Drag]]:
    """Every drag n_runs times, in turn, after one that does not count."""
    runs = [[drag() for drag in drags] for _ in range(n_runs + 1)][1:]
    return [list(column) for column in zip(*runs)]
