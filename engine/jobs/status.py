"""FILE.status.json, whole or not at all: what a process that does not own the database can read of
its owner.
"""

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.jobs.pace import Pace, said
from engine.paths import status_path, write_text
from engine.store.jobs import Job

_SHOWN = ("id", "kind", "state", "n_done", "n_total", "run_id", "iteration")


def publish_idle(database: Path) -> None:
    """Say that this process owns a database, and that no job runs."""
    _write(database, {"state": "idle"})


def publish_job(database: Path, job: Job, pace: Pace | None) -> None:
    """Say how far a job is."""
    _write(database, {name: getattr(job, name) for name in _SHOWN} | _at(pace))


def published(database: Path) -> dict[str, Any] | None:
    """What the owner of a database said last; None where it said nothing that can be read."""
    try:
        read = json.loads(status_path(database).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


def _write(database: Path, status: dict[str, Any]) -> None:
    with suppress(OSError):  # a full disk: the rows are what counts
        write_text(status_path(database), json.dumps({"pid": os.getpid(), **status}))


def _at(pace: Pace | None) -> dict[str, Any]:
    """Where a running job is: the part of all its work that is done, the seconds left, in words."""
    if pace is None:
        return {}
    now = time.monotonic()
    at = {"share": pace.share(), "left_s": pace.left_s(now), "progress": said(pace, now)}
    return at | ({"in_flight": asdict(pace.in_flight)} if pace.in_flight else {})
