"""The sampling budget: how much pre-sampling leaves, and how to spread it evenly and exactly.

Follows HS-STaR's re-sampling stage, docs/method.md, section 1.4.

Departure from the reference code: floor plus a seeded remainder instead of ceil and throwing the
surplus away, so the sum is exact.
"""

from collections.abc import Iterable

from engine.errors import ConfigError
from engine.method.seeds import stable_hash


def remaining_budget(n_problems: int, n: int, n_presample: int) -> int:
    """R = N (n - n_p), the responses that pre-sampling leaves.

    Raises: ConfigError unless 1 <= n_presample < n and n_problems >= 1.
    """
    if n_problems < 1:
        raise ConfigError(
            f"problems.n_train is {n_problems}: an iteration needs at least 1 problem."
        )
    if not 1 <= n_presample < n:
        raise ConfigError(
            f"sampling.n_presample is {n_presample} with sampling.n = {n}: it must be at least 1"
            " and below n, because the rest is what the boundary is resampled with."
        )
    return n_problems * (n - n_presample)


def allocate(budget: int, problem_ids: Iterable[str], *, seed: int) -> dict[str, int]:
    """Spread a budget evenly over problems: floor(budget / b) each, and one more for budget mod b
    of them, picked by seed.

    Args:
        budget: responses to give away, >= 0.
        problem_ids: distinct; their order does not matter.
        seed: picks who gets one more.

    Returns:
        Responses per problem id, in the ids' sorted order; they sum to the budget. {} if there are
        no ids.

    Raises: ConfigError for a negative or fractional budget, or an id given twice.

    >>> sorted(allocate(7, ["a", "b", "c"], seed=0).values())
    [2, 2, 3]

    Source: docs/method.md, section 1.4.
    """
    if int(budget) != budget or budget < 0:
        raise ConfigError(f"budget is {budget}: it must be a whole number of responses, 0 or more.")
    given = list(problem_ids)
    ids = sorted(set(given))
    if len(ids) != len(given):
        raise ConfigError(
            f"problem_ids holds {len(given) - len(ids)} ids twice: give every problem once."
        )
    if not ids:
        return {}
    floor, n_extra = spread(int(budget), len(ids))
    one_more = set(_by_chance(ids, seed)[:n_extra]) if n_extra else set[str]()
    return {problem_id: floor + (problem_id in one_more) for problem_id in ids}


def _by_chance(ids: Iterable[str], seed: int) -> list[str]:
    return sorted(ids, key=lambda problem_id: (stable_hash(seed, problem_id), problem_id))


def spread(budget: int, n_problems: int) -> tuple[int, int]:
    """(floor, n_extra): every problem gets floor responses, n_extra of them one more. (0, 0)
    without problems.

    >>> spread(7, 3)
    (2, 1)
    """
    return divmod(budget, n_problems) if n_problems else (0, 0)
