"""Named reads for the table of all runs: a few queries over everything, none per run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from engine.store import beside
from engine.store.connection import Database
from engine.store.runs import EVERY, RUNS
from engine.store.samples import n_overrides, table_sizes


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a run is: its last iteration, and its job that matters now."""

    run_id: str
    name: str
    config: str
    created_at: datetime
    iteration: int
    is_tuned: bool
    """Whether something was tuned for the last iteration."""
    is_committed: bool
    n_pairs: int | None
    """Of the last iteration; None before they are built."""
    pairs_in_all: int
    is_trained: bool
    """Whether the last iteration's training is done."""
    device_s: float
    """Seconds of all its jobs."""
    kind: str | None
    """Of the job that runs, else of the one that is queued first, else of the last one."""
    state: str | None
    n_done: int | None
    n_total: int | None


@dataclass(frozen=True, slots=True)
class Trained:
    """A policy of a run, by the t of M_t."""

    run_id: str
    number: int
    policy_id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which two sets of held-out responses are compared for a run."""

    run_id: str
    first_set: str
    last_set: str
    n: int
    """Responses per problem."""


@dataclass(frozen=True, slots=True)
class Change:
    """Held-out accuracy of a run's first and last evaluated policy, over problems that both have
    answered completely.
    """

    run_id: str
    n_problems: int
    first: float
    last: float
    gain: float
    """Paired, last minus first."""
    error: float | None
    """Standard error of the gain over problems; None for a single problem."""


def _stage(db: Database, config: str, **row: Any) -> Stage:
    return Stage(config=beside.located_in_json(db, config), **row)


def stages(db: Database) -> list[Stage]:
    """Every run, newest first."""
    return db.records(
        partial(_stage, db),
        """WITH here AS (
            SELECT run_id, max(iteration) AS iteration FROM iterations GROUP BY run_id),
        latest AS (
            SELECT run_id, kind, state, n_done, n_total FROM jobs
            QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY
                CASE state WHEN 'running' THEN 0 WHEN 'cancelling' THEN 0 WHEN 'queued' THEN 1
                    ELSE 2 END,
                CASE WHEN state = 'queued' THEN number ELSE -number END) = 1),
        spent AS (SELECT run_id, sum(busy_s) AS device_s FROM jobs GROUP BY run_id),
        paired AS (SELECT run_id, sum(n_pairs)::BIGINT AS n FROM pair_sets GROUP BY run_id)
        SELECT r.id AS run_id, r.name, r.config, r.created_at, here.iteration,
            EXISTS (SELECT 1 FROM tunings t WHERE t.run_id = r.id
                AND t.iteration = here.iteration) AS is_tuned,
            c.run_id IS NOT NULL AS is_committed, p.n_pairs,
            coalesce(paired.n, 0) AS pairs_in_all,
            EXISTS (SELECT 1 FROM jobs j WHERE j.run_id = r.id AND j.iteration = here.iteration
                AND j.kind = 'train' AND j.state = 'done') AS is_trained,
            coalesce(spent.device_s, 0) AS device_s,
            latest.kind, latest.state, latest.n_done, latest.n_total
        FROM runs r JOIN here ON here.run_id = r.id
        LEFT JOIN commits c ON c.run_id = r.id AND c.iteration = here.iteration
        LEFT JOIN pair_sets p ON p.run_id = r.id AND p.iteration = here.iteration
        LEFT JOIN paired ON paired.run_id = r.id
        LEFT JOIN spent ON spent.run_id = r.id
        LEFT JOIN latest ON latest.run_id = r.id
        ORDER BY r.created_at DESC, r.id""",
    )


def policies(db: Database) -> list[Trained]:
    """The policies of every run that there are to evaluate, M_0 first."""
    return db.records(
        Trained,
        """SELECT run_id, iteration AS number, policy_id FROM iterations
        UNION ALL
        SELECT j.run_id, j.iteration + 1, arg_max(j.policy_id, j.finished_at) FROM jobs j
        WHERE j.kind IN ('train', 'pick') AND j.state = 'done' AND j.policy_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM iterations i
                WHERE i.run_id = j.run_id AND i.iteration = j.iteration + 1)
        GROUP BY j.run_id, j.iteration
        ORDER BY run_id, number""",
    )


def every_policy(db: Database) -> list[Trained]:
    """As policies, with those that a later training of the same iteration took the place of."""
    return db.records(
        Trained,
        """SELECT run_id, iteration AS number, policy_id FROM iterations
        UNION SELECT run_id, iteration + 1, policy_id FROM jobs WHERE policy_id IS NOT NULL""",
    )


def drawn(db: Database) -> dict[str, int]:
    """Responses to training problems by run: pre-samples, resamples, side samples and
    what trainings drew. Counted once
    for as long as the tables have the same number of rows.
    """
    return db.remembered("responses of runs", table_sizes(db), lambda: _drawn(db))


def _drawn(db: Database) -> dict[str, int]:
    others = db.tuples(
        """WITH counted AS (SELECT set_id, count(*) AS n FROM responses GROUP BY set_id)
        SELECT run_id, sum(n)::BIGINT FROM (
            SELECT i.run_id, c.n FROM iterations i JOIN counted c ON c.set_id = i.resample_set
            UNION ALL
            SELECT run_id, n FROM side_samples
            UNION ALL
            SELECT run_id, count(*) FROM train_draws GROUP BY run_id)
        GROUP BY run_id"""
    )
    counts = Counter[str](dict(others))
    for (run_id, _), n in _presamples(db).items():
        counts[run_id] += n
    return dict(counts)


def presampled(db: Database) -> dict[str, int]:
    """Pre-samples of the last iteration by run, whichever run drew them; counted as drawn."""
    return {run_id: n for (run_id, _), n in sorted(_presamples(db).items())}


def _presamples(db: Database) -> dict[tuple[str, int], int]:
    """By run and iteration, to that iteration's own problems: runs that sample alike share a set,
    whatever their problems. An iteration without any is there with 0.
    """
    asked = f"""WITH own AS (
            SELECT i.run_id, i.iteration, i.presample_set AS set_id, r.n_presample, p.problem_id
            FROM iterations i JOIN {RUNS} r ON r.id = i.run_id
            JOIN run_problems p ON p.run_id = i.run_id AND p.role = 'train'
                AND p.iteration IN (i.iteration, {EVERY}))
        SELECT o.run_id, o.iteration, count(r.idx) FROM own o
        LEFT JOIN responses r ON r.set_id = o.set_id AND r.problem_id = o.problem_id
            AND r.idx < o.n_presample
        GROUP BY ALL"""

    def read() -> dict[tuple[str, int], int]:
        return {(run_id, number): n for run_id, number, n in db.tuples(asked)}

    return db.remembered("pre-samples of runs", table_sizes(db), read)


def changes(db: Database, wanted: Sequence[Wanted]) -> dict[str, Change]:
    """Accuracies by run, of those whose sets are whole. Counted once for as long as nothing new is
    judged.
    """
    known = (table_sizes(db), n_overrides(db), tuple(wanted))
    return db.remembered("changes of runs", known, lambda: _changes(db, wanted))


def _changes(db: Database, wanted: Sequence[Wanted]) -> dict[str, Change]:
    if not wanted:
        return {}
    rows = db.records(
        Change,
        """WITH wanted AS (SELECT unnest($run) AS run_id, unnest($first) AS first_set,
                unnest($last) AS last_set, unnest($n) AS n),
        sides AS (
            SELECT run_id, 'first' AS side, first_set AS set_id, n FROM wanted
            UNION ALL SELECT run_id, 'last', last_set, n FROM wanted),
        rates AS (
            SELECT s.run_id, s.side, p.problem_id, avg(v.correct::INTEGER) AS rate
            FROM sides s
            JOIN run_problems p ON p.run_id = s.run_id AND p.role = 'held_out'
            JOIN judged v ON v.set_id = s.set_id AND v.problem_id = p.problem_id AND v.idx < s.n
            GROUP BY ALL HAVING count(*) >= any_value(s.n)),
        held_out AS (
            SELECT run_id, count(*) AS n FROM run_problems WHERE role = 'held_out' GROUP BY run_id)
        SELECT a.run_id, count(*) AS n_problems, avg(a.rate) AS first, avg(b.rate) AS last,
            avg(b.rate - a.rate) AS gain,
            stddev_samp(b.rate - a.rate) / sqrt(count(*)) AS error
        FROM rates a JOIN rates b ON b.run_id = a.run_id AND b.problem_id = a.problem_id
            AND b.side = 'last'
        JOIN held_out h ON h.run_id = a.run_id
        WHERE a.side = 'first'
        GROUP BY a.run_id HAVING count(*) = any_value(h.n)""",
        {
            "run": [w.run_id for w in wanted],
            "first": [w.first_set for w in wanted],
            "last": [w.last_set for w in wanted],
            "n": [w.n for w in wanted],
        },
    )
    return {change.run_id: change for change in rows}
