"""The Iteration: one iteration of a run in an open database, carried from a click to the store."""

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache

from engine import store
from engine.config import RunConfig, parse_config
from engine.store import Place
from engine.store.runs import IterationRow, Run


@dataclass(frozen=True)
class Iteration(Place):
    """A handle: database, run and number, with what is read of them once.

    Making one asks the database for nothing. Run, configuration and row are read when first asked
    for, and belong to that moment: after a command that changes an iteration, take a new one.
    """

    @cached_property
    def run(self) -> Run:
        """Raises: ConfigError for an unknown run."""
        return store.runs.get(self.db, self.run_id)

    @cached_property
    def config(self) -> RunConfig:
        """The resolved configuration of the run. Raises: ConfigError for an unknown run."""
        return _parsed(self.run.config)

    @cached_property
    def row(self) -> IterationRow:
        """Raises: ConfigError for an iteration that was not begun."""
        return store.runs.get_iteration(self)

    def at(self, number: int) -> "Iteration":
        """Another iteration of the same run."""
        return Iteration(self.db, self.run_id, number)

    def again(self) -> "Iteration":
        """The same iteration, to be read anew."""
        return self.at(self.number)


@lru_cache(maxsize=64)
def _parsed(text: str) -> RunConfig:
    return parse_config(json.loads(text))
