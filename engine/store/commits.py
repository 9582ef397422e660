"""What a commit bound: the choice, classes, allocation, rounds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from engine.errors import ConfigError
from engine.store.clock import now
from engine.store.place import Place
from engine.store.runs import EVERY, RUNS
from engine.store.samples import table_sizes
from engine.types import Choice, Mode, Plan


@dataclass(frozen=True, slots=True)
class Commit:
    """What a person, or `auto`, bound for an iteration. It never changes; rounds are added."""

    run_id: str
    number: int
    tau_l: float
    tau_h: float
    mode: Mode
    strategy: str
    options: dict[str, Any]
    """The strategy's own, every one with a value."""
    seed: int
    n_unspent: int
    n_later: int
    """Responses that later rounds will hand out."""
    n_pending: int
    """Problems that could not be classified."""
    made_by: str
    """A tab's id, or "cli"."""
    made_at: datetime

    @property
    def choice(self) -> Choice:
        return Choice(self.tau_l, self.tau_h, self.mode, self.strategy, self.options)


@dataclass(frozen=True, slots=True)
class Allocated:
    """A classified problem of a commit."""

    problem_id: str
    difficulty: int
    """0 Inlier, 1 Boundary, 2 Outlier."""
    n_more: int
    in_pool: bool


@dataclass(frozen=True, slots=True)
class GivenCount:
    """How many problems of a class were given so many responses."""

    difficulty: int
    n_more: int
    n: int


_COMMIT = (
    "tau_l, tau_h, mode, strategy, options, seed, n_unspent, n_later, n_pending, made_by, made_at"
)


def _commit(options: str, **row: Any) -> Commit:
    return Commit(options=json.loads(options), **row)


def find(at: Place) -> Commit | None:
    """What an iteration bound; None before that."""
    return at.db.known(
        _commit,
        f"""SELECT run_id, iteration AS number, {_COMMIT} FROM commits
        WHERE run_id = ? AND iteration = ?""",
        at.key,
    )


def get(at: Place) -> Commit:
    """Raises: ConfigError for an iteration without a commit."""
    commit = find(at)
    if commit is None:
        raise ConfigError(f"Iteration {at.number} of run {at.run_id} is not committed yet.")
    return commit


def add(at: Place, commit: Commit, plan: Plan) -> None:
    """Bind a plan. Raises: StoreConflict if the iteration is committed already."""
    row = {name: getattr(commit, name) for name in _COMMIT.split(", ")}
    row["options"] = json.dumps(commit.options)
    with at.db.transaction() as cursor:
        cursor.execute(
            f"""INSERT INTO commits (run_id, iteration, {_COMMIT})
            VALUES (?, ?, {", ".join("?" * len(row))})""",
            [*at.key, *row.values()],
        )
        _add_allocation(at, plan)
        _add_round(at, 0, sum(plan.allocation.values()))


def add_round(at: Place, round_number: int, decided: Plan) -> None:
    """Add what a later round hands out to the allocation."""
    with at.db.transaction() as cursor:
        _add_round(at, round_number, sum(decided.allocation.values()))
        cursor.execute(
            """UPDATE allocations SET n_more = n_more + more.n
            FROM (SELECT unnest(?::VARCHAR[]) AS id, unnest(?::INTEGER[]) AS n) more
            WHERE run_id = ? AND iteration = ? AND problem_id = more.id""",
            [list(decided.allocation), list(decided.allocation.values()), *at.key],
        )
        cursor.execute(
            """UPDATE commits SET n_later = ?, n_unspent = n_unspent + ?
            WHERE run_id = ? AND iteration = ?""",
            [decided.n_later, decided.n_unspent, *at.key],
        )


def _add_allocation(at: Place, plan: Plan) -> None:
    n = len(plan.difficulty)
    at.db.insert(
        "allocations",
        {
            "run_id": [at.run_id] * n,
            "iteration": [at.number] * n,
            "problem_id": list(plan.difficulty),
            "difficulty": [int(d) for d in plan.difficulty.values()],
            "n_more": [plan.allocation.get(id, 0) for id in plan.difficulty],
            "in_pool": [id in plan.pool for id in plan.difficulty],
        },
    )


def _add_round(at: Place, round_number: int, n_allocated: int) -> None:
    with at.db.transaction() as cursor:
        cursor.execute(
            """INSERT INTO rounds (run_id, iteration, round, n_allocated, decided_at)
            VALUES (?, ?, ?, ?, ?)""",
            [*at.key, round_number, n_allocated, now()],
        )


def allocation(at: Place) -> list[Allocated]:
    """The classified problems of a commit, by id."""
    return at.db.records(
        Allocated,
        """SELECT problem_id, difficulty, n_more, in_pool FROM allocations
        WHERE run_id = ? AND iteration = ? ORDER BY problem_id""",
        at.key,
    )


