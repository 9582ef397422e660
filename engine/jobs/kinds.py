"""From a job to its phase: what the store still lacks, bound to the backends that the run's
configuration names.

A job says only (run, iteration, kind); everything else is looked up here, so that resuming is the
same as starting.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from engine.config import RunConfig, TrainingConfig, training_config
from engine.config.backends import BACKENDS, options_of
from engine.errors import ConfigError, SamplerError, TrainingError
from engine.events import Event, Planned
from engine.grading import Grader
from engine.jobs.respond import Owed, respond
from engine.method.prompts import fill
from engine.placement import Backend, Placement, seating, trainer_backend
from engine.store import Database, commit_reads, job_rows, reads
from engine.study import calibration, plans, runs, tuning
from engine.study.pairing import make_pairs
from engine.study.sample_sets import requests
from engine.study.side_samples import SideOrder
from engine.study.training_rows import training_rows
from engine.study.worked_examples import with_examples
from engine.training import TrainingTask
from engine.training.saving import folder_with_optimiser
from engine.types import JobKind, SampleSet

BEFORE, AFTER = "before", "after"
"""Which policy of an iteration an evaluation means: M_t or M_{t+1}."""


def open_phase(db: Database, job: dict, placement: Placement, grader: Grader) -> Iterator[Event]:
    """The phase that does what the job still owes. Nothing is loaded before the first event is
    asked for.

    Raises: ConfigError for a job of a kind that this version does not know.
    """
    return KINDS[kind_of(job["kind"])](db, job, placement, grader)


def kind_of(name: str) -> JobKind:
    """Raises: ConfigError for a name that is not a job's."""
    try:
        return JobKind(name)
    except ValueError:
        raise ConfigError(
            f"A job's kind is {name!r}: it must be one of {', '.join(JobKind)}."
        ) from None


def follow_ups(db: Database, job: dict) -> list[tuple[str, dict]]:
    """Finish what belongs to a job that is done, and name the jobs (kind, params) that follow by
    themselves.
    """
    if job["kind"] == "resample":
        make_pairs(db, job["run_id"], job["iteration"])
        if runs.config_of(db, job["run_id"]).is_recorded:
            return []
        return [("evaluate", {"policy": BEFORE})]
    if job["kind"] == "train":
        return [("evaluate", after(job_rows.get(db, job["id"])["policy_id"]))]
    return []


def after(policy_id: str) -> dict:
    """What an evaluation of M_{t+1} is told: an iteration trained twice has two of them."""
    return {"policy": AFTER, "policy_id": policy_id}


def _presample(db: Database, job: dict, placement: Placement, grader: Grader) -> Iterator[Event]:
    config = runs.config_of(db, job["run_id"])
    iteration = reads.iteration(db, job["run_id"], job["iteration"])
    wanted = {
        id: range(config.sampling.n_presample)
        for id in reads.problems(db, job["run_id"], "train", job["iteration"])
    }
    return _respond(
        db, job, placement, grader, [(iteration["presample_set"], "train", wanted)], scored=True
    )


def _resample(db: Database, job: dict, placement: Placement, grader: Grader) -> Iterator[Event]:
    """Round after round: what one round gives is decided when everything before it is judged."""
    run_id, t = job["run_id"], job["iteration"]
    first = runs.config_of(db, run_id).sampling.n_presample
    resamples = reads.iteration(db, run_id, t)["resample_set"]
    more = True
    while more:
        bound = commit_reads.allocation(db, run_id, t)
        wanted = {
            row["problem_id"]: range(first, first + row["n_more"]) for row in bound if row["n_more"]
        }
        n_later = commit_reads.commit(db, run_id, t)["n_later"]
        yield from _respond(
            db, job, placement, grader, [(resamples, "train", wanted)], scored=True, n_later=n_later
        )
        more = plans.next_round(db, run_id, t)


def _tune(db: Database, job: dict, placement: Placement, grader: Grader) -> Iterator[Event]:
    return _respond(
        db,
        job,
        placement,
        grader,
        _side_parts(tuning.order(db, job["run_id"], job["iteration"])),
        scored=True,
    )


