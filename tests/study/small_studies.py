"""Problem files, commits and whole iterations as jobs would leave them, without a model."""

import json
from pathlib import Path

from engine import store
from engine.config import RunConfig
from engine.store import Database, now
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.types import Choice, Plan
from tests.small_runs import judge, small


def problem_file(path: Path, first: int, n: int, answer: str = "") -> str:
    rows = [
        {"question": f"What is {i} + 1?", "answer": answer or str(i + 1), "level": str(i % 3)}
        for i in range(first, first + n)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def own_problems(tmp_path: Path, n_train: int, **changes) -> RunConfig:
    train = problem_file(tmp_path / "train.jsonl", 0, n_train)
    held_out = problem_file(tmp_path / "held_out.jsonl", 1000, 6)
    problems = {"train": train, "held_out": held_out, **changes.pop("problems", {})}
    return small(problems=problems, **changes)


def some_right(position: int, index: int) -> bool:
    """Position 0 and 1 always right, 2 and 3 never, the rest sometimes."""
    return position < 2 or (position > 3 and index == 0)


def high_and_low(position: int, index: int) -> float:
    """A reward that agrees with some_right, but for problems 1 and 3."""
    return {0: 0.9, 1: 0.2, 2: 0.1, 3: 0.8}.get(position, 0.5)


def committed(
    db: Database, run_id: str, number: int = 0, *, made_by: str = "a test", **changed
) -> Plan:
    choice = Choice(**{"tau_l": 0.25, "tau_h": 0.65, **changed})
    return plans.commit(Iteration(db, run_id, number), choice, made_by=made_by)


def finish_training(db: Database, run_id: str, number: int, policy_id: str) -> None:
    """What a train job leaves when it is done."""
    job_id = store.jobs.add(Iteration(db, run_id, number), "train", {})
    store.jobs.set_state(db, job_id, "done")
    with db.transaction() as cursor:
        cursor.execute("UPDATE jobs SET policy_id = ? WHERE id = ?", [policy_id, job_id])
        cursor.execute(
            "INSERT OR IGNORE INTO policies VALUES (?, '/nowhere', NULL, ?)", [policy_id, now()]
        )


def whole_iteration(db: Database, run_id: str, number: int = 0, policy_id: str = "m1") -> None:
    judge(db, run_id, number, correct=some_right, reward=high_and_low)
    committed(db, run_id, number)
    more = {
        row.problem_id: range(3, 3 + row.n_more)
        for row in store.commits.allocation(Iteration(db, run_id, number))
        if row.n_more
    }
    judge(db, run_id, number, which="resample_set", owed=more)
    pairing.make_pairs(Iteration(db, run_id, number))
    finish_training(db, run_id, number, policy_id)
