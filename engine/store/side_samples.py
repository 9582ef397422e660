"""Side samples: what an iteration ordered beside its pre-samples and resamples, to tune or to
calibrate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.store.place import Place


@dataclass(frozen=True, slots=True)
class SideResponse:
    """A judged and scored side sample."""

    problem_id: str
    idx: int
    temperature: float
    text: str
    correct: bool
    reward: float | None


def add(at: Place, set_id: str, problem_ids: Sequence[str], n: int) -> None:
    """Note that an iteration wants n responses to each of these problems; what is noted stays."""
    n_problems = len(problem_ids)
    columns = {
        "run_id": [at.run_id] * n_problems,
        "iteration": [at.number] * n_problems,
        "set_id": [set_id] * n_problems,
        "problem_id": list(problem_ids),
        "n": [n] * n_problems,
    }
    at.db.insert("side_samples", columns, or_ignore=True)


def counts(at: Place) -> dict[str, int]:
    """Responses by purpose, tune and calibrate, that an iteration ordered beside its pre-samples
    and resamples.
    """
    return at.db.remembered(
        ("side counts", at.run_id, at.number), at.db.version, lambda: _counts(at)
    )


def _counts(at: Place) -> dict[str, int]:
    rows = at.db.tuples(
        """SELECT s.purpose, sum(x.n)::BIGINT FROM side_samples x
        JOIN sample_sets s ON s.id = x.set_id
        WHERE x.run_id = ? AND x.iteration = ? GROUP BY s.purpose""",
        at.key,
    )
    return {"tune": 0, "calibrate": 0} | dict(rows)


def verdicts(at: Place, purpose: str) -> dict[str, np.ndarray]:
    """Per problem of an iteration's side samples of one purpose: problem_id, n_judged and
    n_correct, by id.
    """
    return at.db.columns(
        """SELECT x.problem_id, count(v.correct) AS n_judged,
            coalesce(sum(v.correct::INTEGER), 0)::BIGINT AS n_correct
        FROM side_samples x JOIN sample_sets s ON s.id = x.set_id AND s.purpose = ?
        LEFT JOIN judged v ON v.set_id = x.set_id AND v.problem_id = x.problem_id AND v.idx < x.n
        WHERE x.run_id = ? AND x.iteration = ? GROUP BY x.problem_id ORDER BY x.problem_id""",
        [str(purpose), at.run_id, at.number],
    )


def responses(at: Place, purpose: str) -> list[SideResponse]:
    """Judged and scored side samples of one purpose, in a fixed order."""
    return at.db.records(
        SideResponse,
        """SELECT x.problem_id, r.idx,
            json_extract(s.settings, '$.temperature')::DOUBLE AS temperature,
            r.text, v.correct, c.reward
        FROM side_samples x JOIN sample_sets s ON s.id = x.set_id AND s.purpose = ?
        JOIN runs ON runs.id = x.run_id
        JOIN responses r ON r.set_id = x.set_id AND r.problem_id = x.problem_id AND r.idx < x.n
        JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id AND v.idx = r.idx
        JOIN step_scores c ON c.set_id = r.set_id AND c.problem_id = r.problem_id AND c.idx = r.idx
            AND c.prm_id = runs.prm_id
        WHERE x.run_id = ? AND x.iteration = ? ORDER BY s.id, x.problem_id, r.idx""",
        [str(purpose), at.run_id, at.number],
    )
