"""All runs as rows of one table: what each is, how far it is and what came of it so far."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from engine import store
from engine.config import RunConfig, parse_config
from engine.config.backends import draws_itself, keeps_responses
from engine.method.intervals import Interval
from engine.method.strategies import strategies
from engine.store import Database
from engine.store.board import Change, Stage, Trained, Wanted
from engine.store.labels import Labels
from engine.store.samples import n_overrides, table_sizes
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.study.sample_sets import evaluation_sets
from engine.types import JobKind, JobState
from engine.walk import Phase, next_phase

WIDTH = 1.959964
"""Of a 95 % interval by the normal distribution, in standard errors: quick over hundreds of runs.
Compare resamples problems.
"""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One run."""

    run_id: str
    name: str
    waits_for: Phase | None
    """What a person, or the run by itself, does next; None at the end."""
    kind: str | None
    """Of its job that runs, is queued, or was the last; None before the first."""
    state: str | None
    """Of that job."""
    share_done: float | None
    """Of the job that runs, from 0 to 1."""
    is_unattended: bool
    trouble: str | None
    """Why a run that goes by itself could not go on."""
    strategy: str
    training: str
    """The method, or none for recorded responses."""
    policy: str
    iteration: int
    n_iterations: int
    n_drawn: int
    budget: int
    """Of the iterations that are begun."""
    n_pairs: int
    last: int | None
    """The k of the last policy M_k that is there; None where none is trained."""
    accuracy: tuple[float, float] | None
    """mean@n of M_0 and M_k on the held-out problems; None before both are evaluated."""
    gain: Interval | None
    """Paired, over problems."""
    device_s: float
    started: datetime
    labels: Labels


def board(db: Database) -> list[BoardRow]:
    """Every run, newest first."""
    stages, labels = store.board.stages(db), store.labels.all_of(db)
    trained, drawn = store.board.policies(db), store.board.drawn(db)
    presampled = store.board.presampled(db)
    ordered = {order.run_id: order for order in store.unattended.listed(db)}
    last = {row.run_id: row.number for row in trained if row.number}
    changes = store.board.changes(db, _wanted(stages, trained))
    return [
        _row(
            stage,
            _parsed(stage.config),
            n_drawn=drawn.get(stage.run_id, 0),
            waits_for=_waits_for(db, stage, _parsed(stage.config), presampled.get(stage.run_id, 0)),
            order=ordered.get(stage.run_id),
            last=last.get(stage.run_id),
            change=changes.get(stage.run_id),
            labels=labels.get(stage.run_id, Labels()),
        )
        for stage in stages
    ]


def _row(
    stage: Stage,
    config: RunConfig,
    *,
    n_drawn: int,
    waits_for: Phase | None,
    order: store.unattended.Unattended | None,
    last: int | None,
    change: Change | None,
    labels: Labels,
) -> BoardRow:
    runs = stage.state == JobState.RUNNING and stage.n_total
    strategy = config.difficulty.strategy
    return BoardRow(
        run_id=stage.run_id,
        name=stage.name,
        waits_for=waits_for,
        kind=stage.kind,
        state=stage.state,
        share_done=(stage.n_done or 0) / stage.n_total if runs and stage.n_total else None,
        is_unattended=order is not None,
        trouble=order.trouble if order else None,
        strategy=strategies()[strategy].label if strategy in strategies() else strategy,
        training="none" if config.is_recorded else config.training.method.upper(),
        policy=Path(config.policy.path).name,
        iteration=stage.iteration,
        n_iterations=config.n_iterations,
        n_drawn=n_drawn,
        budget=config.problems.n_train * config.sampling.n * (stage.iteration + 1),
        n_pairs=stage.pairs_in_all,
        last=last,
        accuracy=(change.first, change.last) if change else None,
        gain=_interval(change) if change else None,
        device_s=stage.device_s,
        started=stage.created_at,
        labels=labels,
    )


def _waits_for(db: Database, stage: Stage, config: RunConfig, n_presampled: int) -> Phase | None:
    """As engine.walk says it of one run: from what the board knows of all where that is enough."""
    phase = _by_stage(stage, config, n_presampled) or _by_walk(db, stage)
    is_last = config.is_recorded or stage.iteration + 1 >= config.n_iterations
    over = phase is Phase.NEXT or (phase is Phase.TRAIN and config.is_recorded)
    return None if over and is_last else phase


def _by_stage(stage: Stage, config: RunConfig, n_presampled: int) -> Phase | None:
    """None where it takes more: whether all that is drawn is judged, how many responses SFT keeps,
    whether a plan fills a step.
    """
    if config.tuning.n_problems and not stage.is_tuned:
        return Phase.TUNE
    if not stage.is_committed:
        if n_presampled < config.problems.n_train * config.sampling.n_presample:
            return Phase.PRESAMPLE
        is_judging = stage.kind == JobKind.PRESAMPLE and stage.state != JobState.DONE
        return None if is_judging else Phase.COMMIT
    if stage.is_trained:
        return Phase.NEXT
    if draws_itself(config.training.method):
        return None
    if stage.n_pairs is None:
        return Phase.RESAMPLE
    if keeps_responses(config.training.method) and not stage.n_pairs:
        return None
    return Phase.TRAIN if stage.n_pairs else Phase.NEXT


def _by_walk(db: Database, stage: Stage) -> Phase:
    """Asked again only once its jobs have moved on, or more is judged where that decides."""
    it = Iteration(db, stage.run_id, stage.iteration)
    grows = None if stage.is_committed else table_sizes(db)
    known = stage.is_committed, stage.n_pairs, stage.kind, stage.state, n_overrides(db), grows
    asked = "waits", stage.run_id, stage.iteration
    return db.remembered(asked, known, lambda: next_phase(progress(it)))


def _wanted(stages: Sequence[Stage], trained: Sequence[Trained]) -> list[Wanted]:
    """The sampled held-out responses of M_0 and of the last policy, of runs that have both."""
    by_run: dict[str, dict[int, str]] = {}
    for row in trained:
        by_run.setdefault(row.run_id, {})[row.number] = row.policy_id
    wanted = []
    for stage in stages:
        policies = by_run.get(stage.run_id, {})
        if 0 in policies and (last := max(policies)) > 0:
            first_set, last_set = (
                _sampled(stage.config, policies[number], number) for number in (0, last)
            )
            n = _parsed(stage.config).evaluation.n
            wanted.append(Wanted(stage.run_id, first_set, last_set, n))
    return wanted


@lru_cache(maxsize=8192)
def _sampled(config: str, policy_id: str, number: int) -> str:
    return evaluation_sets(_parsed(config), policy_id, number)[1].id


@lru_cache(maxsize=4096)
def _parsed(text: str) -> RunConfig:
    return parse_config(json.loads(text))


def _interval(change: Change) -> Interval:
    half = WIDTH * (change.error or 0.0)
    return Interval(change.gain, change.gain - half, change.gain + half)
