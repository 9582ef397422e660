"""What happens here, shown in tools that people already watch: each through its own library.

A tracker is told figures that are stored already, by a thread beside the job; one that fails is
named once in the job's log, and the job goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from engine.config.tracking import TRACKERS
from engine.errors import EngineError


class TrackerError(EngineError):
    """A tracker that cannot be used: its library is missing, or it is not told where to send to."""


@dataclass(frozen=True, slots=True)
class Session:
    """One curve's owner in a tracker: an iteration of a run, or a further training of it."""

    project: str
    group: str
    """What the sessions of one study run share."""
    name: str
    """The same for the same session, whenever it is opened."""
    folder: Path
    """For trackers that write files here."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The run's configuration, as flat names with plain values."""


Row = Mapping[str, str | int | float | bool | None]


class Tracker(Protocol):
    """One open session. Methods are called from one thread, and may raise anything."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Points of curves at a step."""
        ...

    def table(self, name: str, step: int, rows: Sequence[Row]) -> None:
        """Rows with equal columns; texts in them are a model's, and not to be interpreted."""
        ...

    def flush(self) -> None:
        """Let what was logged be seen."""
        ...

    def close(self) -> None: ...


LIBRARIES: dict[str, str] = {name: name for name in TRACKERS}
"""The library that each is reached through, by the name that pip installs it under."""


def open_tracker(name: str, session: Session) -> Tracker:
    """Begin or go on with a session. Raises: TrackerError; whatever its library raises."""
    if not is_there(name):
        raise TrackerError(
            f"The library {LIBRARIES[name]} is not installed: `pip install {LIBRARIES[name]}`, or"
            " leave it out of tracking.trackers."
        )
    return import_module(f"engine.tracking.to_{name}").open_session(session)


def is_there(name: str) -> bool:
    """Whether its library is installed."""
    return find_spec(LIBRARIES[name]) is not None
