"""The commands a person gives between jobs: create a run, begin the next iteration, fork.

Each is one transaction, seconds at most, and knows the store but no model. Commits: see plans.
"""

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

from engine import store
from engine.config import RunConfig, plain_config
from engine.config.checks import check_servers
from engine.errors import ConfigError, ProblemSetError
from engine.method.next_problems import SELECTORS
from engine.method.seeds import stable_hash
from engine.models.precision import resolve_dtype
from engine.samplers import resolve
from engine.store import Database, now
from engine.store.runs import EVERY, Run
from engine.study import next_problems, sources
from engine.study.handle import Iteration
from engine.study.sample_sets import make_known, training_sets
from engine.study.training_rows import n_training_rows
from engine.types import JobKind, Problem, Reference, SamplingSettings

_NUMBERED = re.compile(r"(.+)(?<!seed) ([2-9]|[1-9][0-9])")
"""A name with the number that made it free; the seed of a run in a sweep is none."""


def free_name(db: Database, wanted: str) -> str:
    """The name, with the first number behind it that makes it another than those of all runs:
    Starter study 2, and Starter study 3 where that is wanted and taken.
    """
    taken = {run.name for run in store.runs.listed(db)}
    numbered = _NUMBERED.fullmatch(wanted)
    stem, first = (numbered[1], int(numbered[2]) + 1) if numbered else (wanted, 2)
    others = (f"{stem} {number}" for number in count(first))
    return next(name for name in chain([wanted], others) if name not in taken)


@dataclass(frozen=True, slots=True)
class _Named:
    """A configuration with what it names, before anything is stored."""

    config: RunConfig
    train: list[Problem]
    held_out: list[Problem]
    policy: str
    policy_id: str
    prm: str
    prm_id: str


def create_run(db: Database, config: RunConfig) -> str:
    """Read the problems, find the models, and store a run with its first iteration begun; a name
    that another run has gets a number.

    Returns: the run's id, 8 hex digits.
    Raises: ConfigError, ProblemSetError. Nothing is stored then.
    """
    [run_id] = create_runs(db, [config])
    return run_id


def create_runs(db: Database, configs: Sequence[RunConfig]) -> list[str]:
    """As create_run, of several: all of them or none.

    Returns: ids in their order. Raises: as create_run, for the first that cannot be made.
    """
    everything = [_read(config) for config in configs]
    with db.transaction():
        return [_store(db, each) for each in everything]


def _read(config: RunConfig) -> _Named:
    train, held_out = sources.problem_sets(config)
    policy, policy_id = sources.policy(config)
    prm, prm_id = sources.reward(config)
    config = replace(
        config,
        sampling=resolve(config.sampling),
        training=replace(config.training, dtype=resolve_dtype(config.training.dtype)),
        init=replace(config.init, dtype=resolve_dtype(config.init.dtype)),
    )
    check_servers(config.sampling)
    return _Named(config, train, held_out, policy, policy_id, prm, prm_id)


def _store(db: Database, named: _Named) -> str:
    """Within a transaction."""
    run_id, config = uuid.uuid4().hex[:8], named.config
    order = sorted(named.train, key=lambda p: stable_hash(config.seed, "problems", p.id))
    _require_same_answers(db, [*named.train, *named.held_out])
    config = replace(config, name=free_name(db, config.name))
    text = json.dumps(plain_config(config))
    store.problems.add(db, [*named.train, *named.held_out])
    store.runs.add_policy(db, named.policy_id, named.policy, None)
    run = Run(run_id, config.name, config.seed, text, named.prm_id, named.prm, None, None, now())
    store.runs.add(db, run)
    store.problems.add_to_run(db, run_id, "train", [p.id for p in order])
    store.problems.add_to_run(db, run_id, "held_out", [p.id for p in named.held_out])
    _begin(Iteration(db, run_id, 0), named.policy_id)
    return run_id


def pick_run(db: Database, run_id: str | None) -> str:
    """The run that is meant; None means the newest. Raises: ConfigError if it is not there."""
    if run_id:
        return store.runs.get(db, run_id).id
    known = store.runs.listed(db)
    if not known:
        raise ConfigError(f"There is no run yet in {db.path}. `run` starts one.")
    return known[0].id


