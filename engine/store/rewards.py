"""What reward models say of an iteration's graded responses, as columns."""

from dataclasses import dataclass

import numpy as np

from engine.store.place import Place
from engine.store.runs import EVERY, RUNS

_SCORED = f"""FROM iterations i
    JOIN {RUNS} runs ON runs.id = i.run_id
    JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY})
        AND p.role = 'train'
    JOIN judged v ON v.problem_id = p.problem_id AND (v.set_id = i.resample_set
        OR (v.set_id = i.presample_set AND v.idx < runs.n_presample))
    JOIN step_scores s ON s.set_id = v.set_id AND s.problem_id = v.problem_id AND s.idx = v.idx
    WHERE i.run_id = ? AND i.iteration = ? AND s.reward IS NOT NULL"""
"""Pre-samples and resamples with a verdict v and a reward s."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """A reward model that read responses of an iteration."""

    prm_id: str
    path: str
    """As some run of this database names it; empty where none does any more."""
    n: int
    """Graded responses with its reward."""


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
    return [Scorer(row["prm_id"], row["path"], row["n"]) for row in rows]


def against_verdicts(at: Place, prm_id: str) -> dict[str, np.ndarray]:
    """One model's rewards beside the verdicts as they count: set_id, problem_id, idx, correct,
    reward, n_steps; by problem and index.
    """
    return at.db.columns(
        f"""SELECT v.set_id, v.problem_id, v.idx, v.correct, s.reward, len(s.scores) AS n_steps
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
