"""Markup in every text column of the schema: no page and no report makes a link, a picture or a
request of it.
"""

import json
import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from app.compare.report import as_html
from app.widgets import PAGES
from engine import store
from engine.figures.comparison import compare
from engine.figures.measure import measure
from engine.store import Database
from engine.study.handle import Iteration
from tests.browser.studio import HOSTILE, Studio, settled

pytestmark = pytest.mark.browser
MARKUP = (
    '<a href="http://192.0.2.1/plotly">plot</a><b>bold</b> '
    + HOSTILE.replace("\n\n", " ")
    + " :material/home: :blue-badge[x] :rainbow[x] `code` ~~x~~ &lt;a&gt;"
)
FED = {
    "commits": ["made_by"],
    "decisions": ["made_by"],
    "hand_pairs": ["made_by"],
    "interim_answers": ["text", "predicted", "reason"],
    "jobs": ["error"],
    "labels": ["tags", "note"],
    "left_out_pairs": ["made_by"],
    "metrics": ["name"],
    "notes": ["text"],
    "opinions": ["judge", "reply"],
    "overrides": ["note", "made_by"],
    "picks": ["made_by"],
    "problems": ["question", "answer", "level", "solution"],
    "questions": ["name", "sql", "made_by"],
    "responses": ["text"],
    "runs": ["name", "config"],
    "saved_conditions": ["name", "text", "made_by"],
    "tags": ["tag", "made_by"],
    "trackings": ["made_by"],
    "tunings": ["made_by"],
    "unattended": ["ordered_by", "trouble"],
    "verdicts": ["predicted", "reason"],
}
"""What people, models, servers and files write, by table."""
STRUCTURAL = {
    *("id", "run_id", "job_id", "set_id", "problem_id", "policy_id", "prm_id", "parent_id"),
    *("presample_set", "resample_set", "owner", "purpose", "role", "kind", "state", "status"),
    *("mode", "strategy", "difficulty", "what", "says", "finish_reason", "unit", "drawn_in"),
    *("options", "params", "settings", "sampler", "graded", "domain", "details"),
    *("path", "prm_path", "why", "tracker", "trackers"),
}
"""Ids, names of a closed set, settings that are parsed, and paths of this machine: with anything
else in them nothing is found, and nothing shown.
"""


def feed(db: Database, run_id: str) -> None:
    """Rows in the tables that a study leaves empty, then markup in every free text."""
    it = Iteration(db, run_id, 0)
    problem, now = next(iter(store.problems.of_run(db, run_id, "train", 0))), store.now()
    job = next(j for j in store.jobs.of_run(db, run_id) if j.kind == "train")
    one = {"run_id": [run_id], "problem_id": [problem], "made_by": ["x"], "made_at": [now]}
    numbered = one | {"number": [0]}
    response = {"set_id": [it.row.presample_set], "problem_id": [problem], "idx": [0]}
    rows = {
        "decisions": numbered | {"iteration": [0], "what": ["exclude"]},
        "tags": numbered | {"tag": ["x"], "wanted": [True]},
        "hand_pairs": numbered
        | {"iteration": [0], "chosen_index": [1], "rejected_index": [0], "wanted": [True]},
        "left_out_pairs": numbered
        | {"iteration": [0], "chosen_index": [1], "rejected_index": [0], "left_out": [True]},
        "picks": {"job_id": [job.id], "step": [1], "automatic": [False]}
        | {"made_by": ["x"], "made_at": [now]},
        "overrides": response
        | {"correct": [True], "note": ["x"], "made_by": ["x"], "made_at": [now]},
        "opinions": response | {"judge": ["x"], "says": ["same"], "reply": ["x"], "made_at": [now]},
        "notes": {"job_id": [job.id], "attempt": [1], "text": ["x"], "noted_at": [now]},
        "questions": {"name": ["x"], "sql": ["x"], "made_by": ["x"], "made_at": [now]},
        "saved_conditions": {"name": ["x"], "text": ["x"], "made_by": ["x"], "made_at": [now]},
        "labels": {"run_id": [run_id], "tags": ["[]"], "note": ["x"]},
        "interim_answers": {"job_id": [job.id], "step": [1], "position": [0]}
        | {"problem_id": [problem], "text": ["x"], "finish_reason": ["stop"], "n_tokens": [1]}
        | {"correct": [True], "predicted": ["x"], "status": ["correct"], "reason": ["x"]},
        "unattended": {"run_id": [run_id], "n_iterations": [1], "ordered_by": ["x"]}
        | {"ordered_at": [now], "trouble": ["x"]},
    }
    for table, columns in rows.items():
        db.insert(table, columns)
    config = json.loads(db.value("SELECT config FROM runs WHERE id = ?", [run_id]))
    with db.transaction() as cursor:
        for table, columns in FED.items():
            for column in columns:
                value = "to_json([$m])" if column == "tags" else "$m"
                if column == "config":
                    stored = json.dumps({**config, "name": MARKUP})
                    cursor.execute("UPDATE runs SET config = ? WHERE id = ?", [stored, run_id])
                elif (table, column) == ("metrics", "name"):
                    cursor.execute(
                        "UPDATE metrics SET name = $m WHERE name = 'grad_norm'", {"m": MARKUP}
                    )
                else:
                    cursor.execute(f"UPDATE {table} SET {column} = {value}", {"m": MARKUP})


