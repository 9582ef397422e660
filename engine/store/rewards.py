"""What reward models say of an iteration's graded responses, as columns."""

from dataclasses import dataclass, fields
from typing import get_args

import numpy as np

from engine.store.connection import Database
from engine.store.place import Place
from engine.store.runs import EVERY, RUNS
from engine.store.samples import table_sizes
from engine.types import Aggregation, Cost, StepScores

_SCORED = f"""FROM iterations i
    JOIN {RUNS} runs ON runs.id = i.run_id
    JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY})
        AND p.role = 'train'
    JOIN judged v ON v.problem_id = p.problem_id AND (v.set_id = i.resample_set
        OR (v.set_id = i.presample_set AND v.idx < runs.n_presample))
    JOIN step_scores s ON s.set_id = v.set_id AND s.problem_id = v.problem_id AND s.idx = v.idx
    WHERE i.run_id = ? AND i.iteration = ? AND s.reward IS NOT NULL"""
"""Pre-samples and resamples with a verdict v and a reward s."""


_AGGREGATED = {
    "min": "list_min(s.scores)",
    "last": "list_filter(s.scores, lambda x: x IS NOT NULL)[-1]",
    "mean": "list_avg(s.scores)",
    "product": "list_product(s.scores)",
}
_BY_AGGREGATION = ", ".join(
    f'coalesce({sql}, 0.0)::DOUBLE AS "{name}"' for name, sql in _AGGREGATED.items()
)
"""For figures; what counts is filed by `aggregate`, in the arithmetic of StepScores."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """A reward model that read responses of an iteration."""

    prm_id: str
    path: str
    """As some run of this database names it; empty where none does any more."""
    n: int
    """Graded responses with its reward."""
    cost: Cost | None = None
    """What asking it about them took; None where nothing is known of that."""


def scorers(at: Place) -> list[Scorer]:
    """Who read responses of an iteration, the run's own first, then by how many."""
    rows = at.db.rows(
        f"""SELECT s.prm_id, count(*) AS n,
            coalesce((SELECT any_value(r.prm_path) FROM runs r WHERE r.prm_id = s.prm_id), '')
                AS path
        {_SCORED} GROUP BY s.prm_id
        ORDER BY s.prm_id <> (SELECT prm_id FROM runs WHERE id = ?), n DESC, s.prm_id""",
        [*at.key, at.run_id],
    )
    return [Scorer(row["prm_id"], row["path"], row["n"], cost(at, row["prm_id"])) for row in rows]


def of_presamples(at: Place) -> dict[str, str]:
    """Path by id of every reward model that read pre-samples of an iteration, as some run names it,
    the run's own first. Asked once for as long as the tables have the same number of rows.
    """
    return at.db.remembered(
        ("reward models", *at.key), table_sizes(at.db), lambda: _of_presamples(at)
    )


def _of_presamples(at: Place) -> dict[str, str]:
    rows = at.db.tuples(
        """SELECT s.prm_id,
            coalesce((SELECT any_value(r.prm_path) FROM runs r WHERE r.prm_id = s.prm_id), '')
        FROM (SELECT DISTINCT o.prm_id FROM step_scores o JOIN iterations i
            ON i.presample_set = o.set_id WHERE i.run_id = ? AND i.iteration = ?) s
        ORDER BY s.prm_id <> (SELECT prm_id FROM runs WHERE id = ?), s.prm_id""",
        [*at.key, at.run_id],
    )
    return dict(rows)


@dataclass(frozen=True, slots=True)
class Spread:
    """How large the scores are that a run's reward model gave an iteration."""

    low: float
    high: float
    """The lowest and the highest reward of a pre-sample or resample."""
    size: float
    """19 of 20 scores of the pre-samples' steps are no further from 0."""


def spread(at: Place) -> Spread | None:
    """None before a response has a reward. Asked once for as long as tables have as many rows."""
    return at.db.remembered(("spread", *at.key), table_sizes(at.db), lambda: _spread(at))


def _spread(at: Place) -> Spread | None:
    rows = at.db.tuples(
        f"""WITH scored AS (
            SELECT s.reward, s.scores, s.set_id = i.presample_set AS is_presample
            FROM iterations i JOIN {RUNS} runs ON runs.id = i.run_id
            JOIN step_scores s ON s.set_id IN (i.presample_set, i.resample_set)
                AND s.prm_id = runs.prm_id
            WHERE i.run_id = ? AND i.iteration = ? AND s.reward IS NOT NULL)
        SELECT (SELECT min(reward) FROM scored), (SELECT max(reward) FROM scored),
            (SELECT quantile_cont(abs(score), 0.95)
                FROM (SELECT unnest(scores) AS score FROM scored WHERE is_presample))""",
        at.key,
    )
    low, high, size = rows[0]
    return None if low is None else Spread(low, high, size or 0.0)


