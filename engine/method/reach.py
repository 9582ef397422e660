"""Unreached: a problem without one right response so far. It is not known to be too hard; what is
known is how high its pass rate can be.

Ours; the need for it: arXiv 2606.19636 (second-hand), and Reinforce-Ada's README, where the share
of problems that are all of one kind falls from 35 % with 4 responses to 10 % with 256.
"""

import numpy as np
from numpy.typing import ArrayLike

SURE = 0.95


def highest_rate(n: ArrayLike) -> np.ndarray:
    """The highest pass rate of a problem whose n responses are all wrong: at any higher one, so
    many wrong responses in a row happen in less than 5 % of all cases. By symmetry 1 minus it is
    the lowest one where all are right.

    Args:
        n: responses, integers >= 0.

    Returns:
        float in (0, 1]; 1 where there is no response.

    >>> highest_rate([0, 3, 8, 32]).round(3).tolist()
    [1.0, 0.632, 0.312, 0.089]

    Source: Clopper and Pearson 1934, the one-sided 95 % limit.
    """
    n = np.asarray(n, dtype=np.float64)
    exact = 1 - (1 - SURE) ** (1 / np.maximum(n, 1))
    return np.where(n > 0, exact, 1.0)


def unreached(n_correct: ArrayLike, n: ArrayLike) -> np.ndarray:
    """Which problems have responses and no right one among them, bool.

    >>> unreached([0, 0, 1], [3, 0, 3]).tolist()
    [True, False, False]
    """
    return (np.asarray(n_correct) == 0) & (np.asarray(n) > 0)


def rate_in_words(n_correct: int, n: int) -> str:
    """What n responses say of a pass rate, as a cell of a table.

    >>> rate_in_words(0, 3), rate_in_words(2, 3), rate_in_words(0, 0)
    ('at most 63%', '67%', '')
    """
    if not n:
        return ""
    return f"{n_correct / n:.0%}" if n_correct else f"at most {float(highest_rate(n)):.0%}"
