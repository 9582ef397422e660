"""The command line, halting where it is told to: in the middle of a phase, within a transaction, or
before a checkpoint. There it can be killed at a moment that no clock decides.

    python -m benchmarks.halting ARGUMENT ...

Each line of standard input says where to halt next, as moments and which one of those that come:
`pairs 1 event 7` is the first transaction that writes pairs, or the seventh event, whichever comes
first. HALTED and the moment on standard error say that it does; it goes on when the next line is
read.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from engine.cli.main import main
from engine.events import Event
from engine.jobs import kinds, unattended
from engine.jobs.writer import Writer
from engine.store import Database, connection
from engine.store.wal import Written

HALTED = "halted at"
NEVER = "never 1"
EVENT, TRANSACTION, CHECKPOINT = "event", "transaction", "checkpoint"
PLAN, PAIRS, MIGRATION = "plan", "pairs", "migration"
MOMENTS = (EVENT, TRANSACTION, CHECKPOINT, PLAN, PAIRS, MIGRATION)
"""After an event is stored; before any transaction is committed; before what is stored is brought
from the log into the file; before those are committed that a plan, pairs or a migration write.
"""


class Halts:
    """Where to halt next, as standard input says."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._within = threading.local()
        self._listen()

    def reached(self, moment: str) -> None:
        """Say that a moment has come; blocks where it is the one to halt at."""
        with self._lock:
            if moment not in self._left:
                return
            self._left[moment] -= 1
            if self._left[moment] == 0:
                print(f"\n{HALTED} {moment}", file=sys.stderr, flush=True)  # behind any bar
                self._listen()

    def reached_transaction(self) -> None:
        self.reached(TRANSACTION)
        if moment := getattr(self._within, "moment", None):
            self.reached(moment)

    def inside(self, moment: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, whose transactions are known by this moment too."""

        def known(*arguments: Any, **options: Any) -> Any:
            self._within.moment = moment
            try:
                return work(*arguments, **options)
            finally:
                self._within.moment = None

        return known

    def _listen(self) -> None:
        words = (sys.stdin.readline() or NEVER).split()
        self._left = {moment: int(n) for moment, n in zip(words[::2], words[1::2])}


def watch(halts: Halts) -> None:
    """Have the engine say when a moment comes."""
    put, transaction, expect_empty = Writer.put, Database.transaction, Written.expect_empty

    def put_and_reach(self: Writer, event: Event) -> None:
        put(self, event)
        self.settle()
        halts.reached(EVENT)

    @contextmanager
    def transaction_and_reach(self: Database) -> Iterator[Any]:
        with transaction(self) as cursor:
            yield cursor
            halts.reached_transaction()

    def expect_empty_and_reach(self: Written) -> None:
        expect_empty(self)
        halts.reached(CHECKPOINT)

    Writer.put = put_and_reach
    Database.transaction = transaction_and_reach
    Written.expect_empty = expect_empty_and_reach
    connection.migrate = halts.inside(MIGRATION, connection.migrate)
    unattended.plans.commit = halts.inside(PLAN, unattended.plans.commit)
    kinds.make_pairs = halts.inside(PAIRS, kinds.make_pairs)


if __name__ == "__main__":
    watch(Halts())
    sys.exit(main(sys.argv[1:]))
