"""Curves have no holes: what a kill left unrecorded is in the checkpoint, and is recorded when the
training goes on.
"""

from dataclasses import replace

import pytest

from engine import store
from engine.events import CheckpointSaved, Event, OptimiserStep
from engine.store import Database, record
from engine.study.handle import Iteration
from engine.study.runs import create_run
from tests.small_runs import small
from tests.training.small_trainings import steps, task, trained

SETTINGS = {"n": 16, "learning_rate": 1e-3, "checkpoint_every_s": 0.0}


@pytest.fixture
def db(tmp_path):
    database = Database(tmp_path / "studio.duckdb")
    yield database
    database.close()


def curves(db: Database, job_id: str) -> dict[str, list[tuple[int, float]]]:
    columns = store.metrics.of_job(db, job_id)
    named: dict[str, list[tuple[int, float]]] = {}
    for step, name, value in zip(columns["step"], columns["name"], columns["value"]):
        named.setdefault(str(name), []).append((int(step), float(value)))
    return named


def recorded(db: Database, attempts: list[list[Event]]) -> dict[str, list[tuple[int, float]]]:
    job_id = store.jobs.add(Iteration(db, create_run(db, small()), 0), "train")
    for attempt, events in enumerate(attempts, start=1):
        for event in events:
            if (
                isinstance(event, CheckpointSaved | OptimiserStep)
                or "Steps" in type(event).__name__
            ):
                record(db, job_id, attempt, event)
    return curves(db, job_id)


@pytest.mark.parametrize("method", ["dpo", "sft"])
def test_a_kill_between_a_checkpoint_and_its_record_leaves_no_hole(method, db, tmp_path):
    unbroken = recorded(db, [trained(task(tmp_path / "whole", method, **SETTINGS))])
    told = task(tmp_path / "broken", method, **SETTINGS)
    asked = iter([False, False, True])
    first = trained(told, lambda: next(asked))
    cut = first.index(steps(first)[1])  # the parent was killed before it recorded step 2
    broken = recorded(db, [first[:cut], trained(told)])
    assert broken == unbroken and [step for step, _ in broken["num_tokens"]] == [1, 2, 3, 4]


def test_a_step_that_is_recorded_already_is_not_recorded_again(db, tmp_path):
    told = task(tmp_path, "sft", **SETTINGS)
    asked = iter([False, True])
    first = trained(told, lambda: next(asked))
    changed = [
        replace(event, values={"loss": 7.0}) if isinstance(event, OptimiserStep) else event
        for event in first
    ]
    assert [value for _, value in recorded(db, [changed, trained(told)])["loss"]][:2] == [7.0, 7.0]
