"""Jobs: what was asked for, in which state it is, how far it got, what it said."""

import json
import uuid
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from engine.errors import ConfigError
from engine.store.clock import now
from engine.store.connection import Database
from engine.store.place import Place
from engine.types import JobKind, JobState

UNFINISHED = (JobState.QUEUED, JobState.RUNNING, JobState.CANCELLING)
RESUMABLE = (JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Job:
    """One job, as it stands."""

    id: str
    number: int
    """Its place in the order in which jobs were asked for."""
    run_id: str
    iteration: int
    kind: JobKind | str
    """A text where another version stored a kind that this one does not know."""
    params: dict[str, Any]
    state: JobState
    attempt: int
    n_done: int
    n_total: int | None
    """None before the first event."""
    n_before: int
    """What was done before this attempt."""
    unit: str | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    busy_s: float
    """Seconds that its attempts took."""
    policy_id: str | None
    """What a training made."""

    @property
    def sentence(self) -> str | None:
        """The first line of its error, where there is room for one."""
        return self.error and self.error.partition("\n")[0]

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def is_resumable(self) -> bool:
        return self.state in RESUMABLE


@dataclass(frozen=True, slots=True)
class Training(Job):
    """A training, in a list of trainings."""

    run_name: str


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A line of a job's log."""

    noted_at: datetime
    attempt: int
    text: str


_JOB = ", ".join(f"j.{f.name}" for f in fields(Job))


def _known(kind: str, state: str, params: str) -> dict[str, Any]:
    is_known = kind in set(JobKind)
    return {
        "kind": JobKind(kind) if is_known else kind,
        "state": JobState(state),
        "params": json.loads(params),
    }


def _job(kind: str, state: str, params: str, **row: Any) -> Job:
    return Job(**_known(kind, state, params), **row)


def _training(kind: str, state: str, params: str, **row: Any) -> Training:
    return Training(**_known(kind, state, params), **row)


def add(at: Place, kind: JobKind | str, params: dict[str, Any] | None = None) -> str:
    """Queue a job. Returns its id, 8 hex digits."""
    job_id = uuid.uuid4().hex[:8]
    with at.db.transaction() as cursor:
        cursor.execute(
            """INSERT INTO jobs
            (id, run_id, iteration, kind, params, state, attempt, n_done, n_before, created_at,
                busy_s)
            VALUES (?, ?, ?, ?, ?, 'queued', 0, 0, 0, ?, 0)""",
            [job_id, at.run_id, at.number, str(kind), _canonical(params or {}), now()],
        )
    return job_id


def get(db: Database, job_id: str) -> Job:
    """Raises: ConfigError for an unknown job."""
    job = find(db, job_id)
    if job is None:
        raise ConfigError(f"There is no job {job_id}.")
    return job


def find(db: Database, job_id: str) -> Job | None:
    """The job, if there is one."""
    return db.record(_job, f"SELECT {_JOB} FROM jobs j WHERE id = ?", [job_id])


def find_same(at: Place, kind: JobKind, params: dict[str, Any] | None = None) -> Job | None:
    """The job that does exactly this, if there is one."""
    return at.db.record(
        _job,
        f"""SELECT {_JOB} FROM jobs j
        WHERE run_id = ? AND iteration = ? AND kind = ? AND params = ?
        ORDER BY number DESC LIMIT 1""",
        [*at.key, str(kind), _canonical(params or {})],
    )


def latest(at: Place, kind: JobKind, *, done: bool = False) -> Job | None:
    """The newest job of a kind in an iteration; with done, the one that ended well last."""
    order = "AND state = 'done' ORDER BY finished_at" if done else "ORDER BY number"
    return at.db.record(
        _job,
        f"""SELECT {_JOB} FROM jobs j
        WHERE run_id = ? AND iteration = ? AND kind = ? {order} DESC LIMIT 1""",
        [*at.key, str(kind)],
    )


def latest_with_policy(at: Place) -> Job | None:
    """The job of an iteration that made a policy last: a training, or a pick of kept weights."""
    return at.db.record(
        _job,
        f"""SELECT {_JOB} FROM jobs j
        WHERE run_id = ? AND iteration = ? AND kind IN ('train', 'pick') AND state = 'done'
        ORDER BY finished_at DESC LIMIT 1""",
        at.key,
    )


def that_made(db: Database, policy_id: str, kind: JobKind = JobKind.TRAIN) -> list[str]:
    """Ids of jobs of a kind that made a policy, in any run, oldest first. One that was done once
    and is queued again, running or stopped made it all the same; those that have not ended come
    last.
    """
    query = (
        "SELECT id FROM jobs WHERE kind = ? AND policy_id = ?"
        " ORDER BY finished_at NULLS LAST, number"
    )
    return [id for (id,) in db.tuples(query, [kind, policy_id])]


def of_run(db: Database, run_id: str, number: int | None = None) -> list[Job]:
    """Jobs of a run, or of one of its iterations, oldest first."""
    return db.known_records(
        _job,
        f"""SELECT {_JOB} FROM jobs j
        WHERE run_id = ? AND (? IS NULL OR iteration = ?) ORDER BY number""",
        [run_id, number, number],
    )


def unfinished(db: Database) -> list[Job]:
    """Running and queued jobs, in the order they run."""
    return db.known_records(
        _job,
        f"""SELECT {_JOB} FROM jobs j
        WHERE state IN ('running', 'cancelling', 'queued')
        ORDER BY coalesce(place, number), number""",
    )


def to_front(db: Database, job_id: str) -> None:
    """Let a job be the first of those that are queued; one that is not queued stays as it is."""
    with db.transaction() as cursor:
        cursor.execute(
            """UPDATE jobs SET place = (SELECT min(coalesce(place, number)) - 1 FROM jobs
                WHERE state = 'queued')
            WHERE id = ? AND state = 'queued'""",
            [job_id],
        )


def move(db: Database, job_id: str, by: int) -> None:
    """Let a queued job change places with the one that many places behind it, or before it where
    that is negative; at the ends of the queue it stays.
    """
    queued = [job.id for job in unfinished(db) if job.state is JobState.QUEUED]
    if job_id not in queued or not 0 <= queued.index(job_id) + by < len(queued):
        return
    other = queued[queued.index(job_id) + by]
    with db.transaction() as cursor:
        places = dict(
            db.tuples("SELECT id, coalesce(place, number) FROM jobs WHERE state = 'queued'")
        )
        for id, place in ((job_id, places[other]), (other, places[job_id])):
            cursor.execute("UPDATE jobs SET place = ? WHERE id = ?", [place, id])


def trainings(db: Database) -> list[Training]:
    """Every training of every run that logged a step, newest first."""
    return db.records(
        _training,
        f"""SELECT {_JOB}, r.name AS run_name FROM jobs j JOIN runs r ON r.id = j.run_id
        WHERE EXISTS (SELECT 1 FROM metrics m WHERE m.job_id = j.id) ORDER BY j.number DESC""",
    )


def set_state(
    db: Database,
    job_id: str,
    state: JobState | str,
    *,
    error: str | None = None,
    busy_s: float = 0.0,
) -> None:
    """Move a job to a state. Starting counts an attempt; ending notes the time."""
    state = JobState(state)
    starting, ending = state is JobState.RUNNING, state not in UNFINISHED
    with db.transaction() as cursor:
        cursor.execute(
            """UPDATE jobs SET state = ?, error = ?, busy_s = busy_s + ?,
            attempt = attempt + CASE WHEN ? THEN 1 ELSE 0 END,
            started_at = CASE WHEN ? THEN ? ELSE started_at END,
            finished_at = CASE WHEN ? THEN ? ELSE NULL END WHERE id = ?""",
            [str(state), error, busy_s, starting, starting, now(), ending, now(), job_id],
        )


def mark_lost(db: Database) -> int:
    """Jobs that a dead process left running become interrupted. Returns how many."""
    lost = [job.id for job in unfinished(db) if job.state is not JobState.QUEUED]
    for job_id in lost:
        set_state(
            db,
            job_id,
            JobState.INTERRUPTED,
            error=(
                "The program ended while this job ran. What it had finished is stored; resume it."
            ),
        )
    return len(lost)


def notes(db: Database, job_id: str, limit: int = 200) -> list[NoteRow]:
    """The last lines of a job's log, oldest first."""
    newest_first = db.records(
        NoteRow,
        """SELECT noted_at, attempt, text FROM notes WHERE job_id = ?
        ORDER BY number DESC LIMIT ?""",
        [job_id, limit],
    )
    return newest_first[::-1]


def _canonical(params: dict[str, Any]) -> str:
    return json.dumps(params, sort_keys=True)