def latest(db: Database, run_id: str) -> Iteration:
    """A run's newest iteration. Raises: ConfigError for an unknown run."""
    store.runs.get(db, run_id)
    return Iteration(db, run_id, store.runs.iterations(db, run_id)[-1].number)


def begin_next_iteration(db: Database, run_id: str) -> Iteration:
    """Give the run N problems as problems.per_iteration says, and the policy its last
    training made.

    Returns: the new iteration.
    Raises: ProblemSetError with how many problems are left; ConfigError if the last iteration is
    not trained.
    """
    last = latest(db, run_id)
    policy_id = store.runs.next_policy(last)
    if policy_id is None and n_training_rows(last) == 0:
        policy_id = last.row.policy_id
    if policy_id is None:
        raise ConfigError(
            f"Iteration {last.number} has no trained policy yet. Train it first, then begin"
            " the next one."
        )
    following = last.at(last.number + 1)
    with db.transaction():
        _begin(following, policy_id)
    return following


def fork(it: Iteration) -> Iteration:
    """A new run that refers to the same pre-samples of one iteration, to be committed in another
    way.

    What came before that iteration is shared; its resamples are the fork's own, but those that
    another run drew with the same requests are taken from there. Its full budget is counted.

    Returns: the iteration in the new run. Raises: ConfigError for an unknown run or iteration.
    """
    config, origin, new_id = it.config, it.row, uuid.uuid4().hex[:8]
    settings = store.samples.get(it.db, origin.presample_set).settings
    _, own = training_sets(config, origin.policy_id, it.number, new_id, settings)
    forked = Iteration(it.db, new_id, it.number)
    with it.db.transaction():
        store.runs.copy_run(it, new_id, name=free_name(it.db, f"{it.run.name} (fork)"))
        make_known(it.db, own)
        store.runs.add_iteration(forked, origin.policy_id, origin.presample_set, own.id)
    return forked


def set_training_sets(it: Iteration, settings: SamplingSettings) -> None:
    """Draw an iteration with other settings than the configuration's.

    Raises: ConfigError once pre-samples were ordered.
    """
    if store.jobs.latest(it, JobKind.PRESAMPLE):
        raise ConfigError(
            f"Iteration {it.number} has pre-samples already: its settings cannot change any more."
        )
    shared, own = training_sets(it.config, it.row.policy_id, it.number, it.run_id, settings)
    with it.db.transaction():
        make_known(it.db, shared)
        make_known(it.db, own)
        store.runs.set_sample_sets(it, shared.id, own.id)


def _begin(it: Iteration, policy_id: str) -> None:
    config = it.config
    if config.problems.per_iteration in SELECTORS:
        next_problems.take(it, policy_id)
    elif config.problems.per_iteration == "fresh" or it.number == 0:
        _take_problems(it)
    shared, own = training_sets(config, policy_id, it.number, it.run_id, config.train_settings())
    make_known(it.db, shared)
    make_known(it.db, own)
    store.runs.add_iteration(it, policy_id, shared.id, own.id)


def _take_problems(it: Iteration) -> None:
    problems, n_left = it.config.problems, store.problems.n_unused(it.db, it.run_id)
    if n_left < problems.n_train:
        raise ProblemSetError(
            f"{n_left} problems that this run never used are left, and an iteration takes"
            f" {problems.n_train}. Start a new run with more problems, or with a smaller"
            " problems.n_train."
        )
    number = it.number if problems.per_iteration == "fresh" else EVERY
    store.problems.take(it.db, it.run_id, number, problems.n_train)


def _require_same_answers(db: Database, problems: list[Problem]) -> None:
    """Stored verdicts were given by stored answers, and runs share them: one question has one
    answer per database.
    """
    stored = store.problems.references(db)
    other = [p for p in problems if stored.get(p.id, p.reference) != p.reference]
    if other:
        first, there = other[0], stored[other[0].id]
        raise ProblemSetError(
            f"{len(other)} problems are in {db.path} with another answer, and verdicts given by it."
            f' The first: {first.id} "{first.question[:60]}" has {_said(there)} there and'
            f" {_said(first.reference)} here. Give another file with --db."
        )


def _said(reference: Reference) -> str:
    domain = "" if reference.domain == "maths" else f" ({reference.domain})"
    return f"{reference.answer!r}{domain}"
