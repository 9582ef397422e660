"""The signals of difficulty estimation as columns: n_correct of n responses, and phi_r, checked in
one place.
"""

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import ConfigError
from engine.types import Mode


def columns(
    n_correct: ArrayLike, n: ArrayLike, phi_r: ArrayLike | None, mode: Mode
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three signals as checked arrays of one shape (P,). Raises: ConfigError as classify
    does.
    """
    n_correct = np.atleast_1d(np.asarray(n_correct))
    n = np.broadcast_to(np.asarray(n), n_correct.shape) if np.ndim(n) == 0 else np.asarray(n)
    if phi_r is None and mode == "accuracy":
        phi_r = np.full(n_correct.shape, np.nan)
    phi_r = np.atleast_1d(np.asarray(phi_r, dtype=np.float64))
    if not n_correct.shape == n.shape == phi_r.shape or n_correct.ndim != 1:
        raise ConfigError(
            f"n_correct, n and phi_r have the shapes {n_correct.shape}, {n.shape} and"
            f" {phi_r.shape}: give one value per problem in each."
        )
    for name, column in (("n_correct", n_correct), ("n", n)):
        if column.size and not np.issubdtype(column.dtype, np.integer):
            raise ConfigError(f"{name} has the type {column.dtype}: counts are integers.")
    if (n < 1).any():
        raise ConfigError(
            f"n is {int(n.min())} for a problem: every problem needs at least 1 response to be"
            " classified."
        )
    if ((n_correct < 0) | (n_correct > n)).any():
        row = int(np.flatnonzero((n_correct < 0) | (n_correct > n))[0])
        raise ConfigError(
            f"n_correct is {int(n_correct[row])} of n = {int(n[row])} in row {row}: it must lie in"
            " 0..n."
        )
    return n_correct, n, phi_r
