"""Exploration and exploitation figures of one problem's responses: B-STaR's monitors and its
balance score.

Follows docs/method.md, section 2. Where more than k responses are given, a figure is the
expectation over the subsets of size k drawn without replacement: subsets are counted in whole
numbers, never drawn, so every figure is exact to the last bit.

Departures from B-STaR's code (hkust-nlp/B-STaR, train_code/metric_modiacc_auto.py): (1) its balance
score counts unique texts on both sides; ours divides by all kept responses, as the paper's formula
does; (2) n* is ceil(N / M), not the constant 8; (3) distinct equations are counted among the
correct responses, as the paper says, there among the kept ones.
"""

import re
from collections import Counter
from collections.abc import Sequence
from math import comb
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import ConfigError

_OPENS = re.compile(r"\$|<<|\\\[")
_CLOSES = {"$": "$", "<<": ">>", "\\[": "\\]"}


@overload
def pass_at_k(n: int, c: int, k: int) -> float: ...
@overload
def pass_at_k(  # Any, because an int is ArrayLike as well
    n: ArrayLike, c: ArrayLike, k: ArrayLike
) -> Any: ...
def pass_at_k(n: ArrayLike, c: ArrayLike, k: ArrayLike) -> float | np.ndarray:
    """The unbiased estimator of pass@k: the share of the subsets of size k with a correct response
    in them.

    Args:
        n: responses, integers >= 1.
        c: correct ones, integers in 0..n.
        k: integers in 1..n. Arrays of n, c and k broadcast.

    Returns:
        float for three scalars, else float64 of the broadcast shape.

    Raises: ConfigError for a number outside its range or a fraction.

    >>> pass_at_k(4, 2, 2)
    0.8333333333333334
    >>> pass_at_k(4, [0, 4], 2).tolist()
    [0.0, 1.0]

    Source: Chen et al. 2021, equation 1.
    """
    n, c, k = np.broadcast_arrays(
        *(_integers(name, value) for name, value in (("n", n), ("c", c), ("k", k)))
    )
    _require("n", n, n >= 1, "it must be at least 1")
    _require("c", c, (c >= 0) & (c <= n), "the correct ones lie in 0..n")
    _require(
        "k",
        k,
        (k >= 1) & (k <= n),
        "it must lie in 1..n, because subsets of k are drawn from n responses",
    )
    if n.ndim == 0:
        return _share(comb(int(n - c), int(k)), comb(int(n), int(k)))
    side = int(n.max(initial=0)) + 1
    keys, inverse = np.unique(((n * side + c) * side + k).ravel(), return_inverse=True)
    rows = zip(*(part.tolist() for part in (keys // side**2, keys // side % side, keys % side)))
    values = [_share(comb(n_ - c_, k_), comb(n_, k_)) for n_, c_, k_ in rows]
    return np.array(values, dtype=np.float64)[inverse].reshape(n.shape)


def pass_at_k_s(texts: Sequence[str], correct: Sequence[bool], k: int, s: int) -> float:
    """Pass@K-S: the probability that k of the responses hold at least s unique correct texts.

    Args:
        texts: of one problem, at least k of them; equal strings are one text.
        correct: one per text.
        s: in 1..k; with s = 1 this is pass@k.

    Raises: ConfigError for k or s outside their ranges or lengths that differ.

    >>> pass_at_k_s(["a", "a", "b", "c"], [True, True, True, False], k=2, s=2)
    0.3333333333333333

    Source: B-STaR, Pass@K-S; docs/method.md, section 2.
    """
    n = _check(texts, correct, k, s)
    groups = Counter(text for text, right in zip(texts, correct) if right)
    # fewer[h][j]: ways to choose j responses that hit exactly h < s of the correct texts
    fewer = [[0] * (k + 1) for _ in range(s)]
    fewer[0] = [comb(n - groups.total(), j) for j in range(k + 1)]
    for size in groups.values():
        _add_group(fewer, size)
    return _share(sum(row[k] for row in fewer), comb(n, k))


def reward_at_k_s(rewards: Sequence[float], correct: Sequence[bool], k: int, s: int) -> float:
    """Reward@K-S: the probability that the s responses of k with the highest rewards are all
    correct.

    Args:
        rewards: of one problem, at least k of them; of equal ones the lower index counts as higher.
        correct: one per reward.
        s: in 1..k; with s = 1 this is Best-of-K.

    Raises: ConfigError for k or s outside their ranges, lengths that differ, or a missing reward.

    >>> reward_at_k_s([.9, .8, .1], [True, False, True], k=2, s=1)
    0.6666666666666666

    Source: B-STaR, Reward@K-S; docs/method.md, section 2.
    """
    n = _check(rewards, correct, k, s)
    scores = np.asarray(rewards, dtype=np.float64)
    if np.isnan(scores).any():
        raise ConfigError(
            f"rewards holds no number for response {int(np.flatnonzero(np.isnan(scores))[0])}:"
            " score it first, or leave it out."
        )
    n_good = n_right_above = 0
    # rank is where the s-th best of the subset stands: s - 1 correct ones above it, k - s of any
    # kind below it
    for rank, index in enumerate(np.argsort(-scores, kind="stable")):
        if correct[index]:
            n_good += comb(n_right_above, s - 1) * comb(n - 1 - rank, k - s)
            n_right_above += 1
    return n_good / comb(n, k)


def best_of_k(rewards: Sequence[float], correct: Sequence[bool], k: int) -> float:
    """Best-of-K: the probability that the response of k with the highest reward is correct.

    Args and errors are those of reward_at_k_s with s = 1.

    >>> best_of_k([.9, .8], [False, True], k=1)
    0.5

    Source: B-STaR, Best-of-K; docs/method.md, section 2.
    """
    return reward_at_k_s(rewards, correct, k, 1)


def balance_score(kept_texts: Sequence[str], kept_correct: Sequence[bool], n_star: int) -> float:
    """The balance score of one problem: min(n' / n*, 1) n' / n_i for n_i kept responses, n' unique
    correct ones among them.

    Args:
        kept_texts: the problem's kept responses; none gives 0.
        n_star: unique correct responses wanted per problem, >= 1.

    Returns:
        A number in [0, 1].

    Raises: ConfigError for n_star < 1 or lengths that differ.

    >>> balance_score(["a", "b", "b", "c"], [True, True, True, False], n_star=4)
    0.25

    Source: B-STaR, equation of the balance score; docs/method.md, section 2.
    """
    if n_star < 1:
        raise ConfigError(f"n_star is {n_star}: at least 1 response per problem is wanted.")
    n_kept = _same_length(kept_texts, kept_correct)
    n_unique = len({text for text, right in zip(kept_texts, kept_correct) if right})
    return min(n_unique, n_star) * n_unique / (n_star * n_kept) if n_kept else 0.0


def n_star(n_samples: int, n_problems: int) -> int:
    """n* = ceil(N / M): the responses wanted per problem when N are wanted of M problems.

    Raises: ConfigError unless both are whole numbers of at least 1.

    >>> n_star(67_500, 11_500)
    6

    Source: B-STaR; docs/method.md, section 2.
    """
    for name, value in (("n_samples", n_samples), ("n_problems", n_problems)):
        if int(value) != value or value < 1:
            raise ConfigError(f"{name} is {value}: it must be a whole number of at least 1.")
    return int(-(-n_samples // n_problems))


def equations(text: str) -> list[str]:
    """What B-STaR's code takes for equations: all between $ and $, << and >>, \\[ and \\], as
    written, empty ones dropped.

    So an amount of dollars opens an equation, and \\( \\) holds none: theirs, kept so that figures
    compare.

    >>> equations("$1+1=2$, so <<2*3=6>>6 and $1+1=2$")
    ['1+1=2', '2*3=6', '1+1=2']

    Source: B-STaR's code, metric_modiacc_auto.py, cal_diversity.
    """
    spans: list[str] = []
    position = 0
    # str.find and not one pattern with .*?, which takes seconds on a response that opens thousands
    # of times and never closes
    while opening := _OPENS.search(text, position):
        mark = opening.group()
        end = text.find(_CLOSES[mark], opening.end())
        inside = text[opening.end() : end]
        if end < 0 or (mark == "<<" and ("<" in inside or ">" in inside)):
            position = opening.start() + 1
            continue
        spans += [inside] if inside else []
        position = end + len(mark)
    return spans


def distinct_equations(texts: Sequence[str], correct: Sequence[bool]) -> float:
    """Unique equations / all equations among one problem's correct responses.

    B-STaR averages over the problems that have an equation: leave the NaN ones out.

    Returns:
        A number in (0, 1]; NaN where the correct responses hold no equation.

    Raises: ConfigError for lengths that differ.

    >>> distinct_equations(["<<1+1=2>>", "<<1+1=2>> <<2+2=4>>", "<<9>>"], [True, True, False])
    0.6666666666666666

    Source: B-STaR, distinct equations; docs/method.md, section 2.
    """
    _same_length(texts, correct)
    occurrences = [
        equation for text, right in zip(texts, correct) if right for equation in equations(text)
    ]
    return len(set(occurrences)) / len(occurrences) if occurrences else float("nan")


def _add_group(fewer: list[list[int]], size: int) -> None:
    """One more correct text with size equal responses: a choice either leaves it out or hits it
    with 1..size of them.
    """
    for hits in range(len(fewer) - 1, 0, -1):
        for chosen in range(len(fewer[0]) - 1, 0, -1):
            fewer[hits][chosen] += sum(
                fewer[hits - 1][chosen - taken] * comb(size, taken)
                for taken in range(1, min(size, chosen) + 1)
            )


def _share(n_without: int, n_all: int) -> float:
    return (n_all - n_without) / n_all


def _check(values: Sequence[object], correct: Sequence[object], k: int, s: int) -> int:
    n = _same_length(values, correct)
    if int(k) != k or not 1 <= k <= n:
        raise ConfigError(
            f"k is {k} with {n} responses: it must be a whole number in 1..{n}. Sample more or"
            " choose a smaller k."
        )
    if int(s) != s or not 1 <= s <= k:
        raise ConfigError(f"s is {s} with k = {k}: it must be a whole number in 1..k.")
    return n


def _same_length(values: Sequence[object], correct: Sequence[object]) -> int:
    if len(values) != len(correct):
        raise ConfigError(
            f"There are {len(values)} responses and {len(correct)} verdicts: give one verdict per"
            " response."
        )
    return len(values)


def _integers(name: str, value: ArrayLike) -> np.ndarray:
    column = np.asarray(value)
    if column.size and not np.issubdtype(column.dtype, np.integer):
        raise ConfigError(f"{name} has the type {column.dtype}: counts are integers.")
    return column.astype(np.int64)


def _require(name: str, values: np.ndarray, fine: np.ndarray, rule: str) -> None:
    if not fine.all():
        raise ConfigError(f"{name} is {int(values[~fine][0])}: {rule}.")
