"""Sample sets and what is stored of them: what is owed, what pre-samples say, what is judged."""

import json
from dataclasses import dataclass

import numpy as np

from engine.events import Key
from engine.store.connection import Database, now
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


@dataclass(frozen=True, slots=True)
class Presample:
    """One judged pre-sample."""

    problem_id: str
    text: str
    correct: bool
    reward: float | None


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
    no response is ever deleted.
    """
    n = at.db.value(f"SELECT n_presample FROM {RUNS} WHERE id = ?", [at.run_id])
    each = " + ".join(f"max(reward) FILTER (idx = {index})" for index in range(n))
    columns = at.db.columns(
        f"""WITH looked_at AS (
            SELECT r.id AS run_id, coalesce(?, r.prm_id) AS prm_id, r.n_presample, i.iteration,
                i.presample_set AS set_id
            FROM {RUNS} r JOIN iterations i ON i.run_id = r.id WHERE i.iteration = ? AND r.id = ?),
        graded AS (
            SELECT problem_id, count(correct) AS n_graded, sum(correct::INTEGER) AS n_correct
            FROM judged JOIN looked_at USING (set_id) WHERE idx < n_presample GROUP BY problem_id),
        scored AS (
            SELECT problem_id, count(reward) AS n_scored, ({each}) / {n} AS phi_r
            FROM step_scores JOIN looked_at USING (set_id, prm_id)
            WHERE idx < n_presample GROUP BY problem_id)
        SELECT p.problem_id AS id, coalesce(n_graded, 0) AS n_graded,
            coalesce(n_correct, 0)::BIGINT AS n_correct,
            coalesce(CASE WHEN l.prm_id = '' THEN n_graded ELSE n_scored END, 0) AS n_scored,
            coalesce(phi_r, 'nan'::DOUBLE) AS phi_r, l.n_presample AS n
        FROM run_problems p
        JOIN looked_at l ON l.run_id = p.run_id AND p.iteration IN (l.iteration, {EVERY})
        LEFT JOIN graded USING (problem_id)
        LEFT JOIN scored USING (problem_id)
        WHERE p.role = 'train' ORDER BY p.position""",
        [prm_id, at.number, at.run_id],
    )
    done = (columns["n_graded"] == columns["n"]) & (columns["n_scored"] == columns["n"])
    ids = columns["id"].astype(str)
    return Estimates(
        ids[done],
        np.asarray(columns["n_correct"])[done],
        np.asarray(columns["n"])[done],
        np.asarray(columns["phi_r"], dtype=np.float64)[done],
        int((~done).sum()),
        ids[~done].tolist(),
    )


def presamples(at: Place) -> list[Presample]:
    """Judged pre-samples of an iteration, by problem and index."""
    return at.db.records(
        Presample,
        f"""SELECT r.problem_id, r.text, v.correct, s.reward FROM iterations i
        JOIN {RUNS} runs ON runs.id = i.run_id
        JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY})
            AND p.role = 'train'
        JOIN responses r ON r.set_id = i.presample_set AND r.problem_id = p.problem_id
            AND r.idx < runs.n_presample
        JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id AND v.idx = r.idx
        LEFT JOIN step_scores s ON s.set_id = r.set_id AND s.problem_id = r.problem_id
            AND s.idx = r.idx AND s.prm_id = runs.prm_id
        WHERE i.run_id = ? AND i.iteration = ? ORDER BY r.problem_id, r.idx""",
        at.key,
    )


def unanswered(at: Place) -> tuple[int, int]:
    """(how many, of how many) pre-samples of an iteration have no answer that was found."""
    rows = at.db.tuples(
        f"""SELECT count(*) FILTER (WHERE v.status = 'no_answer'), count(*) FROM iterations i
        JOIN {RUNS} runs ON runs.id = i.run_id
        JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY})
            AND p.role = 'train'
        JOIN verdicts v ON v.set_id = i.presample_set AND v.problem_id = p.problem_id
            AND v.idx < runs.n_presample
        WHERE i.run_id = ? AND i.iteration = ?""",
        at.key,
    )
    n_without, n = rows[0]
    return n_without, n


def token_rates(at: Place) -> dict[str, np.ndarray]:
    """Mean tokens per pre-sample of an iteration's problems: problem_id, mean_tokens."""
    return at.db.columns(
        f"""SELECT r.problem_id, avg(r.n_tokens) AS mean_tokens FROM iterations i
        JOIN {RUNS} runs ON runs.id = i.run_id
        JOIN responses r ON r.set_id = i.presample_set AND r.idx < runs.n_presample
        WHERE i.run_id = ? AND i.iteration = ? GROUP BY r.problem_id""",
        at.key,
    )


def presample_rate(at: Place) -> float | None:
    """Tokens per second of an iteration's finished pre-sampling job, everything included; None
    without one.
    """
    return at.db.value(
        """SELECT sum(r.n_tokens) / any_value(j.busy_s) AS rate FROM jobs j
        JOIN iterations i USING (run_id, iteration)
        JOIN responses r ON r.set_id = i.presample_set
        WHERE j.run_id = ? AND j.iteration = ? AND j.kind = 'presample' AND j.state = 'done'
            AND j.attempt = 1 AND j.busy_s > 0 AND j.n_before = 0""",
        at.key,
    )


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
    scored = "(v.problem_id, v.idx) IN (SELECT (problem_id, idx) FROM step_scores"
    is_scored = f"{scored} WHERE set_id = $set_id AND prm_id = $prm_id)"
    is_judged = "true" if _is_whole(at.db, set_id, prm_id) else is_scored
    parameters = {"run_id": at.run_id, "number": at.number, "set_id": set_id, "prm_id": prm_id}
    return at.db.value(
        f"""SELECT count(*) AS n FROM verdicts v
        JOIN sample_sets s ON s.id = v.set_id
        JOIN run_problems p ON p.problem_id = v.problem_id AND p.run_id = $run_id
            AND p.role = 'train' AND p.iteration IN ($number, {EVERY})
        JOIN {RUNS} runs ON runs.id = p.run_id
            AND (s.purpose <> 'presample' OR v.idx < runs.n_presample)
        WHERE v.set_id = $set_id AND (coalesce($prm_id, '') = '' OR {is_judged})""",
        parameters,
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
