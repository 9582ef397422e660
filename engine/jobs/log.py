"""What a job said: its notes, and the end of what its children printed. Text of others: show it,
never interpret it.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine import store
from engine.store import Database
from engine.store.jobs import Job

N_LINES = 200
_TAIL_BYTES = 32_768
_SLACK = timedelta(seconds=1)
"""A file's clock and the store's differ by less."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


def tail(db: Database, job: Job, *, n_lines: int = N_LINES) -> str:
    """The last lines of a job's notes and of its children's output, oldest first; empty where it
    said nothing.
    """
    parts = [
        f"{note.noted_at:%H:%M:%S}  {note.text}"
        for note in store.jobs.notes(db, job.id, limit=n_lines)
    ]
    for path in child_logs(db, job):
        if lines := last_lines(path, n_lines):
            parts += [f"--- {path.name}", *lines]
    return "\n".join(parts)


def child_logs(db: Database, job: Job) -> list[Path]:
    """Log files that were written to while the job ran: one job runs at a time, so those are its
    children's.
    """
    if job.started_at is None:
        return []
    end = job.finished_at or datetime.max
    written = {path: _written_at(path) for path in (db.artifacts / "logs").glob("*.log")}
    mine = [
        path
        for path, at in written.items()
        if at and job.started_at - _SLACK <= at and (end == datetime.max or at <= end + _SLACK)
    ]
    return sorted(mine, key=lambda path: path.name)


def last_lines(path: Path, n_lines: int) -> list[str]:
    """The last lines of a file without control characters; of a line that was overwritten its last
    state.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(max(path.stat().st_size - _TAIL_BYTES, 0))
            text = stream.read().decode(errors="replace")
    except OSError:
        return []
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return [clean for line in lines if (clean := _CONTROL.sub("", line).rstrip())][-n_lines:]


def _written_at(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    except OSError:
        return None
