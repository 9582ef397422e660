"""The training job: which rows, from which weights, with which optimiser."""

from collections.abc import Iterator
from pathlib import Path

from engine import store
from engine.config import TrainingConfig, training_config
from engine.config.backends import draws_itself, keeps_responses
from engine.errors import ConfigError, TrainingError
from engine.events import Event, Planned, PolicySaved
from engine.jobs.owed import reward_backend
from engine.jobs.policies import sound_path
from engine.jobs.work import Work
from engine.placement import seating, trainer_backend
from engine.store import Database
from engine.study.checkpoints import own_step
from engine.study.handle import Iteration
from engine.study.interim import interim
from engine.study.plan_groups import RewardModelAt, draws
from engine.study.training_rows import training_rows
from engine.training import TrainingTask
from engine.training.saving import folder_with_optimiser
from engine.types import Preference, Worked


def train(work: Work) -> Iterator[Event]:
    """Train the iteration's policy with everything else released.

    Raises: TrainingError without a row to train on; ConfigError if it cannot fit, or cannot be
    evaluated on the way as it should be.
    """
    it, config, placement = work.it, work.it.config, work.placement
    if config.is_recorded:
        raise TrainingError(
            "This run replays recorded responses: there is no policy to train. Export its pairs"
            " instead."
        )
    training = training_config(config.training, work.job.params)
    _require_its_kind(config.training.method, training.method)
    start = _start(it, training)
    folder = _work_folder(it.db, work.job.id)
    draws_own = draws_itself(training.method)
    drawn_as = store.samples.get(it.db, it.row.presample_set).settings
    at = _reward_model(it) if draws_own else None
    task = TrainingTask(
        policy_path=sound_path(it.db, start),
        rows=[] if draws_own else _rows(it, training, folder),
        config=training,
        seed=config.seed,
        settings=drawn_as if draws_own else config.train_settings(),
        work_dir=str(folder),
        policies_dir=str(it.db.artifacts / "policies"),
        trust_remote_code=config.policy.trust_remote_code,
        inherit_from=_inherited(it, start) if training.inherit_optimizer else None,
        interim=interim(it, training),
        draws=draws(it, training, work.job.id, start, at) if draws_own else None,
    )
    placement.release()
    prm_path = at.path if at and config.loads_reward else ""
    seating.require_training(config, training, task.policy_path, prm_path)
    try:
        yield from placement.get(trainer_backend(training)).train(task, work.should_stop)
    finally:
        placement.release()


def pick(work: Work) -> Iterator[Event]:
    """Make a policy of weights that a training kept, or its own policy the latest one again."""
    it, db = work.it, work.it.db
    wanted = store.checkpoints.get_pick(db, work.job.params["pick"])
    origin = store.jobs.get(db, wanted.job_id)
    yield Planned(1, 0, "policies")
    if origin.policy_id and wanted.step == own_step(db, origin):
        yield PolicySaved(origin.policy_id, store.runs.policy_path(db, origin.policy_id))
        return
    training = training_config(it.config.training, origin.params)
    paths = {row.step: row.path for row in store.checkpoints.kept(db, origin.id)}
    task = TrainingTask(
        policy_path=store.runs.policy_path(db, _start(it, training)),
        rows=[],
        config=training,
        seed=it.config.seed,
        work_dir=str(_work_folder(db, work.job.id)),
        policies_dir=str(db.artifacts / "policies"),
        trust_remote_code=it.config.policy.trust_remote_code,
        checkpoint=paths[wanted.step],
    )
    work.placement.release()
    try:
        yield from work.placement.get(trainer_backend(training)).train(task, work.should_stop)
    finally:
        work.placement.release()


def _start(it: Iteration, training: TrainingConfig) -> str:
    """The policy that a training starts from."""
    return (it.at(0) if training.start == "base" else it).row.policy_id


def _reward_model(it: Iteration) -> RewardModelAt | None:
    """What scores a training's own draws; None in a run without rewards. Raises:
    RewardModelChanged, PolicyDamaged.
    """
    if not it.config.has_rewards:
        return None
    backend = reward_backend(it)
    return RewardModelAt(backend.name, backend.path, backend.options)


def _require_its_kind(method: str, wanted: str) -> None:
    """Raises: ConfigError where one of two methods draws its own responses and the other does not:
    an iteration's budget is spent once.
    """
    if draws_itself(method) == draws_itself(wanted):
        return
    spent = "drawn while training" if draws_itself(method) else "resampled"
    raise ConfigError(
        f"training.method is {wanted} for this training, and {method} in this run, whose plan is"
        f" {spent}: it must be one of the same kind, or the budget would be spent twice. Start a"
        f" run with {wanted} instead."
    )


def _rows(it: Iteration, training: TrainingConfig, folder: Path) -> list[Preference] | list[Worked]:
    rows = training_rows(it, training, folder)
    if not rows:
        missing = "preference pairs: no problem in the pool has both a correct and a wrong response"
        if keeps_responses(training.method):
            missing = (
                "responses to train on: none in the pool is correct, or above training.keep_above"
            )
        raise TrainingError(
            f"Iteration {it.number} has no {missing}. Commit other thresholds in a fork, or begin"
            " the next iteration with the same policy."
        )
    return rows


def _work_folder(db: Database, job_id: str) -> Path:
    return db.artifacts / "training" / job_id


def _inherited(it: Iteration, policy_id: str) -> str | None:
    """The work folder of the training that made a policy, in whichever run; None for the policy
    that the run began with.
    """
    if policy_id == it.at(0).row.policy_id:
        return None
    makers = store.jobs.that_made(it.db, policy_id)
    return str(folder_with_optimiser([_work_folder(it.db, job_id) for job_id in makers]))
