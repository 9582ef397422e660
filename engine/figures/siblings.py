"""The trainings of one iteration beside each other: each made a policy of its own from the same
M_t, and so did every pick of weights that one of them kept.
"""

from dataclasses import dataclass
from string import ascii_lowercase

from engine import store
from engine.figures.evaluation import Evaluation, evaluated_policies, evaluation
from engine.store import Database
from engine.store.checkpoints import Pick
from engine.store.jobs import Job
from engine.study.checkpoints import picked
from engine.study.handle import Iteration
from engine.types import JobKind, JobState

MAKERS = (JobKind.TRAIN, JobKind.PICK)
"""Jobs that make a policy."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """One finished training and what its policy can do."""

    name: str
    """M1 for the first training of iteration 0, M1b for the second, …"""
    job: Job
    """A training, or a pick of weights."""
    pick: Pick | None
    """Which step's weights, where they are not the last ones."""
    evaluation: Evaluation | None
    """None until it is complete."""
    goes_on: bool
    """The next iteration begins with its policy, or would: the figures of the run are its."""


@dataclass(frozen=True, slots=True)
class RunPolicy:
    """A policy of a run that there is to evaluate."""

    number: int
    """The t of M_t."""
    policy_id: str
    goes_on: bool
    """The run goes on with it: the M_t of its figures."""


def run_policies(db: Database, run_id: str) -> dict[str, RunPolicy]:
    """Every policy of a run by its name: M0, M1, M1b, M2, …"""
    known: dict[str, RunPolicy] = {}
    for number, going in evaluated_policies(db, run_id).items():
        own = policy_names(Iteration(db, run_id, number - 1)) if number else {}
        named = own if going in own else {going: f"M{number}"} | own
        for id, name in named.items():
            free = name if name not in known else f"{name}-{id[:8]}"
            known[free] = RunPolicy(number, id, id == going)
    return known


def policy_names(it: Iteration) -> dict[str, str]:
    """What those policies are called, by id, oldest first, that an iteration's finished trainings
    and picks made: M1, M1b, …
    """
    return {
        str(job.policy_id): f"M{it.number + 1}{_letter(place)}"
        for place, job in enumerate(_makers(it))
    }


def siblings(it: Iteration) -> list[Sibling]:
    """The iteration's finished trainings and picks, oldest first; one whose policy is there already
    is none of its own.
    """
    names = policy_names(it)
    following, after = store.runs.next_policy(it), Iteration(it.db, it.run_id, it.number + 1)
    return [
        Sibling(
            names[str(job.policy_id)],
            job,
            picked(it.db, job) or store.checkpoints.automatic_pick(it.db, job.id),
            evaluation(after, job.policy_id or ""),
            job.policy_id == following,
        )
        for job in _makers(it)
    ]


def _makers(it: Iteration) -> list[Job]:
    """The first job of each policy."""
    jobs = [
        job
        for job in store.jobs.of_run(it.db, it.run_id, it.number)
        if job.kind in MAKERS and job.state is JobState.DONE and job.policy_id
    ]
    first = {job.policy_id: job for job in reversed(jobs)}
    return [job for job in jobs if first[job.policy_id] is job]


def _letter(place: int) -> str:
    """Nothing for the first, then b to z, and numbers behind that."""
    if place == 0:
        return ""
    return ascii_lowercase[place] if place < len(ascii_lowercase) else f"-{place + 1}"
