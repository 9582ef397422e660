"""Training problems that fit a condition (engine.method.conditions, store.problem_columns)."""

from typing import Any, Literal

import numpy as np

from engine import store
from engine.method.conditions import Condition, holds, named
from engine.store.samples import Estimates
from engine.study.handle import Iteration
from engine.types import Difficulty

CLASS_NAMES = [difficulty.name.lower() for difficulty in Difficulty]
_OF_COMMIT = ("class", "n_more", "in_pool")
_STORED: tuple[Literal["level", "domain", "question", "answer"], ...] = (
    "level",
    "domain",
    "question",
    "answer",
)


def fitting(it: Iteration, condition: Condition, e: Estimates, classes: np.ndarray) -> list[int]:
    """Rows of the estimates whose problems fit, ascending.

    Args:
        classes: int8, shape (P,), in place of the commit's where there is none.
    """
    names = named(condition)
    values = {name: _of_estimates(name, e) for name in names - {*_OF_COMMIT, *_STORED}}
    ids = e.problem_ids.tolist()
    for name in _STORED:
        if name in names:
            values[name] = store.problems.texts(it.db, name, ids)
    if names & {*_OF_COMMIT}:
        values |= _as_committed(it, ids, classes)
    return np.flatnonzero(holds(condition, values, len(ids))).tolist()


def _of_estimates(name: str, e: Estimates) -> list[Any]:
    match name:
        case "problem_id":
            return e.problem_ids.tolist()
        case "n":
            return e.n.tolist()
        case "n_correct":
            return e.n_correct.tolist()
        case "pass_rate":
            return (e.n_correct / e.n).tolist()
        case _:
            return [None if np.isnan(reward) else reward for reward in e.phi_r.tolist()]


def _as_committed(it: Iteration, ids: list[str], classes: np.ndarray) -> dict[str, list[Any]]:
    """Before the commit nothing is allocated, and classes are what they would be."""
    if store.commits.find(it) is None:
        nothing = [None] * len(ids)
        names = [CLASS_NAMES[c] for c in classes.tolist()]
        return {"class": names, "n_more": nothing, "in_pool": nothing}
    rows = {row.problem_id: row for row in store.commits.allocation(it)}
    given = [rows.get(id) for id in ids]
    return {
        "class": [row and CLASS_NAMES[row.difficulty] for row in given],
        "n_more": [row and row.n_more for row in given],
        "in_pool": [row and row.in_pool for row in given],
    }
