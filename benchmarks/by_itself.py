"""Studies that go by themselves once a button of the dashboard is pressed: small ones, which a
server works on while a benchmark watches it.
"""

import time
from pathlib import Path

from engine import store
from engine.config import RunConfig
from engine.jobs.status import published
from engine.store import Database
from engine.study.runs import create_run

ORDERED_BY = "benchmark"
BEGINS = "Pre-sampling"
"""The button on a run's page that begins one of them."""
QUIET_S = 3.0
"""A study whose last evaluation is done for so long is over: nothing follows."""


def prepare(path: Path, configs: list[RunConfig]) -> list[str]:
    """A database with these runs, each ordered to go to its end, none begun. Returns: their ids."""
    db = Database(path)
    try:
        run_ids = [create_run(db, config) for config in configs]
        for run_id, config in zip(run_ids, configs):
            store.unattended.put(db, run_id, config.n_iterations, ordered_by=ORDERED_BY)
        return run_ids
    finally:
        db.close()


class End:
    """The end of a study, as far as the status tells that its server publishes."""

    def __init__(self, path: Path, run_id: str):
        self._path, self._run_id = path, run_id
        self._last: str | None = None
        self._since = 0.0

    def has_come(self) -> bool:
        """Whether the last thing that was said is that an evaluation is done, for some seconds."""
        last, now = self._evaluated(), time.monotonic()
        if last != self._last:
            self._last, self._since = last, now
        return last is not None and now - self._since >= QUIET_S

    def _evaluated(self) -> str | None:
        said = published(self._path) or {}
        wanted = (self._run_id, "evaluate", "done")
        is_done = (said.get("run_id"), said.get("kind"), said.get("state")) == wanted
        return said["id"] if is_done else None
