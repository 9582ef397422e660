"""Where heavy work runs: in child processes that answer over pipes, or inline in this process. Both
give the same answers.
"""

from pathlib import Path

from engine.placement.backends import Backend, Placement, open_backend, trainer_backend
from engine.placement.child import Remote, Workers, child_command, child_environment
from engine.placement.inline import Inline


def open_placement(name: str, logs: Path) -> Placement:
    """The placement that a configuration names, worker or inline, with a folder for the logs of its
    children.
    """
    return (Inline if name == "inline" else Workers)(logs)


__all__ = [
    "Backend",
    "Inline",
    "Placement",
    "Remote",
    "Workers",
    "child_command",
    "child_environment",
    "open_backend",
    "open_placement",
    "trainer_backend",
]
