"""Events as rows: whatever one says is recorded in one transaction."""

from collections.abc import Sequence
from dataclasses import fields
from functools import singledispatch

import numpy as np

from engine.events import (
    CheckpointKept,
    CheckpointSaved,
    Drawn,
    Event,
    Graded,
    InterimEvaluated,
    Key,
    Note,
    OptimiserStep,
    Planned,
    PolicySaved,
    Sampled,
    Scored,
    StepsBefore,
)
from engine.grading.version import RULES
from engine.store import checkpoints, draws, interim, jobs, metrics, runs
from engine.store.clock import now
from engine.store.connection import Database
from engine.store.place import Place
from engine.store.texts import printable
from engine.types import Cost, Response, StepScores, Verdict


def record(db: Database, job_id: str, attempt: int, *events: Event) -> None:
    """Store what a phase said, all of it in one transaction. Rows that are there already stay as
    they are.

    Raises: StoreError if the disk is full; then nothing of the events is stored.
    """
    merged = _merged(events)

    def write() -> None:
        for event in merged:
            _record(event, db, job_id, attempt)

    db.as_new(write)


def _merged(events: Sequence[Event]) -> list[Event]:
    """The same rows in as few events as hold them."""
    responses: dict[str, list[Response]] = {}
    verdicts: dict[str, list[tuple[Key, Verdict]]] = {}
    scores: dict[tuple[str, str], list[tuple[Key, StepScores]]] = {}
    others: list[Event] = []
    for event in events:
        match event:
            case Sampled():
                responses.setdefault(event.sample_set_id, []).extend(event.responses)
            case Graded():
                verdicts.setdefault(event.sample_set_id, []).extend(event.verdicts)
            case Scored():
                key = event.sample_set_id, event.prm_id
                scores.setdefault(key, []).extend(event.scores)
            case _:
                others.append(event)
    return [
        *(Sampled(set_id, rows) for set_id, rows in responses.items()),
        *(Graded(set_id, rows) for set_id, rows in verdicts.items()),
        *(Scored(*key, rows) for key, rows in scores.items()),
        *others,
    ]


@singledispatch
def _record(event: Event, db: Database, job_id: str, attempt: int) -> None:
    raise TypeError(f"{type(event).__name__} is not an event of this engine.")


@_record.register
def _(event: Planned, db: Database, job_id: str, attempt: int) -> None:
    db.cursor().execute(
        "UPDATE jobs SET n_total = ?, n_done = ?, n_before = ?, unit = ? WHERE id = ?",
        [event.n_total, event.n_done, event.n_done, event.unit, job_id],
    )


@_record.register
def _(event: Sampled, db: Database, job_id: str, attempt: int) -> None:
    n_new = _add_responses(db, event.sample_set_id, event.responses)
    db.cursor().execute("UPDATE jobs SET n_done = n_done + ? WHERE id = ?", [n_new, job_id])


def _add_responses(db: Database, set_id: str, rows: Sequence[Response]) -> int:
    return db.insert(
        "responses",
        {
            "set_id": [set_id] * len(rows),
            "problem_id": [r.problem_id for r in rows],
            "idx": [r.index for r in rows],
            "seed": np.array([r.seed for r in rows], dtype=np.uint64),
            "text": [printable(r.text) for r in rows],
            "finish_reason": [r.finish_reason for r in rows],
            "n_tokens": [r.n_tokens for r in rows],
            "tokens": [None if r.tokens is None else list(r.tokens) for r in rows],
            "answer_at": [r.answer_at for r in rows],
        },
        or_ignore=True,
    )


@_record.register
def _(event: Drawn, db: Database, job_id: str, attempt: int) -> None:
    set_id, keys = (
        event.sample_set_id,
        [(d.response.problem_id, d.response.index) for d in event.draws],
    )
    _add_responses(db, set_id, [d.response for d in event.draws])
    _record(
        Graded(set_id, [(k, d.verdict) for k, d in zip(keys, event.draws)]), db, job_id, attempt
    )
    scored = [(key, d.scores) for key, d in zip(keys, event.draws) if d.scores is not None]
    if scored:
        _record(Scored(set_id, event.prm_id, scored), db, job_id, attempt)
    draws.add(db, job_id, event)


