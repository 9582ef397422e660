"""Named reads about runs: what pages, jobs and the command line ask the store. Nothing here
writes.
"""

import json
from dataclasses import dataclass

import numpy as np

from engine.store.connection import Database
from engine.types import Problem, SampleSet, SamplingSettings

Key = tuple[str, int]

RUNS = """(SELECT id, prm_id, json_extract(config, '$.sampling.n_presample')::INTEGER AS
        n_presample,
    json_extract(config, '$.evaluation.n')::INTEGER AS n_evaluate FROM runs)"""
"""Runs with the counts that say which responses of a shared sample set are theirs: another run may
have drawn more.
"""

EVERY = -1
"""The iteration of a training problem that every iteration uses."""


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


def runs(db: Database) -> list[dict]:
    """Every run, newest first, with its number of iterations."""
    return db.rows("""SELECT r.*, coalesce(i.n, 0) AS n_iterations
        FROM runs r LEFT JOIN (SELECT run_id, count(*) AS n FROM iterations GROUP BY run_id) i ON
            i.run_id = r.id
        ORDER BY created_at DESC, id""")


def run(db: Database, run_id: str) -> dict | None:
    return db.known_row("SELECT * FROM runs WHERE id = ?", [run_id])


def iterations(db: Database, run_id: str) -> list[dict]:
    return db.rows("SELECT * FROM iterations WHERE run_id = ? ORDER BY iteration", [run_id])


def iteration(db: Database, run_id: str, number: int) -> dict | None:
    return db.known_row(
        "SELECT * FROM iterations WHERE run_id = ? AND iteration = ?", [run_id, number]
    )


def policies(db: Database) -> list[dict]:
    """Every policy a run samples or made, newest run first: policy_id, path, run_id, run_name,
    number (the t of M_t).
    """
    return db.rows(
        """SELECT DISTINCT u.policy_id, p.path, r.id AS run_id, r.name AS run_name, u.number,
                r.created_at
        FROM (SELECT policy_id, run_id, iteration AS number FROM iterations UNION
            SELECT policy_id, run_id, iteration + 1 FROM jobs WHERE policy_id IS NOT NULL) u
        JOIN policies p ON p.id = u.policy_id JOIN runs r ON r.id = u.run_id ORDER BY r.created_at
            DESC, r.id, u.number"""
    )


def policy_path(db: Database, policy_id: str) -> str:
    return db.row("SELECT path FROM policies WHERE id = ?", [policy_id])["path"]


def samples(db: Database, set_id: str) -> SampleSet | None:
    row = db.row("SELECT * FROM sample_sets WHERE id = ?", [set_id])
    if row is None:
        return None
    settings = SamplingSettings(**json.loads(row["settings"]))
    return SampleSet(
        row["id"],
        row["policy_id"],
        row["purpose"],
        row["iteration"],
        row["seed"],
        settings,
        row["sampler"],
        row["owner"],
    )


def problems(db: Database, run_id: str, role: str, number: int | None = None) -> dict[str, Problem]:
    """A run's problems by id, in its order: role "train" (of one iteration, if a number is given)
    or "held_out".
    """
    rows = db.rows(
        f"""SELECT p.* FROM run_problems rp JOIN problems p ON p.id = rp.problem_id
        WHERE rp.run_id = ? AND rp.role = ? AND (? IS NULL OR rp.iteration IN (?, {EVERY})) ORDER
            BY rp.position""",
        [run_id, role, number, number],
    )
    return {row["id"]: Problem(**row) for row in rows}


def training_problem(
    db: Database, run_id: str, number: int, problem_id: str | None = None
) -> Problem:
    """The training problem of an iteration that has this id, else its first one."""
    row = db.row(
        f"""SELECT p.* FROM (SELECT problem_id FROM run_problems WHERE run_id = ? AND role =
                'train' AND iteration IN (?, {EVERY})
            ORDER BY problem_id IS NOT DISTINCT FROM ? DESC, position LIMIT 1) first
        JOIN problems p ON p.id = first.problem_id""",
        [run_id, number, problem_id],
    )
    return Problem(**row)


def questions(db: Database, problem_ids: list[str]) -> list[str]:
    """The questions of these problems, in this order."""
    return [
        question
        for (question,) in db.tuples(
            """SELECT p.question FROM (SELECT unnest(?) AS id, unnest(range(len(?))) AS position)
                    asked
            JOIN problems p ON p.id = asked.id ORDER BY asked.position""",
            [problem_ids, problem_ids],
        )
    ]


