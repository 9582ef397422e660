"""What a further response to a problem is worth in distinct pairs: to somebody who looks at every
response and may stop at any time, and to somebody who buys so many at once.

Ours. The first is the price at which it is just not worth going on, an index as Gittins' and
Whittle's are, by backward induction over what the next responses may show.
"""

import numpy as np

_PRICES = np.geomspace(0.003, 1.0, 32)


def expected_at_once(
    alpha: np.ndarray, beta: np.ndarray, right: np.ndarray, wrong: np.ndarray
) -> np.ndarray:
    """Expected distinct pairs with 0, 1, … further responses, bought without looking.

    Args:
        alpha, beta: of the posterior of each pass rate, floats > 0, shape (P,).
        right, wrong: expected different texts with 0, 1, … n further right, or wrong, responses,
            shape (P, n + 1) each.

    Returns:
        float, shape (P, n + 1).
    """
    n_columns = right.shape[1] - 1
    values, chances = np.empty(right.shape), np.ones((len(alpha), 1))
    values[:, 0] = np.minimum(right[:, 0], wrong[:, 0])
    for n in range(1, n_columns + 1):
        p = _next_is_right(alpha, beta, n - 1)
        longer = np.zeros((len(alpha), n + 1))
        longer[:, 1:] += chances * p
        longer[:, :-1] += chances * (1 - p)
        chances = longer
        values[:, n] = (chances * np.minimum(right[:, : n + 1], wrong[:, n::-1])).sum(axis=1)
    return values


def prices_with_stopping(
    alpha: np.ndarray, beta: np.ndarray, right: np.ndarray, wrong: np.ndarray
) -> np.ndarray:
    """The price of the first, second, … further response: what one of them may cost at most, in
    distinct pairs, so that it is worth drawing it, where the pass rate is learnt on the way and
    nothing more is drawn once that is not worth it. The n-th is priced as if the ones before it had
    brought nothing (all wrong, or all right, whichever makes it cheaper).

    Args:
        as for expected_at_once; n is how far one looks ahead.

    Returns:
        float in [0, 1], shape (P, n), never increasing along a row; 0 below the least price that is
        told apart, .003.

    Source: ours; Gittins 1979, Whittle 1988.
    """
    n_columns = right.shape[1] - 1
    going_on = np.zeros((len(alpha), len(_PRICES), n_columns + 1))
    ends = np.zeros((2, len(alpha), n_columns))
    for n in range(n_columns - 1, -1, -1):
        p = _next_is_right(alpha, beta, n)[:, None, :]
        more = p * going_on[:, :, 1:] + (1 - p) * going_on[:, :, :-1]
        worth = more + _gain(right, wrong, p[:, 0], n)[:, None, :] - _PRICES[:, None]
        going_on = np.maximum(worth, 0.0)
        ends[0, :, n], ends[1, :, n] = _just_worth(worth[:, :, 0]), _just_worth(worth[:, :, n])
    return np.minimum.accumulate(ends.min(axis=0), axis=1)


def _next_is_right(alpha: np.ndarray, beta: np.ndarray, n: int) -> np.ndarray:
    """The chance that a response is right after n further ones, 0, 1, … n of them right, shape (P,
    n + 1).
    """
    return (alpha[:, None] + np.arange(n + 1)) / (alpha + beta + n)[:, None]


def _gain(right: np.ndarray, wrong: np.ndarray, p: np.ndarray, n: int) -> np.ndarray:
    """Distinct pairs that one response adds after n further ones, 0, 1, … n of them right, shape
    (P, n + 1).
    """
    n_right = np.arange(n + 1)
    n_wrong = n - n_right
    now = np.minimum(right[:, n_right], wrong[:, n_wrong])
    if_right = np.minimum(right[:, n_right + 1], wrong[:, n_wrong])
    if_wrong = np.minimum(right[:, n_right], wrong[:, n_wrong + 1])
    return p * if_right + (1 - p) * if_wrong - now


def _just_worth(worth: np.ndarray) -> np.ndarray:
    """The price at which going on is worth nothing, between two of the grid, shape (P,).

    Args:
        worth: of going on at each of the prices, falling, shape (P, prices).
    """
    rows, n_above = np.arange(len(worth)), (worth > 0).sum(axis=1)
    low, high = np.maximum(n_above - 1, 0), np.minimum(n_above, len(_PRICES) - 1)
    fall = worth[rows, low] - worth[rows, high]
    part = np.where(high > low, worth[rows, low] / np.maximum(fall, 1e-12), 0.0)
    return np.where(n_above > 0, _PRICES[low] + part * (_PRICES[high] - _PRICES[low]), 0.0)
