"""Pre-samples of an iteration, one by one: texts, those without an answer, lengths and speed."""

from dataclasses import dataclass

import numpy as np

from engine.store.place import Place
from engine.store.runs import EVERY, RUNS


@dataclass(frozen=True, slots=True)
class Presample:
    """One judged pre-sample."""

    problem_id: str
    text: str
    correct: bool
    reward: float | None


def judged(at: Place) -> list[Presample]:
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


def rate(at: Place) -> float | None:
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