def test_every_text_column_is_either_fed_or_known_for_its_structure():
    db = Database(":memory:")
    texts = db.tuples(
        "SELECT c.table_name, c.column_name FROM duckdb_columns() c JOIN duckdb_tables() t"
        " ON t.table_name = c.table_name WHERE c.data_type LIKE 'VARCHAR%'"
    )
    unknown = {(t, c) for t, c in texts if c not in FED.get(t, ()) and c not in STRUCTURAL}
    assert texts and unknown == set()
    assert {(t, c) for t, columns in FED.items() for c in columns} <= set(texts)


@pytest.fixture(scope="module")
def fed(tmp_path_factory):
    """A dashboard over a database that is full of markup, and its report."""
    studio = Studio(tmp_path_factory.mktemp("fed"))
    db = Database(studio.path)
    feed(db, studio.hostile)
    measured = [measure(db, studio.hostile)]
    (studio.folder / "report.html").write_text(as_html(compare(measured), measured))
    db.close()
    studio.start()
    yield studio
    studio.stop()


ALIVE = """() => ({
    links: [...document.querySelectorAll('a')].map(a => a.href || a.getAttribute('xlink:href'))
        .filter(href => href && String(href.baseVal ?? href).includes('192.0.2.1')),
    loaded: [...document.querySelectorAll('img, iframe, script, link, video, object')]
        .map(e => e.src || e.href || e.data || '').filter(at => at.includes('192.0.2.1')),
    bold: [...document.querySelectorAll('.js-plotly-plot tspan')]
        .filter(e => e.style.fontWeight === 'bold' && e.textContent === 'bold').length,
    badges: [...document.querySelectorAll('.stMarkdownBadge')].filter(
        e => e.innerText === 'x').length,
    hacked: window.hacked ?? null,
    hidden: getComputedStyle(document.body).display === 'none',
})"""
NOTHING = {"links": [], "loaded": [], "bold": 0, "badges": 0, "hacked": None, "hidden": False}


@pytest.fixture
def tab(chromium):
    tab, asked = chromium.new_page(viewport={"width": 1440, "height": 1600}), []
    here = re.compile(r"(http|ws)://127\.0\.0\.1|data:|blob:|file:")
    tab.on("request", lambda r: asked.append(r.url) if not here.match(r.url) else None)
    tab.set_default_timeout(60_000)
    yield tab
    tab.close()
    assert asked == [], "nobody but this machine was asked for anything"


def open_up(tab, at_most=8):
    """Opens what is closed, one after the other: what opens may bring more, and moves the rest."""
    closed = tab.locator("[data-testid=stMain] details:not([open]) > summary:visible")
    for _ in range(at_most):
        if not closed.count():
            return
        closed.first.click()
        settled(tab)


def test_no_page_does_anything_with_what_is_stored(fed, tab):
    tab.goto(fed.at("", fed.hostile))
    found = {}
    for file, (title, _) in PAGES.items():
        if file != "home.py":
            link = tab.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True)
            link.click()
            tab.wait_for_url(re.compile(f"/{file.removesuffix('.py')}"))
        settled(tab)
        open_up(tab)
        found[title] = tab.evaluate(ALIVE)
        assert tab.get_by_test_id("stException").count() == 0, title
    assert {title: what for title, what in found.items() if what != NOTHING} == {}


def test_the_report_does_nothing_with_what_is_stored(fed, tab):
    tab.goto((fed.folder / "report.html").as_uri())
    tab.locator(".js-plotly-plot").first.wait_for()
    assert "192.0.2.1" in tab.content() and tab.evaluate(ALIVE) == NOTHING
