"""The command line, which stores every event at once and halts for good as soon as a job of a kind
has done so much: there a test stops it, however fast the machine is.

    python -m tests.jobs.halting_cli KIND N_DONE ARGUMENT ...
"""

import sys
import threading

from engine import store
from engine.cli.main import main
from engine.events import Event
from engine.jobs.writer import Writer

HALTED = "halted here"


def halt_at(kind: str, n_done: int) -> None:
    put = Writer.put

    def put_and_halt(self: Writer, event: Event) -> None:
        put(self, event)
        self.settle()
        job = store.jobs.get(self._db, self._job.id)
        if job.kind == kind and job.n_done >= n_done:
            print(HALTED, file=sys.stderr, flush=True)
            threading.Event().wait()

    Writer.put = put_and_halt


if __name__ == "__main__":
    halt_at(sys.argv[1], int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
