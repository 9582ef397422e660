"""What the machine is at, beside every page."""

from engine import store
from engine.events import Decoding, Planned, Sampled
from engine.jobs.pace import Pace
from engine.store import now
from engine.store.loads import LoadRow
from engine.types import InFlight, Response
from tests.app.shown import metrics, show


def opened(page="home"):
    at = show(page)
    at.session_state["system"] = True
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def test_nothing_is_looked_at_before_the_panel_is_opened(studio, monkeypatch):
    monkeypatch.setattr("app.system.load_now", lambda: 1 / 0)
    assert "System" in [panel.label for panel in show("home").expander]


def test_the_panel_says_what_the_running_job_samples_and_how_it_went(studio):
    job_id = studio.job("presample", "running")
    for n in range(3):
        store.loads.add(studio.db, job_id, LoadRow(now(), 0.5, 10**9, None, None, 50.0, n))
    pace = Pace(job_id)
    for event in (
        Planned(36, 0, "responses", 0, None),
        Sampled("s", [Response("p", i, 0, "", "stop", 30) for i in range(4)], 2.0),
        Decoding(InFlight(7, 70)),
    ):
        pace.note(event, 0.0)
    studio.runner.pace = pace
    at = opened("difficulty")
    shown = metrics(at)
    assert (shown["Tokens/s"], shown["In flight"]) == ("60", "7") and "CPU, all cores" in shown
    assert any("Pre-sampling, iteration 0, now; 3 looks" in c.value for c in at.caption)


def test_without_a_job_the_panel_says_the_machine_alone(studio):
    shown = metrics(opened())
    assert shown["Tokens/s"] == shown["In flight"] == "–"
