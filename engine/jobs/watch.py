"""Looks at the machine while a job runs, from a thread of its own, and stores what it sees."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from engine import store
from engine.errors import EngineError
from engine.jobs.pace import Pace
from engine.models.load import load_now
from engine.store import Database
from engine.store.loads import LoadRow

LOOK_S = 10.0
"""Between two looks; a job that is over sooner leaves none."""


@contextmanager
def watched(db: Database, job_id: str, pace: Callable[[], Pace | None]) -> Iterator[None]:
    """Note how busy the machine is until the block ends. A look that cannot be stored is left
    out.
    """
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_S):
            with suppress(EngineError):
                store.loads.add(db, job_id, seen(pace()))

    thread = threading.Thread(target=look, name="watch", daemon=True)
    try:
        thread.start()
        yield
    finally:
        over.set()
        with suppress(RuntimeError):  # an interrupt may come before it is known to have begun
            thread.join()


def seen(pace: Pace | None) -> LoadRow:
    """The machine now, and what the sampler is at."""
    load = load_now()
    return LoadRow(
        store.now(),
        load.cpu,
        load.memory_used,
        load.gpu,
        load.gpu_used,
        pace.tokens_per_s() if pace else None,
        pace.in_flight.n_responses if pace and pace.in_flight else None,
    )
