"""A page as Streamlit draws it without a browser: opened, read, and its buttons pressed. No page
may raise on the way.
"""

import json
import re

import pandas as pd
from streamlit.testing.v1 import AppTest

from app.widgets import PAGES
from engine.paths import ROOT
from engine.study.handle import Iteration


def show(page, **query):
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    if page != "home":
        at.switch_page(f"../pages/{page}.py").run()
    assert not at.exception, at.exception[0].value
    return at


def unfold(at, key):
    """Open what is drawn only while it is open."""
    at.session_state[key] = True
    return at.run()


def table_with(at, column):
    """The small table with this column, as text."""
    lines = next(m.value for m in at.markdown if m.value.startswith("| ") and column in m.value)
    head, _, *rows = (
        [cell.replace("\\", "") for cell in line.strip("| ").split(" | ")]
        for line in lines.splitlines()
    )
    return pd.DataFrame(rows, columns=head)


def titles(at):
    return [title.value for title in at.title]


def title_of(studio, page):
    """What stands above a page: on that of a run its own name."""
    return (
        Iteration(studio.db, studio.run_id, 0).config.name
        if page == "run"
        else PAGES[f"{page}.py"][0]
    )


def said(at):
    kinds = (
        at.markdown,
        at.caption,
        at.info,
        at.warning,
        at.error,
        at.success,
        at.title,
        at.subheader,
        at.text,
    )
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def read(at):
    """What a person reads of it: without Markdown's escapes and the joiners inside addresses."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", said(at)).replace("\u2060", "")


def n_to_resample(at):
    """Problems that the plan in short counts."""
    return int(re.search(r"for ([\d,]+) problems", said(at)).group(1).replace(",", ""))


def metrics(at):
    return {metric.label: metric.value for metric in at.metric}


def press(at, label):
    next(b for b in at.button if b.label == label).click().run()
    assert not at.exception


def drawn(at):
    """Titles and figures of the charts on a page."""
    figures = [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]
    return [(figure["layout"]["title"]["text"], figure) for figure in figures]


def all_labels_differ(at):
    """In every list to choose from: the browser answers with a label."""
    for box in (*at.selectbox, *at.multiselect):
        assert len({*box.options}) == len(box.options), (box.label, box.options)
