"""Where heavy work runs: in child processes that answer over pipes, or inline in this process. Both
give the same answers.
"""

from engine.placement.backends import Backend, Placement, open_backend, trainer_backend
from engine.placement.child import Remote, Workers, child_command, child_environment
from engine.placement.inline import Inline

__all__ = [
    "Backend",
    "Inline",
    "Placement",
    "Remote",
    "Workers",
    "child_command",
    "child_environment",
    "open_backend",
    "trainer_backend",
]
