"""Reads about side samples: what an iteration ordered beside its pre-samples and resamples, to tune
or to calibrate.
"""

import numpy as np

from engine.store.connection import Database


def side_counts(db: Database, run_id: str, number: int) -> dict[str, int]:
    """Responses by purpose, tune and calibrate, that an iteration ordered beside its pre-samples
    and resamples.
    """
    return db.remembered(
        ("side counts", run_id, number), db.version, lambda: _side_counts(db, run_id, number)
    )


def _side_counts(db: Database, run_id: str, number: int) -> dict[str, int]:
    rows = db.tuples(
        """SELECT s.purpose, sum(x.n)::BIGINT FROM side_samples x JOIN sample_sets s ON s.id =
                x.set_id
        WHERE x.run_id = ? AND x.iteration = ? GROUP BY s.purpose""",
        [run_id, number],
    )
    return {"tune": 0, "calibrate": 0} | dict(rows)


def side_verdicts(db: Database, run_id: str, number: int, purpose: str) -> dict[str, np.ndarray]:
    """Per problem of an iteration's side samples of one purpose: problem_id, n_judged and
    n_correct, by id.
    """
    return db.columns(
        """SELECT x.problem_id, count(v.correct) AS n_judged, coalesce(sum(v.correct::INTEGER),
                0)::BIGINT AS n_correct
        FROM side_samples x JOIN sample_sets s ON s.id = x.set_id AND s.purpose = ?
        LEFT JOIN judged v ON v.set_id = x.set_id AND v.problem_id = x.problem_id AND v.idx < x.n
        WHERE x.run_id = ? AND x.iteration = ? GROUP BY x.problem_id ORDER BY x.problem_id""",
        [str(purpose), run_id, number],
    )


def side_responses(db: Database, run_id: str, number: int, purpose: str) -> list[dict]:
    """Judged and scored side samples of one purpose: problem_id, idx, temperature, text, correct
    and reward, in a fixed order.
    """
    return db.rows(
        """SELECT x.problem_id, r.idx, json_extract(s.settings, '$.temperature')::DOUBLE AS
                temperature, r.text, v.correct, c.reward
        FROM side_samples x JOIN sample_sets s ON s.id = x.set_id AND s.purpose = ?
        JOIN runs ON runs.id = x.run_id
        JOIN responses r ON r.set_id = x.set_id AND r.problem_id = x.problem_id AND r.idx < x.n
        JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id AND v.idx = r.idx
        JOIN step_scores c ON c.set_id = r.set_id AND c.problem_id = r.problem_id AND c.idx = r.idx
            AND c.prm_id = runs.prm_id
        WHERE x.run_id = ? AND x.iteration = ? ORDER BY s.id, x.problem_id, r.idx""",
        [str(purpose), run_id, number],
    )
