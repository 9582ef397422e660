"""DAST's two controls: more responses for harder levels, and worked examples of the same level in
the prompt.

Follows docs/method.md, section 3. The paper's cut-offs, proportions and tables are unknown; those
here are ours and editable. Levels are read once, from M_0's responses, and hold for all rounds.
Shares are compared as whole numbers, never as floats.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import ConfigError
from engine.method.budget import allocate
from engine.method.prompts import fill
from engine.method.seeds import stable_hash


class Level(IntEnum):
    """DAST's difficulty levels, from M_0's success share."""

    EASY = 0
    MEDIUM = 1
    HARD = 2
    UNSOLVED = 3


CUTOFFS = (0.40, 0.70)
"""Medium from the first on, easy above the second."""

TARGETS: dict[Level, float] = {Level.EASY: 1, Level.MEDIUM: 1, Level.HARD: 1, Level.UNSOLVED: 0}
"""Correct responses wanted per level, as proportions."""


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """A problem with its worked solution and its level."""

    question: str
    solution: str
    level: Level


def dast_levels(
    n_correct: ArrayLike, n: ArrayLike, *, cutoffs: tuple[float, float] = CUTOFFS
) -> np.ndarray:
    """The level of every problem: Easy above the upper cut-off, Medium from the lower to the upper,
    both inclusive, Hard below, and Unsolved where no response is correct.

    Args:
        n_correct: M_0's correct responses, integers, shape (P,).
        n: its responses, integers >= 1, shape (P,) or a scalar.
        cutoffs: (lower, upper), 0 < lower <= upper < 1, taken as the decimals they are written as.

    Returns:
        int8, shape (P,).

    Raises: ConfigError for counts or cut-offs outside these ranges.

    >>> dast_levels([0, 3, 4, 7, 8], 10).tolist()
    [3, 2, 1, 1, 0]

    Source: DAST; the boundary rule is ours: docs/method.md, section 3.
    """
    lower, upper = (Fraction(str(cutoff)) for cutoff in cutoffs)
    if not 0 < lower <= upper < 1:
        raise ConfigError(
            f"dast.cutoffs are {cutoffs[0]} and {cutoffs[1]}: they must rise within (0, 1), such as"
            " .40 and .70."
        )
    n_correct = np.atleast_1d(np.asarray(n_correct))
    n = np.broadcast_to(np.asarray(n), n_correct.shape)
    _check_counts(n_correct, n)
    levels = np.full(n_correct.shape, Level.HARD, dtype=np.int8)
    levels[n_correct * lower.denominator >= lower.numerator * n] = Level.MEDIUM
    levels[n_correct * upper.denominator > upper.numerator * n] = Level.EASY
    levels[n_correct == 0] = Level.UNSOLVED
    return levels


def level_budgets(
    budget: int,
    levels: ArrayLike,
    n_correct: ArrayLike,
    n: int,
    *,
    targets: Mapping[Level, float] = TARGETS,
) -> dict[Level, int]:
    """Proportion control: responses per level, in proportion to target / max(pass, 1/n), so that
    correct ones come as the targets say.

    pass is the success share of the level's problems together. Unsolved gets at most its uniform
    share, budget P_unsolved / P; what it would have got beyond goes to the others. Whole numbers by
    largest remainder; ties: the easier level first.

    Args:
        budget: responses to give away, >= 0.
        levels: of the problems, shape (P,).
        n_correct: of M_0's n responses per problem, shape (P,).
        targets: proportions >= 0 per level; a level left out has 0.

    Returns:
        Responses of every level. They sum to the budget unless no level with a target but Unsolved
        has a problem.

    Raises: ConfigError for a negative or fractional budget, a negative target, or counts outside
    0..n.

    >>> level_budgets(130, [0, 1, 2, 3], [8, 4, 1, 0], 8)
    {<Level.EASY: 0>: 12, <Level.MEDIUM: 1>: 24, <Level.HARD: 2>: 94, <Level.UNSOLVED: 3>: 0}

    Source: ours, docs/method.md, section 3.
    """
    if int(budget) != budget or budget < 0:
        raise ConfigError(f"budget is {budget}: it must be a whole number of responses, 0 or more.")
    rows, right = np.asarray(levels, dtype=np.int64), np.asarray(n_correct)
    _check_counts(right, np.broadcast_to(np.asarray(n), right.shape))
    n_problems = np.bincount(rows, minlength=len(Level))
    weights = _weights(
        n_problems, np.bincount(rows, weights=right, minlength=len(Level)), n, targets
    )
    given = _largest_remainder(int(budget), weights)
    limit = int(budget) * int(n_problems[Level.UNSOLVED]) // max(1, len(rows))
    if given[Level.UNSOLVED] > limit:
        others = {level: weight for level, weight in weights.items() if level != Level.UNSOLVED}
        given = _largest_remainder(int(budget) - limit, others) | {Level.UNSOLVED: limit}
    return {level: given[level] for level in Level}


def proportion_control(
    budget: int,
    n_correct: Mapping[str, int],
    n: int,
    *,
    targets: Mapping[Level, float] = TARGETS,
    cutoffs: tuple[float, float] = CUTOFFS,
    seed: int,
) -> dict[str, int]:
    """Responses per problem: level_budgets between levels, spread evenly within each.

    Args:
        budget: responses to give away, >= 0.
        n_correct: of M_0's n responses, by problem id; the order does not matter.
        seed: picks who of a level gets one more.

    Returns:
        Every problem, in the ids' sorted order; the sum is that of level_budgets.

    Raises: ConfigError as dast_levels and level_budgets do.

    >>> proportion_control(10, {"a": 8, "b": 1, "c": 1}, 8, seed=0)
    {'a': 1, 'b': 5, 'c': 4}

    Source: ours, docs/method.md, section 3.
    """
    ids = sorted(n_correct)
    counts = np.array([n_correct[id] for id in ids], dtype=np.int64)
    levels = dast_levels(counts, n, cutoffs=cutoffs)
    budgets = level_budgets(budget, levels, counts, n, targets=targets)
    given: dict[str, int] = {}
    for level in Level:
        rows: list[int] = np.flatnonzero(np.asarray(levels) == level).tolist()
        given |= allocate(budgets[level], [ids[row] for row in rows], seed=seed)
    return {id: given[id] for id in ids}


def matched_examples(
    level: int, pool: Sequence[WorkedExample], k: int, seed: int, *, question: str | None = None
) -> list[WorkedExample]:
    """k worked examples of this level, picked by seed; the order of the pool does not matter.

    Args:
        question: the problem to be solved, which must not be its own example; None if it is not in
            the pool.

    Returns:
        Fewer than k where the level has fewer.

    Raises: ConfigError for a negative k.

    Source: DAST, length control; how examples are picked is ours.
    """
    if k < 0:
        raise ConfigError(f"k is {k}: the number of worked examples must be 0 or more.")
    fitting = {
        example.question: example
        for example in pool
        if example.level == level and example.question != question
    }
    return sorted(
        fitting.values(),
        key=lambda example: (stable_hash(seed, example.question), example.question),
    )[:k]


def length_prompt(template: str, question: str, examples: Sequence[WorkedExample]) -> str:
    """The prompt with worked examples before the question: each inside the same template, its
    solution below it.

    >>> example = WorkedExample("1 + 1?", "It is 2.", Level.EASY)
    >>> length_prompt("Q: {question}\\nA:", "2 + 2?", [example])
    'Q: 1 + 1?\\nA:\\n\\nIt is 2.\\n\\nQ: 2 + 2?\\nA:'

    Source: DAST, length control; the wording is ours.
    """
    shown = [
        f"{fill(template, example.question)}\n\n{example.solution.strip()}\n\n"
        for example in examples
    ]
    return "".join([*shown, fill(template, question)])


def _weights(
    n_problems: np.ndarray, n_right: np.ndarray, n: int, targets: Mapping[Level, float]
) -> dict[Level, Fraction]:
    weights: dict[Level, Fraction] = {}
    for level in Level:
        target = Fraction(str(targets.get(level, 0)))
        if target < 0:
            raise ConfigError(
                f"dast.targets.{level.name.lower()} is {targets[level]}: a target must be 0 or"
                " more."
            )
        size = int(n_problems[level])
        # target / max(right / (size n), 1 / n)
        weights[level] = (
            target * size * int(n) / max(int(n_right[level]), size) if size else Fraction(0)
        )
    return weights


def _largest_remainder(total: int, weights: Mapping[Level, Fraction]) -> dict[Level, int]:
    """Whole numbers in these proportions that sum to the total; all 0 where no weight is
    positive.
    """
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    exact = {level: total * weight / whole for level, weight in weights.items()}
    given = {level: int(share) for level, share in exact.items()}
    by_remainder = sorted(exact, key=lambda level: (given[level] - exact[level], level))
    for level in by_remainder[: total - sum(given.values())]:
        given[level] += 1
    return given


def _check_counts(n_correct: np.ndarray, n: np.ndarray) -> None:
    for name, column in (("n_correct", n_correct), ("n", n)):
        if column.size and not np.issubdtype(column.dtype, np.integer):
            raise ConfigError(f"{name} has the type {column.dtype}: counts are integers.")
    wrong = (n < 1) | (n_correct < 0) | (n_correct > n)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ConfigError(
            f"n_correct is {n_correct[row]} of n = {n[row]} in row {row}: n must be 1 or more and"
            " n_correct in 0..n."
        )
