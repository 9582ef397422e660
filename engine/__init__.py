"""The machine behind HS-STaR Studio: sample, grade, score, classify, allocate, pair, train.
Importable without a browser.

The names here are the public contract: NumPy in and out, no model, no database. Heavy libraries are
imported by the backends that need them, when they need them. Study is the exception: an open
database and its runs, loaded when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

from engine.errors import ConfigError, EngineError
from engine.grading import grade
from engine.method.budget import allocate
from engine.method.difficulty import classify
from engine.method.metrics import (
    balance_score,
    best_of_k,
    n_star,
    pass_at_k,
    pass_at_k_s,
    reward_at_k_s,
)
from engine.method.pairs import build_pairs
from engine.method.posterior import posterior
from engine.method.steps import split_steps
from engine.types import Choice, Verdict

if TYPE_CHECKING:
    from engine.notebook.study import Study

__all__ = [
    "Choice",
    "ConfigError",
    "EngineError",
    "Study",
    "Verdict",
    "allocate",
    "balance_score",
    "best_of_k",
    "build_pairs",
    "classify",
    "grade",
    "n_star",
    "pass_at_k",
    "pass_at_k_s",
    "posterior",
    "reward_at_k_s",
    "split_steps",
]


def __getattr__(name: str) -> Any:
    if name != "Study":
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    from engine.notebook.study import Study

    return Study
