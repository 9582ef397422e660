"""Reads of what a commit bound and what came of it: classes, allocation, the pool of responses,
pairs.
"""

import numpy as np

from engine.store.connection import Database
from engine.store.reads import EVERY, RUNS

PAIR_REWARDS = """CASE WHEN NOT isnan(p.chosen_reward) THEN p.chosen_reward END AS chosen_reward,
            CASE WHEN NOT isnan(p.rejected_reward) THEN p.rejected_reward END AS rejected_reward"""
PAIR_TEXTS = f"""JOIN iterations i USING (run_id, iteration)
        JOIN {RUNS} runs ON runs.id = p.run_id
        JOIN problems q ON q.id = p.problem_id
        JOIN responses c ON c.problem_id = p.problem_id AND c.idx = p.chosen_index
            AND c.set_id = CASE WHEN c.idx < runs.n_presample THEN i.presample_set ELSE
                i.resample_set END
        JOIN responses x ON x.problem_id = p.problem_id AND x.idx = p.rejected_index
            AND x.set_id = CASE WHEN x.idx < runs.n_presample THEN i.presample_set ELSE
                i.resample_set END"""
"""What pairs p are joined with: their problem q, chosen response c and rejected response x."""
_PAIR = (
    "p.position, p.problem_id, q.question, q.level, p.chosen_index, p.rejected_index,"
    f" {PAIR_REWARDS}"
)


def commit(db: Database, run_id: str, number: int) -> dict | None:
    return db.known_row(
        "SELECT * FROM commits WHERE run_id = ? AND iteration = ?", [run_id, number]
    )


def allocation(db: Database, run_id: str, number: int) -> list[dict]:
    """One row per classified problem of a commit: problem_id, difficulty, n_more."""
    return db.rows(
        "SELECT * FROM allocations WHERE run_id = ? AND iteration = ? ORDER BY problem_id",
        [run_id, number],
    )


def committed_classes(db: Database, run_id: str, number: int) -> dict[str, np.ndarray]:
    """The classes a commit bound, as columns: problem_id, difficulty (0 Inlier, 1 Boundary, 2
    Outlier), by problem.
    """
    return db.columns(
        "SELECT problem_id, difficulty FROM allocations WHERE run_id = ? AND iteration = ? ORDER BY"
        " problem_id",
        [run_id, number],
    )


def given_counts(db: Database, run_id: str, number: int) -> list[dict]:
    """A commit's allocation in short: difficulty, n_more and the n problems that have both, in this
    order.
    """
    return db.rows(
        """SELECT difficulty, n_more, count(*) AS n FROM allocations WHERE run_id = ? AND iteration
                = ?
        GROUP BY difficulty, n_more ORDER BY difficulty, n_more""",
        [run_id, number],
    )


def pool_counts(db: Database, run_id: str, number: int) -> dict[str, np.ndarray]:
    """Per classified problem of a commit, by id: problem_id, n and n_correct over pre-samples and
    resamples together.
    """
    return db.columns(
        f"""SELECT a.problem_id, count(v.correct) AS n, coalesce(sum(v.correct::INTEGER),
                0)::BIGINT AS n_correct
        FROM allocations a
        JOIN iterations i USING (run_id, iteration)
        JOIN {RUNS} runs ON runs.id = a.run_id
        LEFT JOIN judged v ON v.problem_id = a.problem_id
            AND (v.set_id = i.resample_set OR (v.set_id = i.presample_set AND v.idx <
                runs.n_presample))
        WHERE a.run_id = ? AND a.iteration = ? GROUP BY a.problem_id ORDER BY a.problem_id""",
        [run_id, number],
    )


def n_rounds(db: Database, run_id: str, number: int) -> int:
    """Rounds of a commit whose allocation is decided."""
    return db.row(
        "SELECT count(*) AS n FROM rounds WHERE run_id = ? AND iteration = ?", [run_id, number]
    )["n"]


