"""What a tracker is told of a job: its session, and what it gave in the end."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from engine import store
from engine.config import plain_config
from engine.figures.evaluation import evaluations
from engine.figures.summary import figures_of
from engine.store.jobs import Job
from engine.study.handle import Iteration
from engine.study.sample_sets import evaluation_sets
from engine.tracking import Row, Session
from engine.types import JobKind

FOLDER = "tracking"
"""In the folder beside the database."""
FIGURES: dict[JobKind | str, tuple[str, ...]] = {
    JobKind.TUNE: ("budget/tuned",),
    JobKind.PRESAMPLE: ("budget/total", "budget/presampled"),
    JobKind.CALIBRATE: ("budget/calibrated",),
    JobKind.RESAMPLE: (
        "budget/resampled",
        "budget/reused",
        "budget/unspent",
        "classes/",
        "n_pending",
        "n_pairs",
        "n_foregone",
    ),
    JobKind.EVALUATE: ("eval/before/",),
}
"""Which of an iteration's figures each kind of job gives, by how their names begin; each is sent by
one of them.
"""
OF_THE_NEXT = ("eval/after/", "gain/")
"""Those that the evaluation of the next policy gives."""


def session_of(it: Iteration, job: Job) -> Session:
    """An iteration is one session; every training of it after the first is another one, with the
    evaluation of what it made.
    """
    trainings = [j.id for j in store.jobs.of_run(it.db, it.run_id, it.number) if _trains(j)]
    mine = _training(it, job)
    again = f" {mine}" if mine and mine != trainings[0] else ""
    run = f"{it.run.name} {it.run_id}".replace("/", "-")
    return Session(
        project=it.config.tracking.project,
        group=run,
        name=f"{run} M{it.number}{again}",
        folder=it.db.artifacts / FOLDER,
        settings=dict(_flat(plain_config(it.config))),
    )


def last_step(it: Iteration, job: Job) -> int:
    """Where a job's own figures stand: behind the training that came before it, 0 before any."""
    mine = _training(it, job)
    steps = store.metrics.steps_of(it.db, mine) if mine else set()
    return max(steps, default=0)


def end_figures(it: Iteration, job: Job) -> dict[str, float]:
    """What a finished job gave, as numbers by name: budget, classes, pairs, accuracy."""
    wanted = OF_THE_NEXT if _is_of_the_next(job) else FIGURES.get(job.kind, ())
    if not wanted:
        return {}
    evaluated = {e.number: e for e in evaluations(it.db, it.run_id)}
    flat = _flat(figures_of(it, evaluated))
    return {
        f"iteration/{name}": float(value)
        for name, value in flat
        if name.startswith(wanted) and isinstance(value, int | float)
    }


def sampled(it: Iteration, job: Job) -> tuple[str, list[Row]]:
    """The name of the table of a sampling job's first responses, and its rows; none for another
    job.
    """
    n, row = it.config.tracking.n_responses, it.row
    sets = {
        JobKind.PRESAMPLE: (row.presample_set, "train"),
        JobKind.RESAMPLE: (row.resample_set, "train"),
    }
    if job.kind is JobKind.EVALUATE and not it.config.is_recorded:
        policy_id = job.params.get("policy_id", row.policy_id)
        number = it.number + _is_of_the_next(job)
        sets[JobKind.EVALUATE] = (evaluation_sets(it.config, policy_id, number)[0].id, "held_out")
    if job.kind not in sets or not n:
        return "", []
    set_id, role = sets[JobKind(job.kind)]
    rows = store.tracking.some_responses(it, set_id, role, n)
    return f"responses/{job.kind}", [asdict(row) for row in rows]


def _training(it: Iteration, job: Job) -> str | None:
    """The training that a job is, or that made what it evaluates."""
    if _trains(job):
        return job.id
    if policy_id := job.params.get("policy_id"):
        mine = [j for j in store.jobs.of_run(it.db, it.run_id, it.number) if _trains(j)]
        return next((j.id for j in reversed(mine) if j.policy_id == policy_id), None)
    return None


def _is_of_the_next(job: Job) -> bool:
    """Whether a job evaluates M_{t+1}."""
    return job.kind is JobKind.EVALUATE and "policy_id" in job.params


def _trains(job: Job) -> bool:
    return job.kind in (JobKind.TRAIN, JobKind.PICK)


def _flat(nested: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Plain values by their path."""
    flat: list[tuple[str, Any]] = []
    for name, value in nested.items():
        if isinstance(value, Mapping):
            flat += _flat(value, f"{before}{name}/")
        elif isinstance(value, list | tuple):
            flat += _flat({str(n): one for n, one in enumerate(value)}, f"{before}{name}/")
        elif value is not None:
            flat.append((f"{before}{name}", value))
    return flat
