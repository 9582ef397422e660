"""The trainings of one iteration beside each other: each made a policy of its own from the same
M_t.
"""

from dataclasses import dataclass
from string import ascii_lowercase

from engine import store
from engine.figures.evaluation import Evaluation, evaluation
from engine.store.jobs import Job
from engine.study.handle import Iteration
from engine.types import JobKind, JobState


@dataclass(frozen=True, slots=True)
class Sibling:
    """One finished training and what its policy can do."""

    name: str
    """M1 for the first training of iteration 0, M1b for the second, …"""
    job: Job
    evaluation: Evaluation | None
    """None until it is complete."""
    goes_on: bool
    """The next iteration begins with its policy, or would: the figures of the run are its."""


def siblings(it: Iteration) -> list[Sibling]:
    """The iteration's finished trainings, oldest first."""
    jobs = [
        job
        for job in store.jobs.of_run(it.db, it.run_id, it.number)
        if job.kind is JobKind.TRAIN and job.state is JobState.DONE and job.policy_id
    ]
    following, after = store.runs.next_policy(it), Iteration(it.db, it.run_id, it.number + 1)
    return [
        Sibling(
            f"M{it.number + 1}{_letter(place)}",
            job,
            evaluation(after, job.policy_id or ""),
            job.policy_id == following,
        )
        for place, job in enumerate(jobs)
    ]


def _letter(place: int) -> str:
    """Nothing for the first, then b to z, and numbers behind that."""
    if place == 0:
        return ""
    return ascii_lowercase[place] if place < len(ascii_lowercase) else f"-{place + 1}"
