"""Ours: each response where it is worth most distinct pairs, to somebody who looks again after
every round.

A pair whose texts are there already teaches nothing new, so what counts is the smaller of two
numbers, of different right texts and of different wrong ones. Of each pass rate the posterior is
known, fitted to all problems, also where they are few; of texts the chance that the next one is
new. In all rounds but the last a response is worth its price with stopping: a problem that nobody
has solved yet is worth a look, because one right response would make it worth more. The last round
is bought at once, by expected distinct pairs.

No problem gets more than n_most responses, which keeps coverage: with 0 that is 32, or four times
the mean number where that is more. What the cap leaves over is spread evenly.

Source: ours, docs/method.md, section 5. How it does beside the published rules: docs/arena.md.
"""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

import numpy as np

from engine.errors import ConfigError
from engine.method.handing_out import evenly, greatest, hull_of
from engine.method.posterior import posterior_shapes
from engine.method.prices import expected_at_once, prices_with_stopping
from engine.method.repeats import chances_of_new
from engine.method.strategies import Presampled, rule

LEAST_CAP, MEANS = 32, 4
"""CoBA's cap, and the multiple of the mean that is the cap where it is more."""
AHEAD = 12
"""Further responses of a problem that a round looks ahead at least."""
_ROUNDED = 0.1
"""Parameters of priors are rounded to this in logarithms, so that problems share their prices."""
_AT_ONCE = 2_000
"""Kinds of problems priced at once: 15 MB."""


def hand_out(seen: Presampled) -> np.ndarray:
    room = np.maximum(_most(seen) - seen.n, 0)
    budget = min(seen.budget, int(room.sum()))
    left = np.ones(len(room), dtype=bool)
    rest = evenly(seen.budget - budget, left, seen.problem_ids, seed=seen.seed)
    return rest if not budget else rest + _to_the_worthiest(seen, budget, room)


def _to_the_worthiest(seen: Presampled, budget: int, room: np.ndarray) -> np.ndarray:
    is_last = seen.budget == seen.budget_left
    if not is_last:
        near = np.minimum(room, max(AHEAD, 2 * -(-budget // len(room))))
        room = near if near.sum() >= budget else room
    worth = worth_of_each(seen, int(room.max()), is_last=is_last)
    worth[np.arange(worth.shape[1]) >= room[:, None]] = -np.inf
    return greatest(worth, budget, seen.problem_ids, seed=seen.seed)


def worth_of_each(seen: Presampled, n_columns: int, *, is_last: bool) -> np.ndarray:
    """Distinct pairs that the first, second, … further response is worth, shape (P, n_columns),
    never increasing along a row. Problems with the same counts and prior are priced once.
    """
    alpha, beta, _ = posterior_shapes(seen.n_correct, seen.n, seen.phi_r, least=1)
    prior = np.stack([alpha - seen.n_correct, beta - (seen.n - seen.n_correct)])
    prior = np.exp(np.round(np.log(prior) / _ROUNDED) * _ROUNDED)
    n_right, n_wrong = seen.n_correct, seen.n - seen.n_correct
    right, wrong = _texts(seen.n_right_texts, n_right), _texts(seen.n_wrong_texts, n_wrong)
    told_apart = np.stack([n_right, n_wrong, right, wrong, *prior], axis=1)
    _, first, at = np.unique(told_apart, axis=0, return_index=True, return_inverse=True)
    new_right = chances_of_new(right, n_right, n_columns)[first]
    new_wrong = chances_of_new(wrong, n_wrong, n_columns)[first]
    alpha, beta = (prior + np.stack([n_right, n_wrong]))[:, first]
    columns = alpha, beta, _summed(right[first], new_right), _summed(wrong[first], new_wrong)
    price: Callable[..., np.ndarray] = _at_once if is_last else prices_with_stopping
    parts = [
        price(*(column[start : start + _AT_ONCE] for column in columns))
        for start in range(0, len(first), _AT_ONCE)
    ]
    return np.concatenate(parts)[at.ravel()]


def _most(seen: Presampled) -> int:
    """Responses that a problem has at most."""
    in_all = int(seen.n.sum()) + seen.budget_left
    return seen.options["n_most"] or max(LEAST_CAP, ceil(MEANS * in_all / max(len(seen.n), 1)))


def _texts(counted: np.ndarray | None, n: np.ndarray) -> np.ndarray:
    """Where nobody compared texts all are taken for different."""
    return n if counted is None else counted


def _summed(texts: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Expected different texts with 0, 1, … further responses."""
    return np.concatenate([texts[:, None], texts[:, None] + np.cumsum(new, axis=1)], axis=1)


def _at_once(*columns: np.ndarray) -> np.ndarray:
    return hull_of(expected_at_once(*columns))


def _check(options: Mapping[str, Any]) -> None:
    if options["n_most"] < 0:
        raise ConfigError(
            f"difficulty.options.n_most is {options['n_most']}: a problem has 1 response or more;"
            " 0 is for a cap that goes with the budget."
        )


STRATEGIES = [
    rule(
        "lookahead",
        "Lookahead",
        "Gives each response where it is worth most distinct pairs, looking again after every"
        " round.",
        hand_out,
        {"n_most": 0, "n_rounds": 4},
        check=_check,
        group="ours",
        reads_texts=True,
    )
]