def _calibrate(db: Database, job: dict, placement: Placement, grader: Grader) -> Iterator[Event]:
    ordered = calibration.order(db, job["run_id"], job["iteration"], job["params"]["n_problems"])
    return _respond(db, job, placement, grader, _side_parts([ordered]), scored=False)


def _side_parts(ordered: list[SideOrder]) -> list:
    return [(o.set_id, "train", dict.fromkeys(o.problem_ids, range(o.n))) for o in ordered]


def _evaluate(db: Database, job: dict, placement: Placement, grader: Grader) -> Iterator[Event]:
    run_id, t = job["run_id"], job["iteration"]
    if runs.config_of(db, run_id).is_recorded:
        raise SamplerError("This run replays recorded responses: there is no policy to evaluate.")
    is_after = job["params"]["policy"] == AFTER
    policy_id = (
        job["params"]["policy_id"] if is_after else reads.iteration(db, run_id, t)["policy_id"]
    )
    greedy, sampled = runs.evaluation_sets(db, run_id, t + is_after, policy_id)
    n = runs.config_of(db, run_id).evaluation.n
    ids = reads.problems(db, run_id, "held_out")
    parts, only = [], job["params"].get("only")
    for samples, n_each in ((greedy, 1), (sampled, n)):
        if only not in (None, samples.purpose):
            continue
        runs.store_set(db, samples)
        parts.append((samples.id, "held_out", dict.fromkeys(ids, range(n_each))))
    return _respond(db, job, placement, grader, parts, scored=False)


def _respond(
    db: Database,
    job: dict,
    placement: Placement,
    grader: Grader,
    parts: list,
    *,
    scored: bool,
    n_later: int = 0,
) -> Iterator[Event]:
    """One or more sample sets in turn, as one job with one count.

    Args:
        parts: (sample set id, role of its problems, wanted indices by problem id).
        n_later: responses that the job will owe when these are done.
    """
    row, config = reads.run(db, job["run_id"]), runs.config_of(db, job["run_id"])
    prm_id = (row["prm_id"] or None) if scored else None
    owed = [_owed(db, job, set_id, role, wanted, prm_id) for set_id, role, wanted in parts]
    n_total = sum(len(indices) for _, _, wanted in parts for indices in wanted.values())
    yield Planned(n_total + n_later, n_total - sum(len(o.requests) for o in owed), "responses")
    reward = _reward(config, row["prm_path"])
    for part, (set_id, role, wanted) in zip(owed, parts):
        sampler, seated_reward, together = seating.place(
            config, placement, sampler_backend(db, job["run_id"], config, part.samples), reward
        )
        openers = _opener(placement, sampler), grader, _opener(placement, seated_reward)
        if together or prm_id is None:
            yield from respond(part, *openers)
            continue
        yield from respond(replace(part, prm_id=None), *openers)
        placement.release(keep=[seated_reward])
        yield from respond(_owed(db, job, set_id, role, wanted, prm_id), *openers)


def _owed(
    db: Database, job: dict, set_id: str, role: str, wanted: dict[str, range], prm_id: str | None
) -> Owed:
    samples = reads.samples(db, set_id)
    number = job["iteration"] if role == "train" else None
    problems = reads.problems(db, job["run_id"], role, number)
    stored = reads.stored_keys(db, set_id)
    missing = [
        (id, index)
        for id, indices in wanted.items()
        for index in indices
        if (id, index) not in stored
    ]
    mine = [text for text in reads.ungraded(db, set_id) if text[0] in problems]
    unseen, refused = (
        (
            [
                text
                for text in reads.unscored(db, set_id, prm_id, refused=asked)
                if text[0] in problems
            ]
            if prm_id
            else []
        )
        for asked in (False, True)
    )
    template, family = (
        samples.settings.prompt_template,
        runs.config_of(db, job["run_id"]).reward.family,
    )
    prompts = {id: fill(template, p.question) for id, p in problems.items()}
    shown = (
        with_examples(db, job["run_id"], job["iteration"], samples, problems)
        if samples.settings.n_examples
        else prompts
    )
    reads_as = BACKENDS[family].reads if family in BACKENDS else "question"
    read = prompts if reads_as == "text" else {id: p.question for id, p in problems.items()}
    return Owed(
        samples=samples,
        requests=requests(samples, shown, missing),
        answers={id: p.answer for id, p in problems.items()},
        prompts=read if prm_id else {},
        prm_id=prm_id,
        scored_by_key=reads_as == "key",
        ungraded=mine,
        unscored=unseen,
        refused=[(id, index) for id, index, _ in refused],
    )


