"""A database as those see it who may only look."""

from collections.abc import Generator
from contextlib import contextmanager

import duckdb

from engine.login import NotAllowed
from engine.store.connection import Database

WHY_NOT = "You may look at this database and change nothing in it."


class Looking(Database):
    """The same open database, which refuses to be written. What one of the two remembers, the other
    knows.
    """

    def __init__(self, db: Database):
        self.__dict__ = db.__dict__

    @contextmanager
    def transaction(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Raises: NotAllowed."""
        raise NotAllowed(WHY_NOT)
        yield self.cursor()

    def checkpoint(self) -> None:
        """Raises: NotAllowed."""
        raise NotAllowed(WHY_NOT)

    def close(self) -> None:
        """Raises: NotAllowed: others go on with it."""
        raise NotAllowed(WHY_NOT)
