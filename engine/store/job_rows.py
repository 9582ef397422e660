"""Rows of the jobs table: what was asked for, in which state it is, how far it got."""

import json
import uuid

from engine.store.connection import Database, now

UNFINISHED = ("queued", "running", "cancelling")
RESUMABLE = ("failed", "cancelled", "interrupted")


def add(db: Database, run_id: str, iteration: int, kind: str, params: dict) -> str:
    """Queue a job. Returns its id, 8 hex digits."""
    job_id = uuid.uuid4().hex[:8]
    with db.transaction() as cursor:
        cursor.execute(
            """INSERT INTO jobs (id, run_id, iteration, kind, params, state, attempt, n_done,
                    n_before, created_at, busy_s)
            VALUES (?, ?, ?, ?, ?, 'queued', 0, 0, 0, ?, 0)""",
            [job_id, run_id, iteration, str(kind), _canonical(params), now()],
        )
    return job_id


def get(db: Database, job_id: str) -> dict | None:
    return _parsed(db.row("SELECT * FROM jobs WHERE id = ?", [job_id]))


def find(db: Database, run_id: str, iteration: int, kind: str, params: dict) -> dict | None:
    """The job that does exactly this, if there is one."""
    return _parsed(
        db.row(
            "SELECT * FROM jobs WHERE run_id = ? AND iteration = ? AND kind = ? AND params = ?"
            " ORDER BY number DESC LIMIT 1",
            [run_id, iteration, str(kind), _canonical(params)],
        )
    )


def latest(
    db: Database, run_id: str, iteration: int, kind: str, *, done: bool = False
) -> dict | None:
    """The newest job of a kind in an iteration; with done, the one that ended well last."""
    order = "AND state = 'done' ORDER BY finished_at" if done else "ORDER BY number"
    return _parsed(
        db.row(
            f"SELECT * FROM jobs WHERE run_id = ? AND iteration = ? AND kind = ? {order} DESC"
            " LIMIT 1",
            [run_id, iteration, kind],
        )
    )


def that_made(db: Database, policy_id: str) -> list[str]:
    """Ids of finished trainings that made a policy, in any run, oldest first."""
    made = (
        "SELECT id FROM jobs WHERE kind = 'train' AND state = 'done' AND policy_id = ? ORDER BY"
        " finished_at, number"
    )
    return [row["id"] for row in db.rows(made, [policy_id])]


def of_run(db: Database, run_id: str, iteration: int | None = None) -> list[dict]:
    """Jobs of a run, oldest first."""
    rows = db.rows(
        "SELECT * FROM jobs WHERE run_id = ? AND (? IS NULL OR iteration = ?) ORDER BY number",
        [run_id, iteration, iteration],
    )
    return [_parsed(row) for row in rows]


def unfinished(db: Database) -> list[dict]:
    """Running and queued jobs, in the order they run."""
    return [
        _parsed(row)
        for row in db.rows(
            "SELECT * FROM jobs WHERE state IN ('running', 'cancelling', 'queued') ORDER BY number"
        )
    ]


def newest(db: Database) -> dict | None:
    return _parsed(
        db.row(
            "SELECT * FROM jobs ORDER BY coalesce(started_at, created_at) DESC, number DESC LIMIT 1"
        )
    )


def set_state(
    db: Database, job_id: str, state: str, *, error: str | None = None, busy_s: float = 0.0
) -> None:
    """Move a job to a state. Starting counts an attempt; ending notes the time."""
    starting, ending = state == "running", state not in UNFINISHED
    with db.transaction() as cursor:
        cursor.execute(
            """UPDATE jobs SET state = ?, error = ?, busy_s = busy_s + ?,
            attempt = attempt + CASE WHEN ? THEN 1 ELSE 0 END,
            started_at = CASE WHEN ? THEN ? ELSE started_at END,
            finished_at = CASE WHEN ? THEN ? ELSE NULL END WHERE id = ?""",
            [state, error, busy_s, starting, starting, now(), ending, now(), job_id],
        )


def mark_lost(db: Database) -> int:
    """Jobs that a dead process left running become interrupted. Returns how many."""
    lost = [job["id"] for job in unfinished(db) if job["state"] != "queued"]
    for job_id in lost:
        set_state(
            db,
            job_id,
            "interrupted",
            error=(
                "The program ended while this job ran. What it had finished is stored; resume it."
            ),
        )
    return len(lost)


def metrics(db: Database, job_id: str) -> dict:
    """A training's curves as columns: step, name, value, n_steps. Of a step run twice the latest
    attempt counts.
    """
    return db.columns(
        """SELECT step, name, arg_max(value, attempt) AS value, max(n_steps) AS n_steps FROM
                metrics WHERE job_id = ?
        GROUP BY step, name ORDER BY name, step""",
        [job_id],
    )


def metrics_after(db: Database, job_id: str, attempt: int, step: int) -> dict:
    """What a training logged after a cursor: attempt, step, n_steps, name, value as columns, in the
    order it was logged.
    """
    return db.columns(
        """SELECT attempt, step, n_steps, name, value FROM metrics
        WHERE job_id = ? AND (attempt > ? OR (attempt = ? AND step > ?)) ORDER BY attempt, step,
            name""",
        [job_id, attempt, attempt, step],
    )


def trainings(db: Database) -> list[dict]:
    """Every training of every run that logged a step, newest first, with its run's name."""
    rows = db.rows("""SELECT j.*, r.name AS run_name FROM jobs j JOIN runs r ON r.id = j.run_id
        WHERE EXISTS (SELECT 1 FROM metrics m WHERE m.job_id = j.id) ORDER BY j.number DESC""")
    return [_parsed(row) for row in rows]


def notes(db: Database, job_id: str, limit: int = 200) -> list[dict]:
    """The last lines of a job's log, oldest first."""
    rows = db.rows(
        "SELECT noted_at, attempt, text FROM notes WHERE job_id = ? ORDER BY number DESC LIMIT ?",
        [job_id, limit],
    )
    return rows[::-1]


def _canonical(params: dict) -> str:
    return json.dumps(params, sort_keys=True)


def _parsed(row: dict | None) -> dict | None:
    return row and {**row, "params": json.loads(row["params"])}
