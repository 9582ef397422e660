"""In which other tools runs are watched, what was sent there, and a few responses to send."""

import json
from dataclasses import dataclass

from engine.store.clock import now
from engine.store.connection import Database
from engine.store.place import Place
from engine.store.runs import EVERY


@dataclass(frozen=True, slots=True)
class Sent:
    """How much of a job a tracker has."""

    step: int = -1
    """The last optimiser step; -1 for none."""
    has_end: bool = False
    """Whether it has what the job gave in the end."""


@dataclass(frozen=True, slots=True)
class SentResponse:
    """A response as a row of a tracker's table."""

    problem_id: str
    question: str
    response: str
    correct: bool | None
    status: str | None
    reward: float | None
    n_tokens: int


def chosen(db: Database, run_id: str) -> tuple[str, ...] | None:
    """The trackers that a person chose for a run; None where nobody did, and the configuration
    counts.
    """
    row = db.row("SELECT trackers FROM trackings WHERE run_id = ?", [run_id])
    return tuple(json.loads(row["trackers"])) if row else None


def choose(db: Database, run_id: str, trackers: tuple[str, ...], *, made_by: str) -> None:
    """Watch a run in these from now on, a job that is running too."""
    with db.transaction() as cursor:
        cursor.execute(
            """INSERT OR REPLACE INTO trackings (run_id, trackers, made_by, made_at)
            VALUES (?, ?, ?, ?)""",
            [run_id, json.dumps(list(trackers)), made_by, now()],
        )


def sent(db: Database, job_id: str, tracker: str) -> Sent:
    """What a tracker has of a job."""
    query = "SELECT step, has_end FROM sent_figures WHERE job_id = ? AND tracker = ?"
    return db.record(Sent, query, [job_id, tracker]) or Sent()


def note_sent(db: Database, job_id: str, tracker: str, what: Sent) -> None:
    """Remember it, so that a resumed job sends nothing twice."""
    with db.transaction() as cursor:
        cursor.execute(
            """INSERT OR REPLACE INTO sent_figures (job_id, tracker, step, has_end)
            VALUES (?, ?, ?, ?)""",
            [job_id, tracker, what.step, what.has_end],
        )


def some_responses(at: Place, set_id: str, role: str, n: int) -> list[SentResponse]:
    """The first response to each of a run's first problems in a sample set.

    Args:
        role: train or held_out.
        n: problems at most.
    """
    return at.db.records(
        SentResponse,
        f"""SELECT r.problem_id, q.question, r.text AS response, v.correct, v.status, c.reward,
            r.n_tokens
        FROM run_problems p
        JOIN problems q ON q.id = p.problem_id
        JOIN responses r ON r.set_id = $set AND r.problem_id = p.problem_id
        LEFT JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id
            AND v.idx = r.idx
        LEFT JOIN step_scores c ON c.set_id = r.set_id AND c.problem_id = r.problem_id
            AND c.idx = r.idx AND c.prm_id = (SELECT prm_id FROM runs WHERE id = $run)
        WHERE p.run_id = $run AND p.role = $role
            AND (p.role <> 'train' OR p.iteration IN ($number, {EVERY}))
        QUALIFY r.idx = min(r.idx) OVER (PARTITION BY r.problem_id)
        ORDER BY p.position LIMIT $n""",
        {"set": set_id, "run": at.run_id, "role": role, "n": n, "number": at.number},
    )
