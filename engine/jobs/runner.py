"""JobRunner: one job at a time on one database, in a thread (dashboard) or in the caller's own
(command line).

    queued → running → done | failed | cancelling → cancelled;   a lost process → interrupted

Resume from failed, cancelled or interrupted is a new attempt of the same job, which does what is
still owed.
"""

import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from engine import store
from engine.errors import (
    ConfigError,
    DeviceBusy,
    EngineError,
    PolicyDamaged,
    WorkerDied,
    in_one_line,
    lack_of_memory,
)
from engine.events import Note, PolicySaved
from engine.grading import Grader
from engine.jobs import kinds, policies
from engine.jobs.backup import BackupRequests
from engine.jobs.garbage import seldom_sought
from engine.jobs.pace import Pace
from engine.jobs.status import publish_idle, publish_job
from engine.jobs.unattended import next_order
from engine.jobs.watch import watched
from engine.jobs.work import Work
from engine.jobs.writer import Writer
from engine.placement import Placement, open_placement
from engine.store import Database, Place, record
from engine.store.jobs import Job
from engine.study.handle import Iteration
from engine.study.resolved import UNATTENDED
from engine.tracking.following import tracked
from engine.types import JobKind, JobState

LEND_WAIT_S = 0.5
"""How long a loan waits for the device: the queue holds it for moments, a job for long."""


