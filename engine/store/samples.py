"""Sample sets and what is stored of them: what is owed, what pre-samples say, what is judged."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from engine.events import Key
from engine.store.clock import now
from engine.store.connection import Database
from engine.store.place import Place
from engine.store.runs import EVERY, RUNS
from engine.types import Purpose, SampleSet, SamplingSettings


@dataclass(frozen=True, slots=True)
class Estimates:
    """The two signals of an iteration's problems, ready for classify()."""

    problem_ids: np.ndarray
    """str, shape (P,): problems whose pre-samples are all graded and scored, in the run's order."""
    n_correct: np.ndarray
    n: np.ndarray
    phi_r: np.ndarray
    """NaN throughout in a run without rewards."""
    n_pending: int
    """Problems not finished yet, or refused by the reward model: counted apart, never
    classified.
    """
    pending_ids: list[str]


def get(db: Database, set_id: str) -> SampleSet:
    """A known sample set."""
    columns = "id, policy_id, purpose, iteration, seed, settings, sampler, owner, graded"
    row = db.tuples(f"SELECT {columns} FROM sample_sets WHERE id = ?", [set_id])[0]
    id, policy_id, purpose, iteration, seed, settings, sampler, owner, graded = row
    return SampleSet(
        id,
        policy_id,
        Purpose(purpose),
        iteration,
        seed,
        _settings(settings),
        sampler,
        owner,
        graded,
    )


def _settings(text: str) -> SamplingSettings:
    said = json.loads(text)
    return SamplingSettings(**said | {"stop": tuple(said.get("stop", ()))})


