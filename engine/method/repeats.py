"""How often texts repeat: the chance that a further right (or wrong) response of a problem has a
text that none before it had.

Ours. A problem's texts are taken for draws of a Dirichlet process, whose concentration says how
many different ones there are; concentrations differ by problem, on a grid whose weights are fitted
to all problems together by maximum likelihood (Ferguson 1973; Laird 1978). It reads counts, never
texts.
"""

import numpy as np

_GRID = np.geomspace(0.05, 200.0, 12)
"""Concentrations: from one text again and again to hardly ever the same twice."""
_STEPS = 50  # of expectation and maximisation; the weights move by less than 1 % from then on


def chances_of_new(n_texts: np.ndarray, n: np.ndarray, n_columns: int) -> np.ndarray:
    """The chance that the first, second, … further response has a new text.

    Args:
        n_texts: different texts among a problem's n responses of one verdict, integers in 0..n,
            shape (P,).

    Returns:
        float in (0, 1], shape (P, n_columns), falling along a row; does not depend on the order of
        the problems.

    >>> many = chances_of_new(np.array([3, 1]), np.array([3, 3]), 2)
    >>> bool(many[0, 0] > many[1, 0] > many[1, 1])
    True
    """
    pairs, at, counts = np.unique(
        np.stack([n_texts, n], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    weights = _weights(_likelihood(pairs[:, 0], pairs[:, 1]), counts)
    chances = np.empty((len(pairs), n_columns))
    for column in range(n_columns):
        ahead = pairs[:, 1][:, None] + column
        chances[:, column] = np.minimum((weights * _GRID / (_GRID + ahead)).sum(axis=1), 1.0)
    return chances[at.ravel()]


def _likelihood(n_texts: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Of each pair of counts under each concentration, up to a factor per pair, shape (U, G)."""
    logs = n_texts[:, None] * np.log(_GRID)
    for j in range(int(n.max(initial=0))):
        logs -= np.where(j < n[:, None], np.log(_GRID + j), 0.0)
    return np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))


def _weights(likelihood: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """How probable each concentration is of a problem with such counts, shape (U, G). One problem
    that says nothing is counted along, so that no weight is 0.
    """
    prior = np.full(len(_GRID), 1 / len(_GRID))
    for _ in range(_STEPS):
        own = likelihood * prior
        own /= own.sum(axis=1, keepdims=True)
        prior = (counts @ own + 1 / len(_GRID)) / (counts.sum() + 1)
    own = likelihood * prior
    return own / own.sum(axis=1, keepdims=True)