def pool(db: Database, run_id: str, number: int) -> list[dict]:
    """Graded responses of the problems in a commit's pool, with their rewards, pre-samples and
    resamples together.
    """
    return db.rows(
        f"""SELECT r.problem_id, r.idx, r.text, r.finish_reason = 'length' AS truncated, v.correct,
                s.reward
        FROM allocations a
        JOIN iterations i USING (run_id, iteration)
        JOIN {RUNS} runs ON runs.id = a.run_id
        JOIN responses r ON r.problem_id = a.problem_id
            AND (r.set_id = i.resample_set OR (r.set_id = i.presample_set AND r.idx <
                runs.n_presample))
        JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id AND v.idx = r.idx
        LEFT JOIN step_scores s ON s.set_id = r.set_id AND s.problem_id = r.problem_id AND s.idx =
            r.idx
            AND s.prm_id = runs.prm_id
        WHERE a.run_id = ? AND a.iteration = ? AND a.in_pool ORDER BY r.problem_id, r.idx""",
        [run_id, number],
    )


def pair_set(db: Database, run_id: str, number: int) -> dict | None:
    """How many pairs an iteration has and how many were foregone; None before they are built."""
    return db.row("SELECT * FROM pair_sets WHERE run_id = ? AND iteration = ?", [run_id, number])


def pairs(db: Database, run_id: str, number: int, *, position: int | None = None) -> list[dict]:
    """An iteration's preference pairs with their texts, in training order; rewards are None in a
    run without any.

    Args:
        position: only the pair that stands there; None for all.
    """
    return db.rows(
        f"""SELECT {_PAIR}, c.text AS chosen, x.text AS rejected
        FROM (SELECT * FROM pairs WHERE run_id = ? AND iteration = ? AND (? IS NULL OR position =
            ?)) p
        {PAIR_TEXTS} ORDER BY p.position""",
        [run_id, number, position, position],
    )


def pair_list(db: Database, run_id: str, number: int, *, limit: int, offset: int = 0) -> list[dict]:
    """A slice of an iteration's pairs as pairs() gives them, without the texts of their
    responses.
    """
    return db.rows(
        f"""SELECT {_PAIR} FROM (SELECT * FROM pairs WHERE run_id = ? AND iteration = ? ORDER BY
                position LIMIT ? OFFSET ?) p
        JOIN problems q ON q.id = p.problem_id ORDER BY p.position""",
        [run_id, number, limit, offset],
    )


def pair_figures(db: Database, run_id: str, number: int) -> tuple[int, np.ndarray]:
    """How many problems an iteration's pairs come from, and each pair's chosen minus rejected
    reward; none in a run without any.
    """
    of_iteration = "FROM pairs WHERE run_id = ? AND iteration = ?"
    n_problems = db.row(f"SELECT count(DISTINCT problem_id) AS n {of_iteration}", [run_id, number])[
        "n"
    ]
    margins = db.columns(
        f"SELECT chosen_reward - rejected_reward AS margin {of_iteration}", [run_id, number]
    )["margin"]
    margins = np.asarray(margins, dtype=np.float64)
    return n_problems, margins[~np.isnan(margins)]


def n_foregone(db: Database, run_id: str, number: int) -> int:
    """Pairs that the pre-samples of problems outside the pool would have given: min(#correct,
    #wrong) per problem.
    """
    return db.row(
        f"""SELECT coalesce(sum(least(n_right, n_wrong)), 0)::BIGINT AS n FROM (
            SELECT count(*) FILTER (v.correct) AS n_right, count(*) FILTER (NOT v.correct) AS
                n_wrong
            FROM run_problems p
            JOIN iterations i ON i.run_id = p.run_id AND i.iteration = ?
            JOIN {RUNS} runs ON runs.id = p.run_id
            LEFT JOIN allocations a ON a.run_id = p.run_id AND a.iteration = i.iteration AND
                a.problem_id = p.problem_id
            JOIN judged v ON v.set_id = i.presample_set AND v.problem_id = p.problem_id AND v.idx <
                runs.n_presample
            WHERE p.run_id = ? AND p.iteration IN (i.iteration, {EVERY}) AND p.role = 'train' AND
                NOT coalesce(a.in_pool, false)
            GROUP BY p.problem_id)""",
        [number, run_id],
    )["n"]
