"""A comparison as one HTML file that needs nothing else: figures, tables, configurations, seeds,
versions. Knows no Streamlit.

Whatever a person or a model wrote is escaped, and the file's own policy forbids it to load
anything.
"""

import sys
from datetime import UTC, datetime
from html import escape
from importlib.metadata import PackageNotFoundError, version

from app import charts
from app.palette import REPORT
from engine.config.toml import as_toml
from engine.doctor.machine import PACKAGES
from engine.figures.comparison import Comparison, accuracy_series
from engine.figures.measure import Measured
from engine.figures.text import NOTES, tables

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
STYLE = f"""body{{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;
padding:0 1em;color:{REPORT["text"]};background:{REPORT["ground"]}}}
table{{border-collapse:collapse;display:block;overflow-x:auto;margin:.5em 0 1.5em}}
th,td{{padding:.25em .7em;border-bottom:1px solid {REPORT["rule"]};text-align:left;
white-space:nowrap}}
pre{{background:{REPORT["block"]};padding:1em;overflow-x:auto}}
@page{{size:A4 landscape;margin:12mm}}
@media print{{body{{max-width:none;margin:0;font-size:11px}}
table{{display:table;width:100%;font-size:9px}}
th,td{{white-space:normal;overflow-wrap:anywhere;padding:.2em .4em}}
tr,.js-plotly-plot{{break-inside:avoid}}thead{{display:table-header-group}}
pre{{white-space:pre-wrap;overflow-wrap:anywhere}}}}
.differs{{color:{REPORT["warning"]};font-weight:600}}"""

FIT_PAPER = """<script>
const fit = layout => () => document.querySelectorAll(".js-plotly-plot").forEach(
  plot => Plotly.relayout(plot, layout));
addEventListener("beforeprint", fit({ width: 960, height: 380 }));
addEventListener("afterprint", fit({ width: null, height: 380, autosize: true }));
</script>"""
"""Figures are as wide as the window was; on paper they get the width that a page has."""


def as_html(comparison: Comparison, measured: list[Measured]) -> str:
    """The whole file. A few MB, most of them plotly.js, which is in it once."""
    n_runs = len(comparison.runs)
    parts = [
        f"<h1>{n_runs} {'run' if n_runs == 1 else 'runs'} compared</h1>",
        f"<p>Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.</p>",
        *(f'<p class="differs">{escape(said)}</p>' for said in comparison.differences),
        "<p>Same budget.</p>" if n_runs > 1 and not comparison.differences else "",
        *_figures(comparison),
        *(
            f"<h2>{escape(title)}</h2>{_table(rows)}<p>{escape(NOTES.get(title, ''))}</p>"
            for title, rows in tables(comparison).items()
            if rows
        ),
        "<p>All intervals are 95 %: over problems for one run, over seeds for a group.</p>",
        *(_run(m) for m in measured),
        FIT_PAPER,
        f"<h2>Versions</h2><p>Of the installation that wrote this file.</p>{_table([_versions()])}",
    ]
    head = (
        '<meta charset="utf-8"><meta http-equiv="Content-Security-Policy"'
        f' content="{POLICY}"><title>HS-STaR Studio: comparison</title>'
    )
    return (
        "<!doctype html><html"
        f' lang="en"><head>{head}<style>{STYLE}</style></head><body>{"".join(parts)}</body></html>'
    )


def _figures(comparison: Comparison) -> list[str]:
    """plotly.js comes with the first one."""
    titles = {"mean": "Held-out accuracy, mean of n samples", "greedy": "Held-out accuracy, greedy"}
    series = {measure: accuracy_series(comparison, measure) for measure in titles}
    drawn = [
        charts.compared(series[measure], title=title)
        for measure, title in titles.items()
        if series[measure]
    ]
    return [
        f.to_html(full_html=False, include_plotlyjs=number == 0, config=charts.config())
        for number, f in enumerate(drawn)
    ]


def _table(rows: list[dict[str, str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row.values()) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _run(m: Measured) -> str:
    title = (
        f"<h2>{escape(m.compared.name)}</h2><p>Run {escape(m.compared.run_id)}, seed"
        f" {m.compared.seed}, group {m.compared.group}</p>"
    )
    return f"{title}<pre>{escape(as_toml(m.config, m.notes))}</pre>"


def _versions() -> dict[str, str]:
    versions = {"Python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
