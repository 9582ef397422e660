"""Follows a job from a thread of its own, and tells the trackers of its run what is stored of it.

It reads the store as a page does, so a tracker that is chosen in the middle of a training gets the
curve from its beginning, and one that is resumed gets nothing twice. Whatever a tracker raises is
noted once; the job never hears of it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import groupby

from engine import store
from engine.errors import EngineError, in_one_line
from engine.events import Note
from engine.store import Database, record
from engine.store.jobs import Job
from engine.store.tracking import Sent
from engine.study.handle import Iteration
from engine.tracking import Tracker, open_tracker
from engine.tracking.session import end_figures, last_step, sampled, session_of
from engine.types import JobKind, JobState

LOOK_S = 2.0
"""Between two looks for new points."""
FINISH_S = 30.0
"""How long a job that is over waits for its trackers; then they are left alone."""


def trackers_of(it: Iteration) -> tuple[str, ...]:
    """Where a run is watched: as a person chose, else as its configuration says."""
    chosen = store.tracking.chosen(it.db, it.run_id)
    return it.config.tracking.trackers if chosen is None else chosen


@contextmanager
def tracked(db: Database, job: Job) -> Iterator["Following"]:
    """Follow a job until the block ends. Set is_whole before that where the job ended well."""
    following = Following(db, job)
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_S):
            following.look()
        following.end()

    thread = threading.Thread(target=look, name="tracking", daemon=True)
    try:
        thread.start()
        yield following
    finally:
        over.set()
        with suppress(RuntimeError):  # an interrupt may come before it is known to have begun
            thread.join(FINISH_S)
        if thread.is_alive():
            following.give_up()


def send_stored(db: Database, run_id: str) -> list[str]:
    """Tell the trackers of a run everything that its finished jobs gave and they do not have yet.
    Blocks.

    Returns: what went wrong, a sentence each.
    """
    troubles: dict[str, None] = {}
    for job in store.jobs.of_run(db, run_id):
        if job.state is JobState.DONE:
            following = Following(db, job)
            following.is_whole = True
            following.end()
            troubles |= dict.fromkeys(following.troubles)
    return list(troubles)


class Following:
    """What the trackers of a job's run were told of it."""

    def __init__(self, db: Database, job: Job):
        self._it = Iteration(db, job.run_id, job.iteration)
        self._job = job
        self._open: dict[str, Tracker] = {}
        self._failed: set[str] = set()
        self._troubles: list[str] = []
        self._is_left = False
        self.is_whole = False
        """Whether the job is done: only then what it gave in the end is sent."""

    def look(self) -> None:
        """Send what is new to every tracker that the run is watched in now."""
        with self._harmless("tracking"):
            for name in trackers_of(self._it):
                if name not in self._failed and self._has_news(name):
                    with self._harmless(name):
                        self._send_steps(name)

    def end(self) -> None:
        """Send the rest, and close."""
        self.look()
        if self.is_whole and not self._is_left:
            with self._harmless("tracking"):
                for name in trackers_of(self._it):
                    if name not in self._failed:
                        with self._harmless(name):
                            self._send_end(name)
        for name, tracker in self._open.items():
            with self._harmless(name):
                tracker.close()

    @property
    def troubles(self) -> list[str]:
        """What went wrong, a sentence each."""
        return list(self._troubles)

    def give_up(self) -> None:
        """Nothing is waited for any more; what has not arrived is sent with the next attempt."""
        self._is_left = True
        self._note(f"The trackers took longer than {FINISH_S:g} s and are left alone.")

    @contextmanager
    def _harmless(self, name: str) -> Iterator[None]:
        """Whatever goes wrong costs the job a note, and the tracker the rest of this job."""
        try:
            yield
        except Exception as error:
            said = str(error) if isinstance(error, EngineError) else in_one_line(error)
            if name not in self._failed and not self._is_left:
                self._note(f"{name}: {said} The job goes on without it.")
            self._failed.add(name)

    def _remember(self, name: str, what: Sent) -> None:
        if not self._is_left:  # nobody waits any more, and the database may be closed
            store.tracking.note_sent(self._it.db, self._job.id, name, what)

    def _note(self, text: str) -> None:
        self._troubles.append(text)
        with suppress(Exception):  # the database may be closed by now
            record(self._it.db, self._job.id, self._job.attempt, Note(text))

    def _has_news(self, name: str) -> bool:
        if self._job.kind is not JobKind.TRAIN:
            return False
        sent = store.tracking.sent(self._it.db, self._job.id, name)
        return max(store.metrics.steps_of(self._it.db, self._job.id), default=-1) > sent.step

    def _send_steps(self, name: str) -> None:
        db, sent = self._it.db, store.tracking.sent(self._it.db, self._job.id, name)
        columns = store.metrics.of_job(db, self._job.id)
        points = sorted(
            (step, metric, value)
            for step, metric, value in zip(
                columns["step"].tolist(), columns["name"].tolist(), columns["value"].tolist()
            )
            if step > sent.step
        )
        tracker = self._opened(name)
        for step, values in groupby(points, key=lambda point: point[0]):
            tracker.log(step, {f"train/{metric}": value for _, metric, value in values})
        tracker.flush()
        self._remember(name, Sent(points[-1][0], sent.has_end))

    def _send_end(self, name: str) -> None:
        it, job = self._it, store.jobs.get(self._it.db, self._job.id)
        sent = store.tracking.sent(it.db, job.id, name)
        if sent.has_end:
            return
        figures, step = end_figures(it, job), last_step(it, job)
        table, rows = sampled(it, job)
        if figures or rows:
            tracker = self._opened(name)
            if figures:
                tracker.log(step, figures)
            if rows:
                tracker.table(table, step, rows)
            tracker.flush()
        self._remember(name, Sent(sent.step, True))

    def _opened(self, name: str) -> Tracker:
        if name not in self._open:
            self._open[name] = open_tracker(name, session_of(self._it, self._job))
        return self._open[name]
