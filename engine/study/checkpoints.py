"""Which weights of a training become the policy M_{t+1}: the last ones, the best by a metric, or
those of a step that a person picks afterwards.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import store
from engine.config.training import HELD_OUT_ACCURACY, PolicyBy
from engine.errors import ConfigError
from engine.store import Database
from engine.store.checkpoints import Pick
from engine.store.jobs import Job
from engine.study.handle import Iteration
from engine.training.kept import best_step
from engine.types import JobKind, JobState


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A step of a training whose weights are there."""

    step: int
    n_bytes: int | None
    """On the disk; None for those that became the training's policy."""
    metrics: dict[str, float]
    """What was logged after the step."""


def own_step(db: Database, training: Job) -> int:
    """The step after which the weights are that a finished training made its policy of."""
    picked = store.checkpoints.automatic_pick(db, training.id)
    return picked.step if picked else training.n_done


def checkpoints(db: Database, training: Job) -> list[Checkpoint]:
    """Every step of a finished training that can become a policy, its own among them; weights that
    were set aside as damaged are none.
    """
    metrics = metrics_by_step(db, training.id)
    sizes: dict[int, int | None] = {
        k.step: k.n_bytes for k in store.checkpoints.kept(db, training.id) if Path(k.path).is_dir()
    }
    sizes.setdefault(own_step(db, training), None)
    return [Checkpoint(step, sizes[step], metrics.get(step, {})) for step in sorted(sizes)]


def gone(db: Database, training: Job) -> list[int]:
    """Steps whose weights were kept and are not in their place any more, such as damaged ones."""
    rows = store.checkpoints.kept(db, training.id)
    return [k.step for k in rows if not Path(k.path).is_dir()]


def metrics_by_step(db: Database, job_id: str) -> dict[int, dict[str, float]]:
    """What a training logged, of a step run twice the newest."""
    columns = store.metrics.of_job(db, job_id)
    rows: dict[int, dict[str, float]] = {}
    for step, name, value in zip(*(columns[c].tolist() for c in ("step", "name", "value"))):
        rows.setdefault(step, {})[name] = value
    return rows


def best(db: Database, training: Job, metric: PolicyBy) -> int:
    """The step that is best by a metric; the last one for "last". Raises: ConfigError where none of
    the steps has it.
    """
    known = checkpoints(db, training)
    if metric == "last":
        return known[-1].step
    logged = [{"step": c.step, **c.metrics} for c in known]
    step = best_step(metric, logged, [c.step for c in known])
    if step is None:
        more = " Train with evaluate_every_steps." if metric == HELD_OUT_ACCURACY else ""
        raise ConfigError(f"No kept step of this training has {metric}.{more}")
    return step


def pick(it: Iteration, job_id: str, step: int, *, made_by: str) -> dict[str, Any]:
    """Note that the weights of a step are to become the policy.

    Args:
        job_id: of a finished training of the iteration.
        made_by: a tab's id, or "cli".

    Returns: what the job of kind "pick" is told. Raises: ConfigError for another job, or a step
    whose weights were not kept.
    """
    training = store.jobs.get(it.db, job_id)
    is_of_it = (training.run_id, training.iteration) == (it.run_id, it.number)
    if not is_of_it or training.kind is not JobKind.TRAIN or training.state is not JobState.DONE:
        raise ConfigError(f"{job_id} is no finished training of iteration {it.number}.")
    steps = [c.step for c in checkpoints(it.db, training)]
    if step not in steps:
        raise ConfigError(
            f"The weights of step {step} are not there: pick one of {', '.join(map(str, steps))}."
            " training.keep_checkpoints says how many a training keeps."
        )
    number = store.checkpoints.add_pick(it.db, job_id, step, automatic=False, made_by=made_by)
    return {"pick": number}


def picked(db: Database, job: Job) -> Pick | None:
    """What a job of kind "pick" was told; None for any other."""
    return store.checkpoints.get_pick(db, job.params["pick"]) if job.kind is JobKind.PICK else None
