"""Runs and their iterations, the policies that they sample and make, what was tuned."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from engine.errors import ConfigError
from engine.store import beside, jobs
from engine.store.clock import now
from engine.store.connection import Database
from engine.store.place import Place

RUNS = """(SELECT id, prm_id,
    json_extract(config, '$.sampling.n_presample')::INTEGER AS n_presample,
    json_extract(config, '$.evaluation.n')::INTEGER AS n_evaluate FROM runs)"""
"""Runs with the counts that say which responses of a shared sample set are theirs: another run may
have drawn more.
"""

EVERY = -1
"""The iteration of a training problem that every iteration uses."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it was created."""

    id: str
    name: str
    seed: int
    config: str
    """The resolved configuration, as JSON."""
    prm_id: str
    """Of what gives rewards; empty in a run without them."""
    prm_path: str
    parent_id: str | None
    """The run it was forked from; None for one that was not."""
    forked_at: int | None
    """The iteration it was forked at."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ListedRun(Run):
    """A run in a list of runs."""

    n_iterations: int


AnyRun = TypeVar("AnyRun", bound=Run)


@dataclass(frozen=True, slots=True)
class IterationRow:
    """An iteration as it was begun."""

    run_id: str
    number: int
    policy_id: str
    """Of M_t."""
    presample_set: str
    resample_set: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyUse:
    """A policy that a run samples or made."""

    policy_id: str
    path: str
    run_id: str
    run_name: str
    number: int
    """The t of M_t."""
    created_at: datetime
    """Of the run."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What B-STaR's tuning chose for an iteration."""

    temperature: float
    tau: float
    made_by: str
    made_at: datetime


_RUN = "id, name, seed, config, prm_id, prm_path, parent_id, forked_at, created_at"
_ITERATION = (
    "SELECT run_id, iteration AS number, policy_id, presample_set, resample_set, created_at"
    " FROM iterations WHERE run_id = ?"
)


def _located(
    db: Database, kind: Callable[..., AnyRun], config: str, prm_path: str, **row: Any
) -> AnyRun:
    config, prm_path = beside.located_in_json(db, config), beside.located(db, prm_path)
    return kind(config=config, prm_path=prm_path, **row)


def listed(db: Database) -> list[ListedRun]:
    """Every run, newest first, with its number of iterations."""
    return db.known_records(
        partial(_located, db, ListedRun),
        f"""SELECT {_RUN}, coalesce(i.n, 0) AS n_iterations
        FROM runs r LEFT JOIN (SELECT run_id, count(*) AS n FROM iterations GROUP BY run_id) i
            ON i.run_id = r.id
        ORDER BY created_at DESC, id""",
    )


def find(db: Database, run_id: str) -> Run | None:
    """The run, if there is one."""
    return db.known(partial(_located, db, Run), f"SELECT {_RUN} FROM runs WHERE id = ?", [run_id])


def get(db: Database, run_id: str) -> Run:
    """Raises: ConfigError for an unknown run."""
    run = find(db, run_id)
    if run is None:
        raise ConfigError(
            f"There is no run {run_id} in {db.path}. `status` lists the runs that are there."
        )
    return run


def iterations(db: Database, run_id: str) -> list[IterationRow]:
    """A run's iterations, by number."""
    return db.known_records(IterationRow, f"{_ITERATION} ORDER BY iteration", [run_id])


def find_iteration(at: Place) -> IterationRow | None:
    """The iteration, if it was begun."""
    return at.db.known(IterationRow, f"{_ITERATION} AND iteration = ?", at.key)


def get_iteration(at: Place) -> IterationRow:
    """Raises: ConfigError for an iteration that was not begun."""
    row = find_iteration(at)
    if row is None:
        raise ConfigError(f"Run {at.run_id} has no iteration {at.number}.")
    return row


def _use(db: Database, path: str, **row: Any) -> PolicyUse:
    return PolicyUse(path=beside.located(db, path), **row)


def policies(db: Database) -> list[PolicyUse]:
    """Every policy a run samples or made, newest run first."""
    return db.records(
        partial(_use, db),
        """SELECT DISTINCT u.policy_id, p.path, r.id AS run_id, r.name AS run_name, u.number,
            r.created_at
        FROM (SELECT policy_id, run_id, iteration AS number FROM iterations UNION
            SELECT policy_id, run_id, iteration + 1 FROM jobs WHERE policy_id IS NOT NULL) u
        JOIN policies p ON p.id = u.policy_id JOIN runs r ON r.id = u.run_id
        ORDER BY r.created_at DESC, r.id, u.number""",
    )


def policy_path(db: Database, policy_id: str) -> str:
    """The folder of a stored policy."""
    return beside.located(db, db.value("SELECT path FROM policies WHERE id = ?", [policy_id]))


def tuning(at: Place) -> Tuning | None:
    """What an iteration adopted; None before that, or where nothing is tuned."""
    return at.db.record(
        Tuning,
        """SELECT temperature, tau, made_by, made_at FROM tunings
        WHERE run_id = ? AND iteration = ?""",
        at.key,
    )


def next_policy(at: Place) -> str | None:
    """The policy that the next iteration began with, else what the latest finished training or
    pick made; None before that.
    """
    following = find_iteration(Place(at.db, at.run_id, at.number + 1))
    if following:
        return following.policy_id
    job = jobs.latest_with_policy(at)
    return job.policy_id if job else None


