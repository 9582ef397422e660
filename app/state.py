"""What a page stands on: the store, the runner, and what is selected. The URL holds the selection,
the session only echoes it.

Knows Streamlit and the engine's store and runner; draws nothing but the sentence that says why
nothing can be drawn.
"""

import atexit
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app import inert, visitor
from app.place import database_path
from engine import store
from engine.errors import EngineError
from engine.jobs.looking import LookingRunner
from engine.jobs.runner import JobRunner
from engine.login import Role
from engine.store import Database, compaction
from engine.store.looking import Looking
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.study.resolved import UNATTENDED
from engine.types import JobKind
from engine.walk import job_of, next_phase

SETTINGS = ("tau_l", "tau_h", "mode", "strategy", "options")
"""What a person turns while looking at one iteration: in the URL, but no step of the back
button.
"""
FILTERS = (
    "where",
    "class",
    "verdict",
    "phase",
    "policy",
    "change",
    "truncated",
    "reward",
    "level",
    "tag",
    "tokens",
    "text",
    "view",
)
"""What a person looks for on the Responses page: in its URL, a step of the back button each."""
PROBLEMS_WHERE, PAIRS_WHERE = "problems_where", "pairs_where"
"""Which problems, and which pairs, are meant by a condition: in the URL of the pages that list
them.
"""
BOARD = ("find", "states", "tags", "archive")
"""What a person looks for among the runs: in the URL of Home."""
PAIR = "pair"
"""Which of the pairs is open, from 1: in the URL of Pairs, but no step of the back button."""
ROW = "row"
"""Which of the responses is open, from 1: in the URL, but no step of the back button."""
IN_URL = ("run", "iteration", "problem", *SETTINGS)
KEPT = "kept"
"""Session entry with the URL's values: a page switch drops query parameters and widget keys, this
it does not.
"""


@st.cache_resource(show_spinner=False)
def _open(path: Path) -> tuple[Database, JobRunner]:
    compaction.compact_if_asked(path)
    db = Database(path)
    runner = JobRunner(db)
    runner.start()
    atexit.register(lambda: (runner.close(), db.close()))
    return db, runner


def database() -> Database:
    """The open database of this process; a page that cannot have it says why and ends."""
    return _opened()[0]


def runner() -> JobRunner:
    """The one job runner of this process."""
    return _opened()[1]


def _opened() -> tuple[Database, JobRunner]:
    """For those who may only look, as they see it."""
    role = visitor.come_in()
    try:
        db, runner = _open(database_path())
    except EngineError as error:
        st.error(inert.markdown(str(error)), icon=":material/lock:")
        st.stop()
    return (db, runner) if role is Role.FULL else (Looking(db), LookingRunner(runner))


def kept(name: str, default=None):
    """A value of the URL, or what it last was in this tab."""
    values = st.session_state.setdefault(KEPT, {})
    if name in st.query_params:
        values[name] = st.query_params[name]
    return values.get(name, default)


def said(names: Sequence[str]) -> dict[str, str]:
    """Values of the URL alone. What it does not say is forgotten: so the back button takes a filter
    away again.
    """
    values = st.session_state.setdefault(KEPT, {})
    for name in names:
        values.pop(name, None)
    present = {name: st.query_params[name] for name in names if name in st.query_params}
    values.update(present)
    return present


def keep(**values) -> None:
    """Put values into the URL and remember them across pages; None removes one."""
    remembered = st.session_state.setdefault(KEPT, {})
    wanted = st.query_params.to_dict()
    for name, value in values.items():
        for kept_values in (remembered, wanted):
            if value is None:
                kept_values.pop(name, None)
            else:
                kept_values[name] = str(value)
    if wanted != st.query_params.to_dict():
        # at once: every change of the URL is a step of the back button
        st.query_params.from_dict(wanted)


def remember(**values) -> None:
    """Remember values across pages that the URL need not say, such as where the lines stand before
    anybody moved them.
    """
    st.session_state.setdefault(KEPT, {}).update(values)


def address(page: str, **about: str | None) -> dict[str, str]:
    """The query of a link to a page file such as "difficulty.py": run, iteration, and what that
    page is about, which is what it was about last where nothing is said.

    Args:
        about: what the link is about, such as a problem; None for nothing.
    """
    wanted = {name: value for name, value in about.items() if value}
    more = {
        "home.py": BOARD,
        "difficulty.py": (*SETTINGS, PROBLEMS_WHERE),
        "plan.py": (PROBLEMS_WHERE,),
        "export.py": (PROBLEMS_WHERE,),
        "responses.py": () if wanted else ("problem", *FILTERS, ROW),
        "pairs.py": (PAIR, PAIRS_WHERE),
    }
    names = ("run", "iteration", *more.get(page, ()))
    values, said = st.session_state.setdefault(KEPT, {}), st.query_params.to_dict()
    values.update({name: said[name] for name in names if name in said})
    return {name: values[name] for name in names if values.get(name) is not None} | wanted


def select(run_id: str, iteration: int) -> None:
    """Show another run or iteration; what belonged to the one before is forgotten."""
    before = (kept("run"), kept("iteration"))
    is_other = None not in before and before != (run_id, str(iteration))
    about_one = ("problem", "policy", ROW, PAIR, *SETTINGS)
    forgotten = dict.fromkeys(about_one) if is_other else {}
    keep(run=run_id, iteration=iteration, **forgotten)


def forget(run_ids: list[str]) -> None:
    """Show none of these runs any more; they are gone."""
    if kept("run") in run_ids:
        keep(**dict.fromkeys((*IN_URL, *FILTERS, ROW, PAIR, PROBLEMS_WHERE, PAIRS_WHERE)))


def begin(it: Iteration) -> None:
    """Queue the job that a new iteration waits for, and show it; where its responses are stored
    already, a person is next.
    """
    if kind := job_of(next_phase(progress(it))):
        submit(it, kind)
    select(it.run_id, it.number)


def submit(it: Iteration, kind: JobKind, params: dict[str, Any] | None = None) -> None:
    """Queue a job: what a button that begins one calls."""
    runner().submit(it, kind, params)


def selected() -> Iteration | None:
    """The iteration in the URL, else the newest run's last one; None while there is no run."""
    db = database()
    for name in IN_URL:
        kept(name)
    known = [run.id for run in store.runs.listed(db)]
    if not known:
        return None
    run_id = kept("run") if kept("run") in known else known[0]
    rows = store.runs.iterations(db, run_id)
    asked = kept("iteration", "")
    number = int(asked) if asked.isdecimal() and int(asked) < len(rows) else rows[-1].number
    select(run_id, number)
    return Iteration(db, run_id, number)


def who(made_by: str) -> str:
    """Who did something, as a person is told it: tabs are told apart from this one only."""
    doer, unattended, _ = made_by.partition(UNATTENDED)
    names = {tab_id(): "this tab", "cli": "the command line"}
    words = names.get(doer, "another tab" if doer.startswith("tab ") else doer)
    return f"{words}, in a run that goes by itself" if unattended else words


def tab_id() -> str:
    """Six hex digits that name this browser tab in a commit."""
    return st.session_state.setdefault("tab_id", f"tab {uuid.uuid4().hex[:6]}")
