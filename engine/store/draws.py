"""Responses that a policy drew while it was trained: which training, which step, what they were
trained with, and which were discarded. Their texts, verdicts and scores stand beside all others.
"""

from dataclasses import dataclass

from engine.events import Drawn
from engine.store import jobs
from engine.store.connection import Database
from engine.store.place import Place


@dataclass(frozen=True, slots=True)
class DrawCount:
    """What the trainings of an iteration drew."""

    n: int
    """Responses, discarded ones included."""
    n_discarded: int


def add(db: Database, job_id: str, drawn: Drawn) -> None:
    """Note what a step drew. A key that is there already stays as it was: a repeated step counts
    once.
    """
    job, n = jobs.get(db, job_id), len(drawn.draws)
    db.insert(
        "train_draws",
        {
            "run_id": [job.run_id] * n,
            "iteration": [job.iteration] * n,
            "job_id": [job_id] * n,
            "step": [drawn.step] * n,
            "set_id": [drawn.sample_set_id] * n,
            "problem_id": [d.response.problem_id for d in drawn.draws],
            "idx": [d.response.index for d in drawn.draws],
            "reward": [d.reward for d in drawn.draws],
            "is_discarded": [d.is_discarded for d in drawn.draws],
        },
        or_ignore=True,
    )


def counts(at: Place) -> DrawCount:
    """Of all trainings of an iteration together."""
    n, n_discarded = at.db.tuples(
        """SELECT count(*), count(*) FILTER (WHERE is_discarded) FROM train_draws
        WHERE run_id = ? AND iteration = ?""",
        at.key,
    )[0]
    return DrawCount(n, n_discarded)


def of_job(db: Database, job_id: str) -> list[tuple[int, str, int, float, bool, str]]:
    """(step, problem id, index, reward, discarded, text) of every draw of a training, in the order
    of step, problem and index.
    """
    return db.tuples(
        """SELECT DISTINCT d.step, d.problem_id, d.idx, d.reward, d.is_discarded, r.text
        FROM train_draws d JOIN responses r USING (set_id, problem_id, idx)
        WHERE d.job_id = ? ORDER BY d.step, d.problem_id, d.idx""",
        [job_id],
    )
