"""What a policy answered to held-out problems while it was trained: a few answers of every
evaluation. Its accuracy is a metric of the step.
"""

from dataclasses import dataclass

from engine.events import InterimEvaluated
from engine.store.connection import Database
from engine.store.texts import printable
from engine.types import Domain, Reference


@dataclass(frozen=True, slots=True)
class InterimRow:
    """One answer, with what it was checked against."""

    problem_id: str
    question: str
    answer: str
    """The reference."""
    domain: Domain
    details: str
    text: str
    finish_reason: str
    n_tokens: int
    correct: bool
    predicted: str | None
    status: str
    reason: str

    @property
    def reference(self) -> Reference:
        return Reference(self.answer, self.domain, self.details)


def put(db: Database, job_id: str, evaluated: InterimEvaluated) -> None:
    """Store the answers of one step; those of a step that is run again take the others' place."""
    with db.transaction() as cursor:
        for position, sample in enumerate(evaluated.samples):
            r, v = sample.response, sample.verdict
            cursor.execute(
                """INSERT OR REPLACE INTO interim_answers (job_id, step, position, problem_id,
                    text, finish_reason, n_tokens, answer_at, correct, predicted, status, reason)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                [
                    *(job_id, evaluated.step, position, r.problem_id, printable(r.text)),
                    *(r.finish_reason, r.n_tokens, r.answer_at, v.correct),
                    *(v.predicted and printable(v.predicted), v.status, printable(v.reason)),
                ],
            )


def steps(db: Database, job_id: str) -> list[int]:
    """Steps after which a training was evaluated, in order."""
    query = "SELECT DISTINCT step FROM interim_answers WHERE job_id = ? ORDER BY step"
    return [step for (step,) in db.tuples(query, [job_id])]


def answers(db: Database, job_id: str, step: int) -> list[InterimRow]:
    """The answers that were kept of one step."""
    return db.records(
        InterimRow,
        """SELECT a.problem_id, q.question, q.answer, q.domain, q.details, a.text,
            a.finish_reason, a.n_tokens, a.correct, a.predicted, a.status, a.reason
        FROM interim_answers a JOIN problems q ON q.id = a.problem_id
        WHERE a.job_id = ? AND a.step = ? ORDER BY a.position""",
        [job_id, step],
    )
