"""The Compare page over several runs, and the report it hands out."""

from html.parser import HTMLParser

import pytest

from app import state
from app.compare.report import accuracy_series, as_html
from engine import store
from engine.figures.comparison import compare
from engine.figures.measure import measure
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Choice
from tests.app.shown import metrics, said, show
from tests.small_runs import judge, small
from tests.stored_studies import study

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """Names of all tags, attributes that name an address, and the text outside of scripts and
    styles.
    """

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.text, self._raw = [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self._raw = tag if tag in ("script", "style") else None
        self.addresses += [
            value
            for name, value in attributes
            if name in ("src", "href", "srcset", "data", "action")
        ]

    def handle_endtag(self, tag):
        self._raw = None

    def handle_data(self, data):
        if self._raw is None:
            self.text.append(data)


@pytest.fixture
def several(database):
    """Two runs of one kind with two seeds, one of another kind, one with another budget."""
    db, runner = state._open(database)
    runner.paused = True
    return db, [
        study(db, seed=1, name=HOSTILE),
        study(db, seed=2, after=lambda problem, _: problem < 5),
        study(db, seed=1, strategy="uniform"),
        study(db, seed=1, sampling={"n": 9}),
    ]


def opened(at, panel):
    at.session_state[panel] = True
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def chosen(at, ids):
    at.multiselect[0].set_value(ids).run()
    assert not at.exception, at.exception[0].value
    return at


def test_the_selected_run_is_preset_and_others_can_join(several):
    _, ids = several
    at = show("compare", run=ids[0])
    assert at.multiselect[0].value == [ids[0]] and not at.error
    at = chosen(at, ids[:3])
    assert "Same budget." in said(at) and not at.error
    tables = [list(frame.value.columns) for frame in at.dataframe]
    assert any("paired difference in points" in columns for columns in tables) and any(
        "gain over M0" in columns for columns in tables
    )
    assert "the gain of a class holds regression to the mean" in said(at)


def test_another_budget_is_shown_in_red_and_none_chosen_means_the_selected_run(several):
    _, ids = several
    at = chosen(show("compare", run=ids[0]), [ids[0], ids[3]])
    (error,) = at.error
    assert "may sample 108 responses" in error.value.replace("\\", "")
    at = chosen(at, [])
    assert not at.error and len(at.dataframe[0].value) == 1


def test_lengths_by_level_come_with_the_commit_that_the_open_table_waited_for(database):
    db, runner = state._open(database)
    runner.paused = True
    it = Iteration(db, create_run(db, small(difficulty={"strategy": "dast"})), 0)
    judge(db, it.run_id, correct=lambda problem, index: index < problem % 4)
    lengths = lambda at: [f.value for f in at.dataframe if "Level" in f.value.columns]
    at = opened(show("compare", run=it.run_id), "lengths_open")
    assert lengths(at) == [] and "not committed yet" in said(at)
    plans.commit(it, Choice(0.4, 0.5, strategy="dast"), made_by="a test")
    (table,) = lengths(opened(show("compare", run=it.run_id), "lengths_open"))
    assert table["Problems"].sum() == 12 and table["Responses before"].sum() == 36


def test_monitors_of_every_iteration_are_listed(several):
    at = show("compare", run=several[1][0])
    assert not [frame for frame in at.dataframe if "Balance" in frame.value.columns]
    at.session_state["monitors_open"] = True
    at.run()
    (monitors,) = [frame.value for frame in at.dataframe if "Balance" in frame.value.columns]
    assert monitors["Pass@3"].tolist() == [10 / 12] and monitors["Problems"].tolist() == [12]


def test_lines_are_groups_where_there_are_seeds_and_runs_elsewhere(several):
    db, ids = several
    series = accuracy_series(compare([measure(db, id) for id in ids[:3]]), "mean")
    assert [len(points) for points in series.values()] == [2, 2]
    (group, points), (run, _) = series.items()
    assert "2 seeds" in group and ids[2] in run
    assert (
        points[1][:2] == (1, pytest.approx((4 + 5) / 12))
        and points[1][2] < points[1][1] < points[1][3]
    )


def test_the_report_is_one_file_that_loads_nothing_and_escapes_what_people_wrote(several):
    db, ids = several
    measured = [measure(db, id) for id in ids]
    report = as_html(compare(measured), measured)
    found, text = Tags(report), None
    text = " ".join(found.text)
    assert found.addresses == [] and not {"img", "link", "iframe"} & set(found.tags)
    assert HOSTILE not in report and HOSTILE in text
    assert report.count("plotly.js v") == 1 and found.tags.count("script") >= 3
    assert (
        "may sample 108 responses" in text
        and 'strategy = "uniform"' in text
        and "streamlit" in text
    )
    assert text.index("class outlier") < text.index("regression to the mean")
    for run in (m.compared for m in measured):
        assert f"Run {run.label}, seed {run.seed}" in text


def test_compare_shows_the_paired_gain_and_begins_the_next_iteration(studio):
    studio.trained()
    at = show("compare")
    assert "Paired gain over M0, 95 % (points)" in metrics(at)
    next(b for b in at.button if b.label == "Next iteration").click().run()
    assert len(store.runs.iterations(studio.db, studio.run_id)) == 2


def test_a_cell_of_the_flows_opens_its_problems_and_their_responses(studio):
    studio.trained()
    at = show("compare", run=studio.run_id, iteration="0")
    assert "Problem" not in {name for frame in at.dataframe for name in frame.value}
    field = at.selectbox(key="flows_cell")
    n_in_cell = sum(int(label.split(": ")[1].split()[0]) for label in field.options)
    assert n_in_cell == 6
    field.select_index(0).run()
    listed = next(f.value for f in at.dataframe if "Problem" in f.value)
    assert list(listed) == ["Problem", "M0", "M1", "Question"]
    assert len(listed) == int(field.options[0].split(": ")[1].split()[0])
    links = [link.proto for link in at.get("page_link")]
    [query] = [x.query_string for x in links if x.label.startswith("Responses of M1 to ")]
    assert f"problem={listed['Problem'][0]}" in query and "phase=evaluate&policy=1" in query