def allocated(at: Place, problem_ids: Sequence[str]) -> dict[str, Allocated]:
    """What a commit has for these problems, by id; those that it does not classify are left out."""
    rows = at.db.records(
        Allocated,
        """SELECT problem_id, difficulty, n_more, in_pool FROM allocations
        WHERE run_id = ? AND iteration = ? AND problem_id IN (SELECT unnest(?))""",
        [*at.key, list(problem_ids)],
    )
    return {row.problem_id: row for row in rows}


def classes(at: Place) -> dict[str, np.ndarray]:
    """The classes a commit bound, as columns: problem_id, difficulty (0 Inlier, 1 Boundary, 2
    Outlier), by problem.
    """
    return at.db.columns(
        """SELECT problem_id, difficulty FROM allocations
        WHERE run_id = ? AND iteration = ? ORDER BY problem_id""",
        at.key,
    )


def given_counts(at: Place) -> list[GivenCount]:
    """A commit's allocation in short, by class and number."""
    return at.db.records(
        GivenCount,
        """SELECT difficulty, n_more, count(*) AS n FROM allocations
        WHERE run_id = ? AND iteration = ?
        GROUP BY difficulty, n_more ORDER BY difficulty, n_more""",
        at.key,
    )


def n_in_pool(at: Place) -> int:
    """Problems of a commit whose responses may give pairs."""
    return at.db.value(
        "SELECT count(*) FROM allocations WHERE run_id = ? AND iteration = ? AND in_pool", at.key
    )


def pool_counts(at: Place) -> dict[str, np.ndarray]:
    """Per classified problem of a commit, by id: problem_id, n and n_correct over pre-samples and
    resamples together.
    """
    return at.db.columns(
        f"""SELECT a.problem_id, count(v.correct) AS n,
            coalesce(sum(v.correct::INTEGER), 0)::BIGINT AS n_correct
        FROM allocations a
        JOIN iterations i USING (run_id, iteration)
        JOIN {RUNS} runs ON runs.id = a.run_id
        LEFT JOIN judged v ON v.problem_id = a.problem_id AND (
            v.set_id = i.resample_set
            OR (v.set_id = i.presample_set AND v.idx < runs.n_presample))
        WHERE a.run_id = ? AND a.iteration = ? GROUP BY a.problem_id ORDER BY a.problem_id""",
        at.key,
    )


@dataclass(frozen=True, slots=True)
class UnreachedCount:
    """How many problems have so many responses and no right one among them."""

    n: int
    """Pre-samples and resamples that are judged."""
    n_problems: int


def unreached_counts(at: Place) -> list[UnreachedCount]:
    """The problems of a commit without a right response, by their number of responses. Counted once
    for as long as the tables have the same number of rows.
    """
    return at.db.remembered(
        ("unreached", *at.key), table_sizes(at.db), lambda: _unreached_counts(pool_counts(at))
    )


def _unreached_counts(counts: dict[str, np.ndarray]) -> list[UnreachedCount]:
    n = np.asarray(counts["n"])[np.asarray(counts["n_correct"]) == 0]
    sizes, n_problems = np.unique(n[n > 0], return_counts=True)
    return [UnreachedCount(*pair) for pair in zip(sizes.tolist(), n_problems.tolist())]


def n_rounds(at: Place) -> int:
    """Rounds of a commit whose allocation is decided."""
    return at.db.value("SELECT count(*) FROM rounds WHERE run_id = ? AND iteration = ?", at.key)


def n_foregone(at: Place) -> int:
    """Pairs that the pre-samples of problems outside the pool would have given: min(#correct,
    #wrong) per problem.
    """
    return at.db.value(
        f"""SELECT coalesce(sum(least(n_right, n_wrong)), 0)::BIGINT AS n FROM (
            SELECT count(*) FILTER (v.correct) AS n_right,
                count(*) FILTER (NOT v.correct) AS n_wrong
            FROM run_problems p
            JOIN iterations i ON i.run_id = p.run_id AND i.iteration = ?
            JOIN {RUNS} runs ON runs.id = p.run_id
            LEFT JOIN allocations a ON a.run_id = p.run_id AND a.iteration = i.iteration
                AND a.problem_id = p.problem_id
            JOIN judged v ON v.set_id = i.presample_set AND v.problem_id = p.problem_id
                AND v.idx < runs.n_presample
            WHERE p.run_id = ? AND p.iteration IN (i.iteration, {EVERY}) AND p.role = 'train'
                AND NOT coalesce(a.in_pool, false)
            GROUP BY p.problem_id)""",
        [at.number, at.run_id],
    )
