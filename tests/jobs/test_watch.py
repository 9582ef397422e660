"""The machine is looked at while a job runs."""

from engine import store
from engine.events import Decoding, Planned, Sampled
from engine.jobs import watch
from engine.jobs.pace import Pace
from engine.types import InFlight, Response
from tests.small_runs import until


def test_looks_are_stored_until_the_job_is_over(db, monkeypatch):
    monkeypatch.setattr(watch, "LOOK_S", 0.005)
    pace = Pace("job")
    for event in (
        Planned(8, 0, "responses", 0, None),
        Sampled("s", [Response("p", 0, 0, "", "stop", 30)], 2.0),
        Decoding(InFlight(7, 70)),
    ):
        pace.note(event, 0.0)
    with watch.watched(db, "job", lambda: pace):
        until(lambda: len(store.loads.of_job(db, "job")) > 1, "two looks", deadline_s=30)
    rows = store.loads.of_job(db, "job")
    assert {(row.tokens_per_s, row.n_running) for row in rows} == {(15.0, 7)}
    assert all(row.memory_used > 0 and 0 <= row.cpu <= 1 for row in rows)