def stored_keys(db: Database, set_id: str) -> set[Key]:
    """(problem id, index) of every response of a sample set."""
    return set(db.tuples("SELECT problem_id, idx FROM responses WHERE set_id = ?", [set_id]))


def ungraded(db: Database, set_id: str) -> list[tuple[str, int, str]]:
    """(problem id, index, text) of responses without a verdict."""
    return db.tuples(
        "SELECT problem_id, idx, text FROM responses ANTI JOIN verdicts USING (set_id, problem_id,"
        " idx) WHERE set_id = ? ORDER BY problem_id, idx",
        [set_id],
    )


def unscored(
    db: Database, set_id: str, prm_id: str, *, refused: bool
) -> list[tuple[str, int, str]]:
    """(problem id, index, text) of responses that this reward model has not seen: those whose
    prompt was refused, or the others.
    """
    return db.tuples(
        """SELECT problem_id, idx, text FROM responses
        ANTI JOIN (SELECT * FROM step_scores WHERE prm_id = ?) USING (set_id, problem_id, idx)
        WHERE set_id = ? AND (finish_reason = 'refused') = ? ORDER BY problem_id, idx""",
        [prm_id, set_id, refused],
    )


def estimates(db: Database, run_id: str, number: int) -> Estimates:
    """The pre-samples of one iteration as columns. phi_r is summed in index order, so it is the
    same every time.

    Counts verdicts and scores without their responses: neither is stored before its response, and
    no response is ever deleted.
    """
    columns = db.columns(
        f"""WITH looked_at AS (
            SELECT r.id AS run_id, r.prm_id, r.n_presample, i.iteration, i.presample_set AS set_id
            FROM {RUNS} r JOIN iterations i ON i.run_id = r.id WHERE i.iteration = ? AND r.id = ?),
        graded AS (
            SELECT problem_id, count(correct) AS n_graded, sum(correct::INTEGER) AS n_correct
            FROM judged JOIN looked_at USING (set_id) WHERE idx < n_presample GROUP BY problem_id),
        scored AS (
            SELECT problem_id, count(reward) AS n_scored, list_avg(list(reward ORDER BY idx)) AS
                phi_r
            FROM step_scores JOIN looked_at USING (set_id, prm_id) WHERE idx < n_presample GROUP BY
                problem_id)
        SELECT p.problem_id AS id, coalesce(n_graded, 0) AS n_graded, coalesce(n_correct,
            0)::BIGINT AS n_correct,
            coalesce(CASE WHEN l.prm_id = '' THEN n_graded ELSE n_scored END, 0) AS n_scored,
            coalesce(phi_r, 'nan'::DOUBLE) AS phi_r, l.n_presample AS n
        FROM run_problems p
        JOIN looked_at l ON l.run_id = p.run_id AND p.iteration IN (l.iteration, {EVERY})
        LEFT JOIN graded USING (problem_id)
        LEFT JOIN scored USING (problem_id)
        WHERE p.role = 'train' ORDER BY p.position""",
        [number, run_id],
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


def presamples(db: Database, run_id: str, number: int) -> list[dict]:
    """Judged pre-samples of an iteration with their rewards: problem_id, text, correct, reward, by
    problem and index.
    """
    return db.rows(
        f"""SELECT r.problem_id, r.text, v.correct, s.reward FROM iterations i
        JOIN {RUNS} runs ON runs.id = i.run_id
        JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY}) AND
            p.role = 'train'
        JOIN responses r ON r.set_id = i.presample_set AND r.problem_id = p.problem_id AND r.idx <
            runs.n_presample
        JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id AND v.idx = r.idx
        LEFT JOIN step_scores s ON s.set_id = r.set_id AND s.problem_id = r.problem_id AND s.idx =
            r.idx
            AND s.prm_id = runs.prm_id
        WHERE i.run_id = ? AND i.iteration = ? ORDER BY r.problem_id, r.idx""",
        [run_id, number],
    )


def token_rates(db: Database, run_id: str, number: int) -> dict[str, np.ndarray]:
    """Mean tokens per pre-sample of an iteration's problems: problem_id, mean_tokens."""
    return db.columns(
        f"""SELECT r.problem_id, avg(r.n_tokens) AS mean_tokens FROM iterations i
        JOIN {RUNS} runs ON runs.id = i.run_id
        JOIN responses r ON r.set_id = i.presample_set AND r.idx < runs.n_presample
        WHERE i.run_id = ? AND i.iteration = ? GROUP BY r.problem_id""",
        [run_id, number],
    )


def presample_rate(db: Database, run_id: str, number: int) -> float | None:
    """Tokens per second of an iteration's finished pre-sampling job, everything included; None
    without one.
    """
    row = db.row(
        """SELECT sum(r.n_tokens) / any_value(j.busy_s) AS rate FROM jobs j
        JOIN iterations i USING (run_id, iteration)
        JOIN responses r ON r.set_id = i.presample_set
        WHERE j.run_id = ? AND j.iteration = ? AND j.kind = 'presample' AND j.state = 'done' AND
            j.attempt = 1 AND j.busy_s > 0
            AND j.n_before = 0""",
        [run_id, number],
    )
    return row["rate"]


def tuning(db: Database, run_id: str, number: int) -> dict | None:
    """The temperature and tau that an iteration adopted; None before that, or where nothing is
    tuned.
    """
    return db.row("SELECT * FROM tunings WHERE run_id = ? AND iteration = ?", [run_id, number])


def verdict_columns(db: Database, set_id: str, run_id: str) -> dict[str, np.ndarray]:
    """Held-out results of one sample set, per problem of a run: id, level, n, n_correct, in the
    run's order.
    """
    return db.columns(
        f"""SELECT p.problem_id AS id, coalesce(q.level, '') AS level, count(v.correct) AS n,
            coalesce(sum(v.correct::INTEGER), 0)::BIGINT AS n_correct
        FROM run_problems p JOIN problems q ON q.id = p.problem_id
        JOIN {RUNS} runs ON runs.id = p.run_id
        LEFT JOIN judged v ON v.problem_id = p.problem_id AND v.set_id = ? AND v.idx <
            runs.n_evaluate
        WHERE p.run_id = ? AND p.role = 'held_out' GROUP BY p.problem_id, q.level, p.position ORDER
            BY p.position""",
        [set_id, run_id],
    )


def n_judged(
    db: Database,
    set_id: str,
    problem_role: str,
    run_id: str,
    number: int | None,
    prm_id: str | None,
) -> int:
    """Verdicts of a sample set's responses to a run's problems, with the reward model's answer if
    one is named.

    Counted once for as long as the tables have the same number of rows: they only grow.

    Args:
        prm_id: None, or "" of a run without rewards: the verdict is enough.
    """
    asked = (set_id, problem_role, run_id, number, prm_id)
    return db.remembered(("n_judged", asked), table_sizes(db), lambda: _n_judged(db, *asked))


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
    )
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
    return db.remembered("table sizes", db.version, lambda: sorted(db.tuples(counts)))


