"""What a phase says, stored in a thread of its own: while one transaction is written the phase goes
on, and what it says meanwhile goes into the next one together.
"""

import threading
from collections.abc import Callable

from engine.events import Event, Graded, Passing, Sampled, Scored, Settled
from engine.store import Database, record
from engine.store.jobs import Job

HELD_S = 0.25
"""How long rows wait for others to be written with them."""

ENOUGH_ROWS = 4096
"""So many are written without waiting."""

MAX_ROWS = 16_384
"""So many wait at most; whoever has more waits for the disk."""

_Rows = Sampled | Graded | Scored


class Writer:
    """Stores the events of one attempt of a job, in their order. Use it as a context manager: its
    end waits until everything is stored.

    Args:
        on_stored: called after every transaction, and for what is not stored, in whichever thread;
            never twice at once.
    """

    def __init__(self, db: Database, job: Job, on_stored: Callable[[], None]):
        self._db, self._job, self._on_stored = db, job, on_stored
        self._changed, self._publishing = threading.Condition(), threading.Lock()
        self._waiting: list[_Rows] = []
        self._is_writing = self._is_hurried = self._is_over = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._thread.join()
        if kind is None:
            self._raise()

    def put(self, event: Event) -> None:
        """Store an event: responses, verdicts and scores soon, anything else before this returns
        and after everything before it.

        Raises: what storing it, or an event before it, raised.
        """
        if isinstance(event, Settled):
            self.settle()
        if isinstance(event, Passing):
            self._publish()
            return
        if isinstance(event, _Rows):
            with self._changed:
                self._changed.wait_for(lambda: self._n_rows() < MAX_ROWS or self._error)
                self._raise()
                self._waiting.append(event)
                self._changed.notify_all()
            return
        self.settle()
        record(self._db, self._job.id, self._job.attempt, event)
        self._publish()

    def settle(self) -> None:
        """Wait until everything is stored. Raises: as put."""
        with self._changed:
            self._is_hurried = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._error or not (self._waiting or self._is_writing))
            self._is_hurried = False
            self._raise()

    def _publish(self) -> None:
        with self._publishing:
            self._on_stored()

    def _raise(self) -> None:
        if self._error:
            raise self._error

    def _n_rows(self) -> int:
        return sum(map(_size, self._waiting))

    def _work(self) -> None:
        try:
            while events := self._taken():
                record(self._db, self._job.id, self._job.attempt, *events)
                self._publish()
        except BaseException as error:
            self._error = error
        with self._changed:
            self._is_writing = False
            self._changed.notify_all()

    def _taken(self) -> list[_Rows]:
        """What to write next; nothing at the end."""
        with self._changed:
            self._is_writing = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._is_over)
            self._changed.wait_for(self._is_due, timeout=HELD_S)
            events, self._waiting = self._waiting, []
            self._is_writing = bool(events)
            self._changed.notify_all()
            return events

    def _is_due(self) -> bool:
        return self._is_over or self._is_hurried or self._n_rows() >= ENOUGH_ROWS


def _size(event: _Rows) -> int:
    match event:
        case Sampled():
            return len(event.responses)
        case Graded():
            return len(event.verdicts)
        case Scored():
            return len(event.scores)
