"""hs-star pick: which weights of a training become the policy."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.options import as_json, database, one_run, require_database
from engine.cli.walking import driven

if TYPE_CHECKING:
    from engine.config.training import PolicyBy
    from engine.store.jobs import Job
    from engine.study.handle import Iteration


@click.command()
@one_run
@database
@click.option("--iteration", type=click.IntRange(0), help="Left out, the last one trained.")
@click.option("--training", metavar="JOB", help="Left out, the iteration's last one.")
@click.option("--step", type=click.IntRange(1), help="The step whose weights become the policy.")
@click.option("--best", metavar="METRIC", help="The best step by a metric, such as loss; last.")
@as_json
def pick(
    run_id: str | None,
    db: Path,
    iteration: int | None,
    training: str | None,
    step: int | None,
    best: str | None,
    as_json: bool,
) -> None:
    """Let kept weights of a finished training become the policy, and evaluate it. Without --step or
    --best it lists the steps.
    """
    from engine.errors import ConfigError
    from engine.study import checkpoints

    require_database(db)
    if step is not None and best is not None:
        raise ConfigError("--step and --best are both given: give one of them.")
    metric = _metric(best)
    with driven(db) as runner:
        it, job = _training(runner.db, run_id, iteration, training)
        if metric is not None:
            step = checkpoints.best(runner.db, job, metric)
        if step is None:
            said: dict[str, Any] = {"training": job.id, "steps": _listed(it, job)}
        else:
            said = {"training": job.id, "step": step, "policy": _picked(runner, it, job, step)}
    print(json.dumps(said, indent=None if as_json else 2))


def _metric(name: str | None) -> "PolicyBy | None":
    """Raises: ConfigError for what is no metric of a training."""
    from engine.config.training import METRICS
    from engine.errors import ConfigError

    known: dict[str, PolicyBy] = {metric: metric for metric in METRICS}
    if name is not None and name not in known:
        raise ConfigError(f"--best is {name}: it must be one of {', '.join(known)}.")
    return known[name] if name is not None else None


def _training(
    db: Any, run_id: str | None, number: int | None, job_id: str | None
) -> "tuple[Iteration, Job]":
    """The training that is meant. Raises: ConfigError if there is none."""
    from engine import store
    from engine.errors import ConfigError
    from engine.study.handle import Iteration
    from engine.study.runs import pick_run
    from engine.types import JobKind, JobState

    run = pick_run(db, run_id)
    jobs = [
        job
        for job in store.jobs.of_run(db, run, number)
        if job.kind is JobKind.TRAIN and job.state is JobState.DONE and job_id in (None, job.id)
    ]
    if not jobs:
        raise ConfigError(f"Run {run} has no such finished training. `status` lists its jobs.")
    return Iteration(db, run, jobs[-1].iteration), jobs[-1]


def _listed(it: "Iteration", job: "Job") -> list[dict[str, Any]]:
    from engine.study.checkpoints import checkpoints, own_step

    own = own_step(it.db, job)
    return [
        {"step": c.step, "is_the_policy": c.step == own, "n_bytes": c.n_bytes, **c.metrics}
        for c in checkpoints(it.db, job)
    ]


def _picked(runner: Any, it: "Iteration", job: "Job", step: int) -> str:
    """Id of the policy. Raises: EngineError with the job's sentence if it fails."""
    from engine.headless.run import pick_weights

    return pick_weights(runner, it, job.id, step)
