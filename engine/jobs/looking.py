"""A job runner as those see it who may only look."""

from typing import Any, NoReturn

from engine.jobs.runner import JobRunner
from engine.login import NotAllowed
from engine.store import Database
from engine.store.looking import Looking

WHY_NOT = "You may look at jobs, and neither start nor stop any."


class LookingRunner(JobRunner):
    """The same runner, which takes no commands."""

    def __init__(self, runner: JobRunner):
        self.__dict__ = runner.__dict__

    @property
    def db(self) -> Database:
        return Looking(self.__dict__["db"])

    @db.setter
    def db(self, db: Database) -> NoReturn:
        _refuse()

    def _refused(self, *_: Any, **__: Any) -> NoReturn:
        """Raises: NotAllowed."""
        _refuse()

    start = submit = resume = go_on = to_front = move = cancel = _refused
    continue_queue = run_next = lend = close = _refused


def _refuse() -> NoReturn:
    raise NotAllowed(WHY_NOT)
