"""What an examination says of one thing."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    about: str
    """The setting or part that was looked at."""
    status: Literal["ok", "note", "ask", "change"]
    """ask: a value that only a person can give. change: it cannot run like this. A note keeps
    nothing from running.
    """
    text: str
    holds_up: bool = True
    """Whether a run has to wait for what is asked; not where a person should only look first."""
    need_bytes: int | None = None
    """Of memory; None where it is about something else, or unknown."""

    @property
    def keeps_from_running(self) -> bool:
        return self.status == "change" or (self.status == "ask" and self.holds_up)