def cost(at: Place, prm_id: str) -> Cost | None:
    """What asking a generative reward model about an iteration's pre-samples and resamples took,
    whatever its scores were aggregated by; None for one that was never asked.
    """
    summed = ", ".join(f"sum({field.name})::BIGINT" for field in fields(Cost))
    rows = at.db.tuples(
        f"""SELECT count(*), {summed} FROM score_costs c JOIN iterations i
            ON c.set_id IN (i.presample_set, i.resample_set)
        WHERE i.run_id = ? AND i.iteration = ? AND list_contains(?, c.prm_id)""",
        [*at.key, _names(prm_id)],
    )
    n, *sums = rows[0]
    return Cost(*sums) if n else None


def without_score(at: Place) -> dict[str, int]:
    """How many pre-samples of an iteration the run's reward model could give no score, by status:
    too_long, holds_tag, missing, unreadable. Their problems are pending.
    """
    rows = at.db.tuples(
        f"""SELECT s.status, count(*) FROM step_scores s
        JOIN iterations i ON i.presample_set = s.set_id
        JOIN {RUNS} runs ON runs.id = i.run_id AND runs.prm_id = s.prm_id
            AND s.idx < runs.n_presample
        JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY})
            AND p.role = 'train' AND p.problem_id = s.problem_id
        WHERE i.run_id = ? AND i.iteration = ? AND s.reward IS NULL
        GROUP BY s.status ORDER BY s.status""",
        at.key,
    )
    return dict(rows)


def _names(prm_id: str) -> list[str]:
    """What the same step scores are filed under by every aggregation, the plain name first."""
    every = get_args(Aggregation)
    prefix = next((f"{name}-" for name in every if prm_id.startswith(f"{name}-")), "")
    base = prm_id.removeprefix(prefix)
    return [base, *(f"{name}-{base}" for name in every)]


def against_verdicts(at: Place, prm_id: str) -> dict[str, np.ndarray]:
    """One model's rewards beside the verdicts as they count: set_id, problem_id, idx, correct,
    reward, n_steps, and the reward by each aggregation under its name; by problem and index.
    """
    return at.db.columns(
        f"""SELECT v.set_id, v.problem_id, v.idx, v.correct, s.reward, len(s.scores) AS n_steps,
            {_BY_AGGREGATION}
        {_SCORED} AND s.prm_id = ? ORDER BY v.problem_id, v.idx""",
        [*at.key, prm_id],
    )


def some_texts(at: Place, n: int) -> list[str]:
    """Texts of the first pre-samples of an iteration, by problem and index."""
    return [
        text
        for (text,) in at.db.tuples(
            """SELECT r.text FROM responses r JOIN iterations i ON i.presample_set = r.set_id
            WHERE i.run_id = ? AND i.iteration = ? ORDER BY r.problem_id, r.idx LIMIT ?""",
            [*at.key, n],
        )
    ]


def aggregate(db: Database, set_id: str, prm_id: str, aggregation: Aggregation) -> int:
    """File the step scores of a sample set under another aggregation, where it is not there yet:
    nothing is scored again. Returns: how many responses that were.

    Args:
        prm_id: what rewards by this aggregation are filed under; what it begins with is another
            name of the same step scores.
    """
    others = [name for name in _names(prm_id) if name != prm_id]
    n_filed = 0
    while rows := db.tuples(
        """SELECT problem_id, idx, any_value(scores), any_value(status) FROM step_scores s
        WHERE set_id = $set_id AND list_contains($others, prm_id) AND NOT EXISTS (
            SELECT 1 FROM step_scores o WHERE o.set_id = $set_id AND o.prm_id = $prm_id
                AND o.problem_id = s.problem_id AND o.idx = s.idx)
        GROUP BY problem_id, idx LIMIT 8192""",
        {"set_id": set_id, "others": others, "prm_id": prm_id},
    ):
        scores = [StepScores(tuple(steps), status, aggregation) for _, _, steps, status in rows]
        n_filed += db.insert(
            "step_scores",
            {
                "set_id": [set_id] * len(rows),
                "problem_id": [row[0] for row in rows],
                "idx": [row[1] for row in rows],
                "prm_id": [prm_id] * len(rows),
                "scores": [list(s.scores) for s in scores],
                "status": [s.status for s in scores],
                "reward": [s.reward for s in scores],
            },
            or_ignore=True,
        )
    return n_filed
