"""B-STaR's choice of temperature and threshold: the mean balance score over a grid, and where it is
highest.

Follows docs/method.md, section 2. Departures from B-STaR's code (hkust-nlp/B-STaR,
train_code/determine_hyper.py): (1) the process reward is scaled to [-1, 1], there it is divided by
5; (2) thresholds go by .1, there by .01; (3) reference solutions are not responses, there one is
added to each problem; (4) equal texts count as often as they were sampled, there once; (5) every
kept response counts, there the best few of each problem.
"""

from collections.abc import Sequence
from math import fsum

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import ConfigError

TEMPERATURES = tuple(tenth / 10 for tenth in range(5, 13))
TAUS = tuple(tenth / 10 for tenth in range(-10, 11))


def combined_reward(correct: ArrayLike, min_scores: ArrayLike) -> np.ndarray:
    """r = 1[correct] + r_prm with r_prm = 2 S - 1, the minimum step score scaled to [-1, 1].

    Args:
        correct: booleans, shape (B,).
        min_scores: minimum step scores S in [0, 1], shape (B,).

    Returns:
        float64 in [-1, 2], shape (B,), rounded to nine decimals, so that a comparison with a
        decimal tau is one of decimals.

    Raises: ConfigError for a score that is missing or outside [0, 1], or shapes that differ.

    >>> combined_reward([True, False], [.75, .45]).tolist()
    [1.5, -0.1]

    Source: B-STaR, final reward; docs/method.md, section 2.
    """
    correct, scores = np.asarray(correct, dtype=bool), np.asarray(min_scores, dtype=np.float64)
    if correct.shape != scores.shape or correct.ndim != 1:
        raise ConfigError(
            f"There are {scores.shape} scores and {correct.shape} verdicts: give one of each per"
            " response."
        )
    bad = ~((scores >= 0) & (scores <= 1))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ConfigError(
            f"The minimum step score of response {row} is {scores[row]}: it must lie in [0, 1]."
            " Score it first."
        )
    return np.round(correct + (2 * scores - 1), 9)


def balance_by_tau(
    problem_ids: Sequence[str],
    texts: Sequence[str],
    correct: ArrayLike,
    min_scores: ArrayLike,
    *,
    n_problems: int,
    n_star: int,
    taus: Sequence[float] = TAUS,
) -> np.ndarray:
    """The mean balance score when the responses with r > tau are kept, for every tau: one row of
    the grid.

    Args:
        problem_ids, texts, correct, min_scores: one per response of one temperature, shape (B,), in
            any order.
        n_problems: problems that were sampled, those without a kept response included: they score
            0.
        n_star: unique correct responses wanted per problem, >= 1.
        taus: thresholds.

    Returns:
        float64 in [0, 1], shape (len(taus),).

    Raises: ConfigError for n_star < 1, fewer n_problems than there are among the responses, or as
    combined_reward.

    Source: B-STaR, balance score; docs/method.md, section 2.
    """
    rewards = combined_reward(correct, min_scores)
    if not len(problem_ids) == len(texts) == len(rewards):
        raise ConfigError(
            f"There are {len(problem_ids)} problem ids, {len(texts)} texts and {len(rewards)}"
            " verdicts: give one of each."
        )
    problems = {id: row for row, id in enumerate(sorted(set(problem_ids)))}
    if n_star < 1 or n_problems < max(1, len(problems)):
        raise ConfigError(
            f"n_star is {n_star} and n_problems is {n_problems}: n_star must be 1 or more and"
            f" n_problems at least the {max(1, len(problems))} problems sampled."
        )
    problem = np.array([problems[id] for id in problem_ids], dtype=np.int64)
    text_problem, text_reward = _best_of_equal_texts(
        problem, texts, np.asarray(correct, dtype=bool), rewards
    )
    means: list[float] = []
    for tau in taus:
        n_kept = np.bincount(problem[rewards > tau], minlength=len(problems))
        n_unique = np.bincount(text_problem[text_reward > tau], minlength=len(problems))
        scores = np.minimum(n_unique, n_star) * n_unique / (n_star * np.maximum(n_kept, 1))
        means.append(fsum(scores) / n_problems)
    return np.array(means)


def best_cell(grid: ArrayLike) -> tuple[int, int]:
    """(row, column) of the highest mean balance score. Ties: the lowest temperature, then the
    lowest tau, which keeps the most.

    Args:
        grid: shape (temperatures, taus), both rising; one row per temperature as balance_by_tau
            gives it.

    Raises: ConfigError for a grid without cells or with NaN.

    >>> best_cell([[.1, .5, .5], [.5, .2, .1]])
    (0, 1)
    """
    grid = np.asarray(grid, dtype=np.float64)
    if grid.ndim != 2 or not grid.size or np.isnan(grid).any():
        raise ConfigError(
            f"The grid has the shape {grid.shape}: give at least one temperature and one tau, and a"
            " number in every cell."
        )
    row, column = np.unravel_index(np.argmax(grid), grid.shape)
    return int(row), int(column)


def _best_of_equal_texts(
    problem: np.ndarray, texts: Sequence[str], correct: np.ndarray, rewards: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(problem, highest reward) of every unique correct text of a problem: it is kept as long as
    one of its responses is.
    """
    best: dict[tuple[int, str], float] = {}
    rows: list[int] = np.flatnonzero(correct).tolist()
    for row in rows:
        key = (int(problem[row]), texts[row])
        best[key] = max(best.get(key, -np.inf), float(rewards[row]))
    return np.array([own for own, _ in best], dtype=np.int64), np.array(
        list(best.values()), dtype=np.float64
    )
