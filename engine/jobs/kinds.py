"""From a job to what it does: what the store still lacks, bound to the backends that the run's
configuration names.

A job says only (run, iteration, kind); everything else is looked up here, so that resuming is the
same as starting.
"""

from collections.abc import Callable, Iterator
from typing import Any

from engine import store
from engine.config.backends import draws_itself
from engine.errors import ConfigError, SamplerError
from engine.events import Event, Note
from engine.jobs.owed import Part, respond_to
from engine.jobs.train import pick, train
from engine.jobs.work import Work
from engine.placement import trainer_backend
from engine.store import Database
from engine.store.jobs import Job
from engine.study import calibration, plans, tuning
from engine.study.handle import Iteration
from engine.study.pairing import make_pairs
from engine.study.sample_sets import evaluation_sets, make_known
from engine.study.side_samples import SideOrder
from engine.types import JobKind

BEFORE, AFTER = "before", "after"
"""Which policy of an iteration an evaluation means: M_t or M_{t+1}."""


def open_phase(work: Work) -> Iterator[Event]:
    """The phase that does what the job still owes. Nothing is loaded before the first event is
    asked for.

    Raises: ConfigError for a job of a kind that this version does not know.
    """
    return KINDS[kind_of(work.job.kind)](work)


def kind_of(name: str) -> JobKind:
    """Raises: ConfigError for a name that is not a job's."""
    try:
        return JobKind(name)
    except ValueError:
        raise ConfigError(
            f"A job's kind is {name!r}: it must be one of {', '.join(JobKind)}."
        ) from None


def follow_ups(db: Database, job: Job) -> list[tuple[JobKind, dict[str, Any]]]:
    """Finish what belongs to a job that is done, and name the jobs (kind, params) that follow by
    themselves.
    """
    if job.kind is JobKind.RESAMPLE:
        it = Iteration(db, job.run_id, job.iteration)
        db.checkpoint()  # until then the keys of all that was stored take DuckDB's memory
        make_pairs(it)
        return [] if it.config.is_recorded else [(JobKind.EVALUATE, {"policy": BEFORE})]
    if job.kind in (JobKind.TRAIN, JobKind.PICK):
        policy_id = store.jobs.get(db, job.id).policy_id
        method = Iteration(db, job.run_id, job.iteration).config.training.method
        before = [(JobKind.EVALUATE, {"policy": BEFORE})] if draws_itself(method) else []
        return [*before, (JobKind.EVALUATE, after(policy_id))] if policy_id else []
    return []


def after(policy_id: str) -> dict[str, str]:
    """What an evaluation of M_{t+1} is told: an iteration trained twice has two of them."""
    return {"policy": AFTER, "policy_id": policy_id}


def _presample(work: Work) -> Iterator[Event]:
    it = work.it
    n = it.config.sampling.n_presample
    wanted = store.owed.of_run(it.db, it.run_id, "train", it.number, n)
    return respond_to(work, [Part(it.row.presample_set, wanted)], scored=True)


def _resample(work: Work) -> Iterator[Event]:
    """Round after round: what one round gives is decided when everything before it is judged. What
    another run drew with the same requests is taken from there. The training that follows is
    awaited meanwhile.
    """
    it, first = work.it, work.it.config.sampling.n_presample
    if draws_itself(it.config.training.method):
        raise ConfigError(
            f"training.method is {it.config.training.method}: the plan is drawn while the policy is"
            " trained, and not resampled. Start the training."
        )
    if not it.config.is_recorded:
        work.placement.expect(trainer_backend(it.config.training))
    is_own = store.samples.get(it.db, it.row.resample_set).settings.n_examples > 0
    more = True
    while more:
        if not is_own and (n_reused := store.resamples.reuse(it)):
            yield Note(
                f"{n_reused:,} resamples were drawn by another run with the same requests, and are"
                " taken from there. They count in this run's budget."
            )
        part = Part(it.row.resample_set, store.owed.of_allocation(it, first))
        n_later = store.commits.get(it).n_later
        yield from respond_to(work, [part], scored=True, n_later=n_later)
        more = plans.next_round(it)


def _tune(work: Work) -> Iterator[Event]:
    return respond_to(work, _side_parts(tuning.order(work.it)), scored=True)


def _calibrate(work: Work) -> Iterator[Event]:
    ordered = calibration.order(work.it, work.job.params["n_problems"])
    return respond_to(work, _side_parts([ordered]), scored=False)


def _side_parts(ordered: list[SideOrder]) -> list[Part]:
    return [Part(o.set_id, store.owed.all_of(o.problem_ids, 0, o.n)) for o in ordered]


def _evaluate(work: Work) -> Iterator[Event]:
    it, params = work.it, work.job.params
    if it.config.is_recorded:
        raise SamplerError("This run replays recorded responses: there is no policy to evaluate.")
    is_after = params["policy"] == AFTER
    policy_id = params["policy_id"] if is_after else it.row.policy_id
    greedy, sampled = evaluation_sets(it.config, policy_id, it.number + is_after)
    parts, only = [], params.get("only")
    for samples, n_each in ((greedy, 1), (sampled, it.config.evaluation.n)):
        if only not in (None, samples.purpose):
            continue
        make_known(it.db, samples)
        wanted = store.owed.of_run(it.db, it.run_id, "held_out", None, n_each)
        parts.append(Part(samples.id, wanted))
    return respond_to(work, parts, scored=False)


KINDS: dict[JobKind, Callable[[Work], Iterator[Event]]] = {
    JobKind.TUNE: _tune,
    JobKind.PRESAMPLE: _presample,
    JobKind.CALIBRATE: _calibrate,
    JobKind.RESAMPLE: _resample,
    JobKind.EVALUATE: _evaluate,
    JobKind.TRAIN: train,
    JobKind.PICK: pick,
}