def add(db: Database, run: Run) -> None:
    """Store a run that is begun by itself."""
    names = [name.strip() for name in _RUN.split(",")]
    run = replace(
        run,
        config=beside.stored_in_json(db, run.config),
        prm_path=beside.stored(db, run.prm_path),
    )
    with db.transaction() as cursor:
        cursor.execute(
            f"INSERT INTO runs ({_RUN}) VALUES ({', '.join('?' * len(names))})",
            [getattr(run, name) for name in names],
        )


def add_policy(db: Database, policy_id: str, path: str, parent_id: str | None) -> None:
    """Make a policy known; one that is known is found at the new path from now on."""
    with db.transaction() as cursor:
        cursor.execute(
            """INSERT INTO policies (id, path, parent_id, created_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET path = excluded.path""",
            [policy_id, beside.stored(db, path), parent_id, now()],
        )


def add_iteration(at: Place, policy_id: str, presample_set: str, resample_set: str) -> None:
    """Begin an iteration. Raises: StoreConflict if it is begun already."""
    with at.db.transaction() as cursor:
        cursor.execute(
            """INSERT INTO iterations
            (run_id, iteration, policy_id, presample_set, resample_set, created_at)
            VALUES (?, ?, ?, ?, ?, ?)""",
            [*at.key, policy_id, presample_set, resample_set, now()],
        )


def set_sample_sets(at: Place, presample_set: str, resample_set: str) -> None:
    """Let an iteration refer to other sample sets."""
    with at.db.transaction() as cursor:
        cursor.execute(
            """UPDATE iterations SET presample_set = ?, resample_set = ?
            WHERE run_id = ? AND iteration = ?""",
            [presample_set, resample_set, *at.key],
        )


def add_tuning(at: Place, temperature: float, tau: float, made_by: str) -> None:
    """Bind what was tuned. Raises: StoreConflict if something is bound already."""
    with at.db.transaction() as cursor:
        cursor.execute(
            """INSERT INTO tunings (run_id, iteration, temperature, tau, made_by, made_at)
            VALUES (?, ?, ?, ?, ?, ?)""",
            [*at.key, temperature, tau, made_by, now()],
        )


HISTORY = {
    "iterations": "iteration, policy_id, presample_set, resample_set, created_at",
    "commits": (
        "iteration, tau_l, tau_h, mode, strategy, seed, n_unspent, n_pending, made_by, made_at,"
        " options, n_later"
    ),
    "allocations": "iteration, problem_id, difficulty, n_more, in_pool",
    "rounds": "iteration, round, n_allocated, decided_at",
    "pair_sets": (
        "iteration, n_pairs, n_foregone, n_cut, n_ran_on, n_by_hand, n_hand_left_out, created_at"
    ),
    "pairs": (
        "iteration, position, problem_id, chosen_index, rejected_index, chosen_reward,"
        " rejected_reward"
    ),
    "train_draws": "iteration, job_id, step, set_id, problem_id, idx, reward, is_discarded",
    "left_out_pairs": (
        "iteration, number, problem_id, chosen_index, rejected_index, left_out, made_by, made_at"
    ),
    "hand_pairs": (
        "iteration, number, problem_id, chosen_index, rejected_index, wanted, made_by, made_at"
    ),
}
"""Tables a fork copies the earlier iterations of, and their columns after run_id."""

BEFORE_COMMIT = {
    "side_samples": "iteration, set_id, problem_id, n",
    "tunings": "iteration, temperature, tau, made_by, made_at",
    "decisions": "iteration, number, problem_id, what, made_by, made_at",
}
"""Tables a fork copies the forked iteration of, too."""


TAGS = "number, problem_id, tag, wanted, made_by, made_at"
"""Columns of a table that a fork copies whole."""


def rename(db: Database, run_id: str, name: str) -> None:
    """Call a run otherwise, in its configuration too."""
    with db.transaction() as cursor:
        cursor.execute(
            "UPDATE runs SET name = ?, config = ? WHERE id = ?",
            [name, _named(db, run_id, name), run_id],
        )


def _named(db: Database, run_id: str, name: str) -> str:
    """A run's configuration with another name, as it is stored."""
    config = json.dumps(json.loads(get(db, run_id).config) | {"name": name})
    return beside.stored_in_json(db, config)


def copy_run(at: Place, new_id: str, *, name: str) -> None:
    """A new run with everything that came before an iteration of another one, and what that
    iteration had before its commit.
    """
    config = _named(at.db, at.run_id, name)
    with at.db.transaction() as cursor:
        cursor.execute(
            f"""INSERT INTO runs ({_RUN})
            SELECT ?, ?, seed, ?, prm_id, prm_path, id, ?, ?
            FROM runs WHERE id = ?""",
            [new_id, name, config, at.number, now(), at.run_id],
        )
        cursor.execute(
            """INSERT INTO run_problems (run_id, role, position, problem_id, iteration)
            SELECT $new, role, position, problem_id,
                CASE WHEN iteration <= $number THEN iteration END
            FROM run_problems WHERE run_id = $old
            QUALIFY iteration <= $number
                OR row_number() OVER (PARTITION BY role, problem_id ORDER BY position) = 1""",
            {"new": new_id, "number": at.number, "old": at.run_id},
        )
        cursor.execute(
            f"INSERT INTO tags (run_id, {TAGS}) SELECT ?, {TAGS} FROM tags WHERE run_id = ?",
            [new_id, at.run_id],
        )
        for table, columns in {**HISTORY, **BEFORE_COMMIT}.items():
            cursor.execute(
                f"""INSERT INTO {table} (run_id, {columns})
                SELECT ?, {columns} FROM {table} WHERE run_id = ? AND iteration < ?""",
                [new_id, at.run_id, at.number + (table in BEFORE_COMMIT)],
            )