class JobRunner:
    """Drives jobs and records their events. Every method may be called from any thread and returns
    at once, but run_next().

    On creation jobs that a dead process left running become interrupted, and a queue it left waits
    until continue_queue().

    Args:
        begun: placements by name that were prepared while the database was opened.
    """

    def __init__(self, db: Database, begun: Mapping[str, Placement] = {}):
        self.db = db
        self.trouble: str | None = None
        """What could not even be recorded, such as a full disk; None is the normal case."""
        self.pace: Pace | None = None
        """How far the running job is; None while none runs."""
        self.on_progress: Callable[[Job], None] = lambda job: None
        """Told the job's row after every event, in the working thread."""
        store.jobs.mark_lost(db)
        self.paused = bool(store.jobs.unfinished(db))
        publish_idle(db.path)
        self._grader = Grader()
        self._placements = dict(begun)
        self._wake = threading.Condition()
        self._device = threading.Lock()
        self._closing = False
        self._stop_asked: set[str] = set()
        self._thread: threading.Thread | None = None
        self._backups = BackupRequests(db)

    def start(self) -> None:
        """Begin to work in a thread of its own."""
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def submit(self, at: Place, kind: JobKind | str, params: dict[str, Any] | None = None) -> str:
        """Queue a job for an iteration, or find the one that does exactly this: unfinished it
        stays, failed it is resumed, done it stays done.

        Returns: the job's id. Raises: ConfigError for a kind that is none.
        """
        kind = kinds.kind_of(kind)
        config = Iteration(at.db, at.run_id, at.number).config
        self._named_placement(config.placement).prepare()
        with self._wake:
            existing = store.jobs.find_same(at, kind, params)
            job_id = existing.id if existing else store.jobs.add(at, kind, params)
            if existing and existing.is_resumable:
                store.jobs.set_state(self.db, job_id, JobState.QUEUED)
        self.continue_queue()
        return job_id

    def resume(self, job_id: str) -> None:
        """A new attempt; one that somebody else has resumed meanwhile goes on. Raises: ConfigError
        for a job that is done, or unknown.
        """
        with self._wake:
            job = store.jobs.get(self.db, job_id)
            if not job.is_unfinished and not job.is_resumable:
                raise ConfigError(
                    f"Job {job_id} is {job.state}: only failed, cancelled and interrupted jobs can"
                    " be resumed."
                )
            if job.is_resumable:
                store.jobs.set_state(self.db, job_id, JobState.QUEUED)
        self.continue_queue()

    def go_on(self, run_id: str, n_iterations: int, *, ordered_by: str) -> None:
        """Let a run walk by itself, from where it stands to the end of its n-th iteration.

        Raises: ConfigError, ProblemSetError where it cannot.
        """
        order = next_order(self.db, run_id, n_iterations, made_by=ordered_by + UNATTENDED)
        store.unattended.put(self.db, run_id, n_iterations, ordered_by=ordered_by)
        if order:
            self.submit(order.it, order.kind, order.params)

    def to_front(self, job_id: str) -> None:
        """Let a queued job be the next one to run."""
        with self._wake:
            store.jobs.to_front(self.db, job_id)

    def move(self, job_id: str, by: int) -> None:
        """Let a queued job run that many places later, or earlier where it is negative."""
        with self._wake:
            store.jobs.move(self.db, job_id, by)

    def cancel(self, job_id: str) -> None:
        """Stop a job: a training at its next step with a checkpoint, anything else at once. A
        second call stops at once.

        Raises: ConfigError for an unknown job. One that has ended stays as it is.
        """
        with self._wake:
            job = store.jobs.get(self.db, job_id)
            if job.state is JobState.QUEUED:
                store.jobs.set_state(self.db, job_id, JobState.CANCELLED)
            if job.state not in (JobState.RUNNING, JobState.CANCELLING):
                return
            again = job_id in self._stop_asked
            self._stop_asked.add(job_id)
            store.jobs.set_state(self.db, job_id, JobState.CANCELLING)
            if job.kind is not JobKind.TRAIN or again:
                self._placement(job).abort()

    def continue_queue(self) -> None:
        """Let queued jobs run."""
        with self._wake:
            self.paused = False
            self._wake.notify_all()

    def run_next(self, run_id: str | None = None) -> bool:
        """Run the oldest queued job, of one run if it is named, to its end in this thread. Blocks.

        Returns: False if none is queued, or if the device is lent.
        """
        if not self._device.acquire(blocking=False):
            return False
        try:
            with self._wake:
                queued = [
                    job
                    for job in store.jobs.unfinished(self.db)
                    if job.state is JobState.QUEUED and run_id in (None, job.run_id)
                ]
                if not queued or self.paused or self._closing:
                    return False
                self._stop_asked.discard(queued[0].id)
                store.jobs.set_state(self.db, queued[0].id, JobState.RUNNING)
            self._execute(store.jobs.get(self.db, queued[0].id))
            return True
        finally:
            self._device.release()

    @contextmanager
    def lend(self, placement: str) -> Iterator[Placement]:
        """The backends of this process, for work that is not a job; queued jobs wait until it is
        given back.

        Args:
            placement: "worker" or "inline".

        Raises: DeviceBusy while a job runs or another loan lasts.
        """
        if not self._device.acquire(timeout=LEND_WAIT_S):
            raise DeviceBusy(
                "A job or another request is using the device. Wait until it ends, or cancel it."
            )
        try:
            yield self._named_placement(placement)
        finally:
            self._device.release()
            with self._wake:
                self._wake.notify_all()

    def close(self) -> None:
        """Stop working, kill the children, keep what is stored; a running job becomes interrupted.
        Safe to call twice.
        """
        with self._wake:
            if self._closing:
                return
            self._closing = True
            self._wake.notify_all()
        for placement in list(self._placements.values()):
            placement.abort()
        if self._thread:
            self._thread.join()
        for placement in self._placements.values():
            placement.close()
        self._grader.close()
        self._backups.close()
        store.jobs.mark_lost(self.db)

    def _work(self) -> None:
        while not self._closing:
            try:
                worked = self.run_next()
            except Exception as error:
                self.trouble, worked = in_one_line(error), False
                self.paused = True
            if not worked:
                with self._wake:
                    self._wake.wait(timeout=1.0)

    def _execute(self, job: Job) -> None:
        self.pace = Pace(job.id)
        self._publish(job)
        started = time.monotonic()
        with (
            seldom_sought(),
            watched(self.db, job.id, lambda: self.pace),
            tracked(self.db, job) as following,
        ):
            state, error = self._drive(job)
            following.is_whole = state is JobState.DONE
        self.pace = None
        with self._wake:
            store.jobs.set_state(
                self.db, job.id, state, error=error, busy_s=time.monotonic() - started
            )
        if state is JobState.DONE:
            self._go_on(job.run_id)
        self.db.checkpoint()
        self._publish(job)

    def _drive(self, job: Job) -> tuple[JobState, str | None]:
        """(final state, error sentence) of one attempt."""
        it = Iteration(self.db, job.run_id, job.iteration)
        is_training, is_whole = job.kind is JobKind.TRAIN, False

        def should_stop() -> bool:
            return self._closing or job.id in self._stop_asked

        try:
            work = Work(it, job, self._placement(job), self._grader, should_stop)
            with Writer(self.db, job, lambda: self._publish(job)) as writer:
                for event in kinds.open_phase(work):
                    if self.pace:
                        self.pace.note(event, time.monotonic())
                    writer.put(event)
                    # in this attempt: a policy's repair has the policy of an earlier one
                    is_whole |= is_training and isinstance(event, PolicySaved)
                    if not is_training and should_stop():
                        return self._stopped()
            if should_stop() and not is_whole:
                return self._stopped()
            for kind, params in kinds.follow_ups(self.db, job):
                self.submit(it, kind, params)
            return JobState.DONE, None
        except PolicyDamaged as error:
            return JobState.FAILED, self._repair(error)
        except EngineError as error:
            if should_stop():
                return self._stopped()
            is_lost = isinstance(error, WorkerDied)
            ended = JobState.INTERRUPTED if is_lost else JobState.FAILED
            return ended, self._sentence(job, error)
        except Exception as error:
            record(self.db, job.id, job.attempt, Note(traceback.format_exc()))
            return JobState.FAILED, _fault(error)

    def _repair(self, damaged: PolicyDamaged) -> str:
        """Have a policy made again. Returns what is said of the job that found it damaged."""
        with self._wake:
            kind = policies.make_again(self.db, damaged.policy_id)
        return f"{damaged} {policies.REPAIRED[kind]}"

    def _sentence(self, job: Job, error: EngineError) -> str:
        """What an error says, in one line: where it says more, all of it goes to the job's log."""
        first, _, rest = str(error).strip().partition("\n")
        if not rest:
            return first
        record(self.db, job.id, job.attempt, Note(str(error)))
        return f"{first.rstrip()} … The job's log has the rest."

    def _go_on(self, run_id: str) -> None:
        """What a run that goes by itself needs next, before anything else that is queued, so that
        a run is whole before the next one begins. What stands in its way is noted.
        """
        ordered = store.unattended.find(self.db, run_id)
        if ordered is None:
            return
        try:
            order = next_order(
                self.db, run_id, ordered.n_iterations, made_by=ordered.ordered_by + UNATTENDED
            )
            store.unattended.note_trouble(self.db, run_id, None)
        except EngineError as error:
            store.unattended.note_trouble(self.db, run_id, str(error))
            return
        if order:
            store.jobs.to_front(self.db, self.submit(order.it, order.kind, order.params))

    def _stopped(self) -> tuple[JobState, str | None]:
        if self._closing:
            return JobState.INTERRUPTED, "The program was closed while this job ran. Resume it."
        return JobState.CANCELLED, None

    def _placement(self, job: Job) -> Placement:
        it = Iteration(self.db, job.run_id, job.iteration)
        return self._named_placement(it.config.placement)

    def _named_placement(self, name: str) -> Placement:
        if name not in self._placements:
            self._placements[name] = open_placement(name, self.db.artifacts / "logs")
        return self._placements[name]

    def _publish(self, job: Job) -> None:
        row = store.jobs.get(self.db, job.id)
        publish_job(self.db.path, row, self.pace)
        self.on_progress(row)


def _fault(error: Exception) -> str:
    if sentence := lack_of_memory(error):
        return sentence
    return f"{in_one_line(error)}. This is a fault of the program; the job's log has the details."
