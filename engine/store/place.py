"""An iteration in an open database: what nearly every read and write is about."""

from dataclasses import dataclass

from engine.store.connection import Database


@dataclass(frozen=True)
class Place:
    """Where rows belong. The handle that rooms above carry (engine.study.handle) is one."""

    db: Database
    run_id: str
    number: int
    """t: the iteration's number, from 0."""

    @property
    def key(self) -> list[str | int]:
        """[run id, number], as SQL parameters."""
        return [self.run_id, self.number]
