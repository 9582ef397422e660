"""What the strip says of a running job."""

from datetime import UTC, datetime, timedelta

import pytest

from app.widgets import pace
from engine.store.jobs import Job
from engine.types import InFlight, JobKind, JobState


def running(n_done: int) -> Job:
    started = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=60)
    about = "id", 1, "run", 0, JobKind.PRESAMPLE, {}, JobState.RUNNING, 1
    return Job(*about, n_done, 360, 0, "responses", None, started, started, None, 0.0, None)


@pytest.mark.parametrize(
    ("n_done", "in_flight", "said"),
    [
        (0, None, "0 of 360 responses · loading the model"),
        (0, InFlight(128, 5120), "0 of 360 responses · 128 running, 5,120 tokens sampled"),
        (0, InFlight(128, None), "0 of 360 responses · 128 running"),
        (60, InFlight(9, 70), "60 of 360 responses · 9 running, 70 tokens sampled · 1.0 responses"),
    ],
)
def test_tokens_and_running_responses_are_said_before_one_has_finished(n_done, in_flight, said):
    assert pace(running(n_done), in_flight).startswith(said)