def _n_judged(
    db: Database,
    set_id: str,
    problem_role: str,
    run_id: str,
    number: int | None,
    prm_id: str | None,
) -> int:
    return db.row(
        f"""SELECT count(*) AS n FROM verdicts v
        JOIN sample_sets s ON s.id = v.set_id
        JOIN run_problems p ON p.problem_id = v.problem_id AND p.run_id = ? AND p.role = ? AND (?
            IS NULL OR p.iteration IN (?, {EVERY}))
        JOIN {RUNS} runs ON runs.id = p.run_id AND (s.purpose <> 'presample' OR v.idx <
            runs.n_presample)
        WHERE v.set_id = ? AND (? IS NULL OR (v.problem_id, v.idx) IN (
            SELECT (problem_id, idx) FROM step_scores WHERE set_id = ? AND prm_id = ?))""",
        [run_id, problem_role, number, number, set_id, prm_id or None, set_id, prm_id],
    )["n"]


def n_overrides(db: Database) -> int:
    """How often a person overrode a verdict or undid that, in the whole database: grows with every
    such row.
    """
    return db.known_row("SELECT count(*) AS n FROM overrides")["n"]


def next_policy(db: Database, run_id: str, number: int) -> str | None:
    """The policy that the next iteration began with, else what the latest finished training made;
    None before that.
    """
    following = iteration(db, run_id, number + 1)
    trained = db.row(
        """SELECT policy_id FROM jobs WHERE run_id = ? AND iteration = ? AND kind = 'train' AND
                state = 'done'
        ORDER BY finished_at DESC LIMIT 1""",
        [run_id, number],
    )
    row = following or trained
    return row and row["policy_id"]
