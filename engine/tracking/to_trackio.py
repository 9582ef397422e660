"""trackio: a project on this machine, where its library keeps it (TRACKIO_DIR)."""

import sys
from collections.abc import Mapping, Sequence
from contextvars import copy_context
from functools import partial
from importlib import import_module
from typing import Any

from engine.tracking import Row, Session
from engine.tracking.texts import as_span


def open_session(session: Session) -> "Project":
    """Begin a run of the project, or go on with the one of this name."""
    return Project(session)


class Project:
    """A run of a trackio project."""

    def __init__(self, session: Session):
        import trackio  # pyright: ignore[reportMissingImports]

        _speak_on_standard_error()
        self._run: Any = copy_context().run(  # the run that a caller has begun there stays its own
            trackio.init,
            project=session.project,
            name=session.name,
            group=session.group,
            config=dict(session.settings),
            resume="allow",
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log(dict(values), step=step)

    def table(self, name: str, step: int, rows: Sequence[Row]) -> None:
        """Its tables read texts as Markdown: a model's are given as code."""
        import trackio  # pyright: ignore[reportMissingImports]

        columns = list(rows[0])
        cells = [[_cell(row[column]) for column in columns] for row in rows]
        self._run.log({name: trackio.Table(columns=columns, data=cells)}, step=step)

    def flush(self) -> None:
        """It writes by itself, from a thread of its own."""

    def close(self) -> None:
        self._run.finish()


def _speak_on_standard_error() -> None:
    """It prints greetings, and standard output may hold nothing but a command's JSON."""
    for name in ("trackio", "trackio.run", "trackio.utils"):
        import_module(name).print = partial(print, file=sys.stderr)  # pyright: ignore


def _cell(value: Any) -> Any:
    return as_span(value) if isinstance(value, str) else value
