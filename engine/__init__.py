"""The machine behind HS-STaR Studio: sample, grade, score, classify, allocate, pair, train.
Importable without a browser.

The names here are the public contract: NumPy in and out, no model, no database. Heavy libraries are
imported by the backends that need them, when they need them.
"""

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
from engine.types import Verdict

__all__ = [
    "ConfigError",
    "EngineError",
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
