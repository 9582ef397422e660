"""Jobs that a notebook starts and waits for, in a thread of their own."""

import threading
from dataclasses import dataclass
from typing import Any

from engine import store
from engine.config import require_thresholds
from engine.errors import EngineError
from engine.jobs.log import tail
from engine.jobs.runner import JobRunner
from engine.store import Database
from engine.store.jobs import Job
from engine.study.handle import Iteration
from engine.study.runs import latest
from engine.types import JobKind, JobState

LOOK_S = 1.0
"""Between two looks at a job that was cancelled before it began: nobody tells of that."""


class Walker:
    """Runs jobs of one database; the runner begins with the first of them."""

    def __init__(self, db: Database):
        self._db = db
        self._runner: JobRunner | None = None
        self._over = threading.Condition()
        self._begun: set[tuple[str, int]] = set()
        self._ended: set[tuple[str, int]] = set()
        """Attempts, by job and number: those that ran here, and of them those that are over with
        all that follows from them queued.
        """

    def close(self) -> None:
        if self._runner:
            self._runner.close()

    def start(self, it: Iteration, kind: JobKind | str, params: dict[str, Any]) -> "WatchedJob":
        """Queue a job. Raises: ConfigError for another kind."""
        return WatchedJob(self, self.runner.submit(it, kind, params))

    def walk(self, run_id: str, n_iterations: int, made_by: str) -> None:
        """Let a run go by itself and wait for its end."""
        require_thresholds(latest(self._db, run_id).config)
        self.runner.go_on(run_id, n_iterations, ordered_by=made_by)
        while queued := self._unfinished(run_id):
            self.wait(queued[0].id)
        ordered = store.unattended.find(self._db, run_id)
        if ordered and ordered.trouble:
            raise EngineError(ordered.trouble)

    def wait(self, job_id: str, timeout_s: float | None = None) -> Job:
        """The job's row once it is over and what follows from it is queued.

        Raises: EngineError with its sentence where it did not end well; TimeoutError.
        """
        job = self._waited(job_id, timeout_s)
        if job.state is not JobState.DONE:
            raise EngineError(
                f"The {job.kind} job {job.id} is {job.state}: {job.error or 'it was stopped'}"
            )
        return job

    @property
    def runner(self) -> JobRunner:
        if self._runner is None:
            self._runner = JobRunner(self._db)
            self._runner.on_progress = self._note
            self._runner.start()
        return self._runner

    def job(self, job_id: str) -> Job:
        return store.jobs.get(self._db, job_id)

    def said(self, job_id: str) -> str:
        return tail(self._db, self.job(job_id))

    def _note(self, job: Job) -> None:
        """Told in the runner's thread."""
        with self._over:
            (self._begun if job.is_unfinished else self._ended).add((job.id, job.attempt))
            self._over.notify_all()

    def _waited(self, job_id: str, timeout_s: float | None) -> Job:
        left = timeout_s
        with self._over:
            while not self._is_over(job := self.job(job_id)):
                if left is not None and left <= 0:
                    raise TimeoutError(f"Job {job_id} is still {job.state}.")
                self._over.wait(LOOK_S)
                left = None if left is None else left - LOOK_S
        return job

    def _is_over(self, job: Job) -> bool:
        attempt = job.id, job.attempt
        is_here = attempt in self._begun and attempt not in self._ended
        return not job.is_unfinished and not is_here

    def _unfinished(self, run_id: str) -> list[Job]:
        return [job for job in store.jobs.unfinished(self._db) if job.run_id == run_id]


@dataclass(frozen=True)
class WatchedJob:
    """A job that was started here."""

    walker: Walker
    id: str

    @property
    def row(self) -> Job:
        """The job as it stands: state, n_done, n_total, error, …"""
        return self.walker.job(self.id)

    @property
    def log(self) -> str:
        """What it said, oldest first."""
        return self.walker.said(self.id)

    def wait(self, timeout_s: float | None = None) -> Job:
        """Block until it is over.

        Raises: EngineError with its sentence where it did not end well; TimeoutError.
        """
        return self.walker.wait(self.id, timeout_s)

    def cancel(self) -> None:
        """Stop it; what it finished is stored."""
        self.walker.runner.cancel(self.id)