@_record.register
def _(event: Graded, db: Database, job_id: str, attempt: int) -> None:
    rows = event.verdicts
    db.insert(
        "verdicts",
        {
            "set_id": [event.sample_set_id] * len(rows),
            "problem_id": [key[0] for key, _ in rows],
            "idx": [key[1] for key, _ in rows],
            "correct": [v.correct for _, v in rows],
            "predicted": [None if v.predicted is None else printable(v.predicted) for _, v in rows],
            "status": [v.status for _, v in rows],
            "reason": [printable(v.reason) for _, v in rows],
            "rules": np.full(len(rows), RULES, dtype=np.int16),
        },
        or_ignore=True,
    )


@_record.register
def _(event: Scored, db: Database, job_id: str, attempt: int) -> None:
    rows = event.scores
    db.insert(
        "step_scores",
        {
            "set_id": [event.sample_set_id] * len(rows),
            "problem_id": [key[0] for key, _ in rows],
            "idx": [key[1] for key, _ in rows],
            "prm_id": [event.prm_id] * len(rows),
            "scores": [list(s.scores) for _, s in rows],
            "status": [s.status for _, s in rows],
            "reward": [s.reward for _, s in rows],
        },
        or_ignore=True,
    )
    if paid := [(key, s.cost) for key, s in rows if s.cost]:
        _add_costs(db, event, paid)


def _add_costs(db: Database, event: Scored, paid: Sequence[tuple[Key, Cost]]) -> None:
    names = [field.name for field in fields(Cost)]
    db.insert(
        "score_costs",
        {
            "set_id": [event.sample_set_id] * len(paid),
            "problem_id": [key[0] for key, _ in paid],
            "idx": [key[1] for key, _ in paid],
            "prm_id": [event.prm_id] * len(paid),
            **{name: [getattr(cost, name) for _, cost in paid] for name in names},
        },
        or_ignore=True,
    )


@_record.register
def _(event: OptimiserStep, db: Database, job_id: str, attempt: int) -> None:
    metrics.add(db, job_id, attempt, [event])
    db.cursor().execute(
        "UPDATE jobs SET n_done = ?, n_total = ?, unit = 'steps' WHERE id = ?",
        [event.step, event.n_steps, job_id],
    )


@_record.register
def _(event: StepsBefore, db: Database, job_id: str, attempt: int) -> None:
    known = metrics.steps_of(db, job_id)
    metrics.add(db, job_id, attempt, [step for step in event.steps if step.step not in known])


@_record.register
def _(event: InterimEvaluated, db: Database, job_id: str, attempt: int) -> None:
    interim.put(db, job_id, event)


@_record.register
def _(event: CheckpointSaved, db: Database, job_id: str, attempt: int) -> None:
    db.cursor().execute(
        """INSERT OR REPLACE INTO checkpoints (job_id, attempt, step, path, saved_at)
        VALUES (?, ?, ?, ?, ?)""",
        [job_id, attempt, event.step, event.path, now()],
    )


@_record.register
def _(event: CheckpointKept, db: Database, job_id: str, attempt: int) -> None:
    checkpoints.add_kept(db, job_id, checkpoints.Kept(event.step, event.path, event.n_bytes))


@_record.register
def _(event: PolicySaved, db: Database, job_id: str, attempt: int) -> None:
    job = jobs.get(db, job_id)
    parent = runs.get_iteration(Place(db, job.run_id, job.iteration))
    runs.add_policy(db, event.policy_id, event.path, parent.policy_id)
    db.cursor().execute("UPDATE jobs SET policy_id = ? WHERE id = ?", [event.policy_id, job_id])
    if event.step is not None:
        checkpoints.add_pick(db, job_id, event.step, automatic=True, made_by="training.policy_by")


@_record.register
def _(event: Note, db: Database, job_id: str, attempt: int) -> None:
    db.cursor().execute(
        "INSERT INTO notes (job_id, attempt, noted_at, text) VALUES (?, ?, ?, ?)",
        [job_id, attempt, now(), printable(event.text)],
    )
