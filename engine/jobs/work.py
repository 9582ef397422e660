"""What a job is worked on with: its iteration, its row, the backends, and the wish to stop."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.grading import Grader
from engine.placement import Placement
from engine.store.jobs import Job
from engine.study.handle import Iteration


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt of a job."""

    it: Iteration
    job: Job
    placement: Placement
    grader: Grader
    should_stop: Callable[[], bool]
    """Asked by a training after every optimiser step."""
