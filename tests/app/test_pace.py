"""What the strip says of a running job."""

from app.job_banner import title_of_tab
from engine.events import Graded, Planned, Sampled, Scored, Seated
from engine.jobs.pace import Pace
from engine.types import Response, StepScores, Verdict
from tests.app.shown import show


def test_the_strip_counts_scores_and_says_the_time_for_all_that_is_left(studio):
    job_id, pace = studio.job("presample", "running"), Pace("")
    pace.job_id = job_id
    keys = [("p", i) for i in range(18)]
    for event in (
        Planned(36, 0, "responses", 0, 0),
        Seated(in_turn=False),
        Sampled("s", [Response(*key, 0, "", "stop", 1) for key in keys * 2], 10.0),
        Graded("s", [(key, Verdict(True, "1", "correct")) for key in keys * 2], 1.0),
        Scored("s", "prm", [(key, StepScores((0.5,))) for key in keys], 180.0),
    ):
        pace.note(event, 0.0)
    studio.runner.pace = pace
    page = show("home")
    bar = page.get("progress")[0].proto
    assert bar.value == 50
    assert title_of_tab() == "50% Pre-sampling, iteration 0 · HS-STaR Studio"
    assert "36 of 36 responses sampled, 36 graded, 18 scored · 0.1 responses/s" in bar.text


def test_a_job_that_has_said_nothing_yet_has_an_empty_bar(studio):
    studio.job("presample", "running")
    assert "beginning" in show("home").get("progress")[0].proto.text
