"""A run walked to its end, with every job's progress on standard error."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.paths import artifacts_of, expanded

if TYPE_CHECKING:
    from engine.jobs.pace import Pace
    from engine.jobs.runner import JobRunner
    from engine.placement import Placement
    from engine.store import Database
    from engine.store.jobs import Job


@contextmanager
def driven(path: Path, placement: str = "") -> "Iterator[JobRunner]":
    """A runner over a database, its jobs reported; both are closed at the end.

    Args:
        placement: where its jobs will work, prepared while the database is opened; empty where
            only the database says it.
    """
    begun = _begun(path, placement) if placement else {}
    from engine.jobs.runner import JobRunner
    from engine.store import Database

    db = Database(path)
    try:
        runner = JobRunner(db, begun)
        runner.continue_queue()
        runner.on_progress = lambda job: report(job, runner.pace)
        try:
            yield runner
        finally:
            runner.close()
    finally:
        db.close()


def _begun(path: Path, placement: str) -> "dict[str, Placement]":
    from engine.placement import open_placement

    opened = open_placement(placement, artifacts_of(expanded(path).resolve()) / "logs")
    opened.prepare()
    return {placement: opened}


def walk(
    path: Path,
    choose_run: "Callable[[Database], str]",
    *,
    as_json: bool,
    evaluate_only: bool = False,
    placement: str = "",
) -> None:
    """Walk the chosen run of a database and print its figures. placement: see driven."""
    from engine.figures.summary import summarise
    from engine.headless.run import evaluate_policy, run_to_end

    with driven(path, placement) as runner:
        run_id = choose_run(runner.db)
        print(f"Run {run_id} in {path}", file=sys.stderr)
        (evaluate_policy if evaluate_only else run_to_end)(runner, run_id)
        result = summarise(runner.db, run_id)
    print(json.dumps(result, indent=None if as_json else 2))


def report(job: "Job", pace: "Pace | None") -> None:
    """One line on standard error: where a job stands, as the dashboard says it."""
    from engine.jobs.pace import said

    total = f" of {job.n_total:,} {job.unit}" if job.n_total is not None else ""
    done = said(pace, time.monotonic()) if pace else f"{job.n_done:,}{total}"
    print(f"iteration {job.iteration}  {job.kind:<10} {job.state:<10} {done}", file=sys.stderr)