def add(db: Database, samples: SampleSet, settings: str) -> None:
    """Make a sample set known; known already changes nothing.

    Args:
        settings: of the set, as its identity has them.
    """
    with db.transaction() as cursor:
        cursor.execute(
            """INSERT OR IGNORE INTO sample_sets
            (id, policy_id, purpose, iteration, seed, settings, sampler, owner, graded,
            created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [
                samples.id,
                samples.policy_id,
                str(samples.purpose),
                samples.iteration,
                samples.seed,
                settings,
                samples.sampler,
                samples.owner,
                samples.graded,
                now(),
            ],
        )


def stored_keys(db: Database, set_id: str) -> set[Key]:
    """(problem id, index) of every response of a sample set."""
    return set(db.tuples("SELECT problem_id, idx FROM responses WHERE set_id = ?", [set_id]))


def is_begun(db: Database, set_id: str) -> bool:
    """Whether a response of a sample set is stored."""
    return bool(db.tuples("SELECT 1 FROM responses WHERE set_id = ? LIMIT 1", [set_id]))


def estimates(at: Place, prm_id: str | None = None) -> Estimates:
    """The pre-samples of one iteration as columns. phi_r is summed in index order, so it is the
    same every time.

    Args:
        prm_id: the reward model whose scores are taken; None for the run's own.

    Counts verdicts and scores without their responses: neither is stored before its response, and
    no response is ever deleted. Rows come with their problem's position and not with its id, which
    is a text: of millions little else takes time.
    """
    [(set_id, own, n)] = at.db.tuples(
        f"""SELECT i.presample_set, r.prm_id, r.n_presample FROM {RUNS} r
        JOIN iterations i ON i.run_id = r.id WHERE i.run_id = ? AND i.iteration = ?""",
        at.key,
    )
    problems = at.db.columns(
        f"""SELECT problem_id, position FROM run_problems WHERE run_id = ? AND role = 'train'
            AND iteration IN (?, {EVERY}) ORDER BY position""",
        at.key,
    )
    by_index = partial(_by_index, at, np.asarray(problems["position"]), n)
    correct = by_index("judged x", "x.correct", {"set_id": set_id})
    is_done = ~np.isnan(correct).any(axis=0)
    if by := own if prm_id is None else prm_id:
        scored = {"set_id": set_id, "prm_id": by}
        reward = by_index("step_scores x", "x.reward", scored)
        is_done &= ~np.isnan(reward).any(axis=0)
    else:
        reward = np.full_like(correct, np.nan)
    ids = problems["problem_id"].astype(str)
    done = slice(None) if is_done.all() else is_done
    return Estimates(
        ids[done],
        correct[:, done].sum(axis=0).astype(np.int64),
        np.full(int(is_done.sum()), n),
        sum(reward[:, done]) / n,
        int((~is_done).sum()),
        ids[~is_done].tolist(),
    )


def _by_index(
    at: Place, positions: np.ndarray, n: int, table: str, value: str, where: dict[str, str]
) -> np.ndarray:
    """One value of every pre-sample of an iteration, NaN where there is none, shape (n, P).

    Args:
        positions: of the problems, ascending.
        table: with the name x.
        where: values of its columns.
    """
    asked = " AND ".join(f"x.{name} = ${name}" for name in where)
    rows = at.db.columns(
        f"""SELECT p.position, x.idx, {value} AS value FROM {table}
        JOIN run_problems p ON p.problem_id = x.problem_id AND p.run_id = $run
            AND p.role = 'train' AND p.iteration IN ($number, {EVERY})
        WHERE {asked} AND x.idx < $n""",
        {"run": at.run_id, "number": at.number, "n": n, **where},
    )
    values = np.full((n, len(positions)), np.nan)
    if len(positions):
        problem = _places(positions, rows["position"])
        values[rows["idx"], problem] = np.ma.filled(rows["value"].astype(float), np.nan)
    return values


def _places(positions: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where positions stand among all of them, which ascend."""
    first, last = positions[[0, -1]]
    if last - first + 1 == len(positions):
        return wanted - first
    place = np.zeros(last - first + 1, dtype=np.int64)
    place[positions - first] = np.arange(len(positions))
    return place[wanted - first]


def verdict_columns(db: Database, set_id: str, run_id: str) -> dict[str, np.ndarray]:
    """Held-out results of one sample set, per problem of a run: id, level, n, n_correct, in the
    run's order.
    """
    return db.columns(
        f"""SELECT p.problem_id AS id, coalesce(q.level, '') AS level, count(v.correct) AS n,
            coalesce(sum(v.correct::INTEGER), 0)::BIGINT AS n_correct
        FROM run_problems p JOIN problems q ON q.id = p.problem_id
        JOIN {RUNS} runs ON runs.id = p.run_id
        LEFT JOIN judged v ON v.problem_id = p.problem_id AND v.set_id = ?
            AND v.idx < runs.n_evaluate
        WHERE p.run_id = ? AND p.role = 'held_out'
        GROUP BY p.problem_id, q.level, p.position
        ORDER BY p.position""",
        [set_id, run_id],
    )


def n_judged(at: Place, set_id: str, prm_id: str | None) -> int:
    """Verdicts of a sample set's responses to an iteration's training problems, with the reward
    model's answer if one is named.

    Counted once for as long as the tables have the same number of rows: they only grow.

    Args:
        prm_id: None, or "" of a run without rewards: the verdict is enough.
    """
    asked = "n_judged", *at.key, set_id, prm_id
    return at.db.remembered(asked, table_sizes(at.db), lambda: _n_judged(at, set_id, prm_id))


def _n_judged(at: Place, set_id: str, prm_id: str | None) -> int:
    is_whole = not prm_id or _is_whole(at.db, set_id, prm_id)
    if prm_id and is_whole:
        return n_judged(at, set_id, None)
    scored = "(v.problem_id, v.idx) IN (SELECT (problem_id, idx) FROM step_scores"
    is_scored = f"{scored} WHERE set_id = $set_id AND prm_id = $prm_id)"
    [(purpose, n_presample)] = at.db.tuples(
        f"SELECT s.purpose, r.n_presample FROM sample_sets s, {RUNS} r WHERE s.id = ? AND r.id = ?",
        [set_id, at.run_id],
    )
    joined, values = only_of(at, set_id, "v")
    return at.db.value(
        f"""SELECT count(*) AS n FROM verdicts v {joined}
        WHERE v.set_id = $set_id AND ($n IS NULL OR v.idx < $n)
            AND {"true" if is_whole else is_scored}""",
        {
            **values,
            **({} if is_whole else {"prm_id": prm_id}),
            "set_id": set_id,
            "n": n_presample if purpose == "presample" else None,
        },
    )


def only_of(at: Place, set_id: str, alias: str) -> tuple[str, dict[str, Any]]:
    """What leaves only an iteration's training problems of the rows of a sample set: a join and its
    values. Empty where all of them are: a set is seldom shared with a run of other problems, and a
    join over texts is most of what a question about millions of rows takes.

    Args:
        alias: of the table whose rows have a problem_id.
    """
    asked = "has_others", *at.key, set_id
    if not at.db.remembered(asked, table_sizes(at.db), lambda: _has_others(at, set_id)):
        return "", {}
    joined = f"""JOIN run_problems p ON p.problem_id = {alias}.problem_id AND p.run_id = $run
        AND p.role = 'train' AND p.iteration IN ($number, {EVERY})"""
    return joined, {"run": at.run_id, "number": at.number}


def _has_others(at: Place, set_id: str) -> bool:
    """Whether a set holds responses to problems that an iteration does not train on. One that is a
    run's own holds none.
    """
    if get(at.db, set_id).owner == at.run_id:
        return False
    return at.db.value(
        f"""SELECT EXISTS (SELECT 1 FROM responses r ANTI JOIN (
            SELECT problem_id FROM run_problems WHERE run_id = ? AND role = 'train'
                AND iteration IN (?, {EVERY})) p USING (problem_id) WHERE r.set_id = ?)""",
        [*at.key, set_id],
    )


def _is_whole(db: Database, set_id: str, prm_id: str | None) -> bool:
    """Whether every response of a set has a verdict and a score, by their numbers alone: neither is
    stored without its response. So of millions it is seldom asked which.
    """
    n_responses, n_verdicts, n_scores = db.tuples(
        """SELECT (SELECT count(*) FROM responses WHERE set_id = $set_id),
            (SELECT count(*) FROM verdicts WHERE set_id = $set_id),
            (SELECT count(*) FROM step_scores WHERE set_id = $set_id AND prm_id = $prm_id)""",
        {"set_id": set_id, "prm_id": prm_id},
    )[0]
    return n_responses == n_verdicts == n_scores


def table_sizes(db: Database) -> list[tuple[str, int]]:
    """Rows of the tables that say what is drawn, judged, committed and paired; known to the
    database without counting.
    """
    names = (
        "responses",
        "verdicts",
        "overrides",
        "step_scores",
        "run_problems",
        "iterations",
        "side_samples",
        "allocations",
        "pairs",
        "hand_pairs",
        "left_out_pairs",
        "train_draws",
    )
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
    return db.remembered("table sizes", db.version, lambda: sorted(db.tuples(counts)))


def n_overrides(db: Database) -> int:
    """How often a person overrode a verdict or undid that, in the whole database: grows with every
    such row.
    """
    count = "SELECT count(*) FROM overrides"
    return db.remembered("n_overrides", db.version, lambda: db.value(count))


def has_verdict(db: Database, set_id: str, problem_id: str, index: int) -> bool:
    """Whether a response is graded."""
    query = "SELECT 1 FROM verdicts WHERE set_id = ? AND problem_id = ? AND idx = ?"
    return bool(db.tuples(query, [set_id, problem_id, index]))


def add_override(
    db: Database,
    set_id: str,
    problem_id: str,
    index: int,
    *,
    correct: bool | None,
    note: str,
    made_by: str,
) -> None:
    """A person's word beside a verdict; correct = None undoes all earlier ones."""
    with db.transaction() as cursor:
        cursor.execute(
            """INSERT INTO overrides (set_id, problem_id, idx, correct, note, made_by, made_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
            [set_id, problem_id, index, correct, note, made_by, now()],
        )