def sampler_backend(db: Database, run_id: str, config: RunConfig, samples: SampleSet) -> Backend:
    """The backend that draws a sample set, with the options that it takes and no others."""
    is_first = samples.policy_id == reads.iterations(db, run_id)[0]["policy_id"]
    about_set = {
        "set.policy_id": samples.policy_id,
        "set.known_as": config.policy.path if is_first else "",
    }
    return Backend(
        samples.sampler,
        reads.policy_path(db, samples.policy_id),
        options_of(samples.sampler, config, about_set),
    )


def _reward(config: RunConfig, path: str) -> Backend:
    family = config.reward.family
    return Backend(family, path, options_of(family, config) if family in BACKENDS else {})


def _opener(placement: Placement, backend: Backend) -> Callable:
    return lambda: placement.get(backend)


def _train(db: Database, job: dict, placement: Placement, grader: Grader) -> Iterator[Event]:
    run_id, t = job["run_id"], job["iteration"]
    config = runs.config_of(db, run_id)
    if config.is_recorded:
        raise TrainingError(
            "This run replays recorded responses: there is no policy to train. Export its pairs"
            " instead."
        )
    training = training_config(config.training, job["params"])
    start = reads.iteration(db, run_id, 0 if training.start == "base" else t)["policy_id"]
    work = _work_folder(db, job["id"])
    task = TrainingTask(
        policy_path=reads.policy_path(db, start),
        rows=_training_rows(db, run_id, t, config, training, work),
        config=training,
        seed=config.seed,
        chat=config.policy.chat,
        work_dir=str(work),
        policies_dir=str(db.artifacts / "policies"),
        trust_remote_code=config.policy.trust_remote_code,
        inherit_from=_inherited(db, run_id, start) if training.inherit_optimizer else None,
    )
    placement.release()
    seating.require_training(config, training, task.policy_path)
    trainer = placement.get(trainer_backend(training))
    try:
        yield from trainer.train(task, job["should_stop"])
    finally:
        placement.release()


def _training_rows(
    db: Database, run_id: str, t: int, config: RunConfig, training: TrainingConfig, work: Path
) -> list:
    rows = training_rows(db, run_id, t, config, training, work)
    if not rows:
        missing = "preference pairs: no problem in the pool has both a correct and a wrong response"
        if training.method == "sft":
            missing = (
                "responses to train on: none in the pool is correct, or above training.keep_above"
            )
        raise TrainingError(
            f"Iteration {t} has no {missing}. Commit other thresholds in a fork, or begin the next"
            " iteration with the same policy."
        )
    return rows


def _work_folder(db: Database, job_id: str) -> Path:
    return db.artifacts / "training" / job_id


def _inherited(db: Database, run_id: str, policy_id: str) -> str | None:
    """The work folder of the training that made a policy, in whichever run; None for the policy
    that the run began with.
    """
    if policy_id == reads.iteration(db, run_id, 0)["policy_id"]:
        return None
    return str(
        folder_with_optimiser(
            [_work_folder(db, job_id) for job_id in job_rows.that_made(db, policy_id)]
        )
    )


KINDS: dict[JobKind, Callable[[Database, dict, Placement, Grader], Iterator[Event]]] = {
    JobKind.TUNE: _tune,
    JobKind.PRESAMPLE: _presample,
    JobKind.CALIBRATE: _calibrate,
    JobKind.RESAMPLE: _resample,
    JobKind.EVALUATE: _evaluate,
    JobKind.TRAIN: _train,
}
