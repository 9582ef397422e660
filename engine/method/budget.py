"""The sampling budget: what pre-sampling leaves goes to the target classes, exactly and before a token is sampled.

Follows HS-STaR's re-sampling stage, method.md section 1.4.

Departures from the reference code: (1) floor plus a seeded remainder instead of ceil and throwing the surplus away, so
the sum is exact; (2) an empty target class allocates nothing and reports the budget as unspent instead of dividing by zero.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import combinations

from engine.errors import ConfigError
from engine.method.seeds import stable_hash
from engine.types import Difficulty, Plan

STRATEGIES: dict[str, frozenset[Difficulty]] = {
    "+".join(d.name.lower() for d in union): frozenset(union)
    for size in (1, 2, 3)
    for union in combinations(Difficulty, size)
}
"""Allocation targets by name: every non-empty union of classes, "inlier+boundary+outlier" being uniform."""
STRATEGIES["uniform"] = STRATEGIES.pop("inlier+boundary+outlier")


def remaining_budget(n_problems: int, n: int, n_presample: int) -> int:
    """R = N (n - n_p), the responses that pre-sampling leaves.

    Raises: ConfigError unless 1 <= n_presample < n and n_problems >= 1.
    """
    if n_problems < 1:
        raise ConfigError(f"problems.n_train is {n_problems}: an iteration needs at least 1 problem.")
    if not 1 <= n_presample < n:
        raise ConfigError(
            f"sampling.n_presample is {n_presample} with sampling.n = {n}: it must be at least 1 and below n, because the rest "
            "is what the boundary is resampled with."
        )
    return n_problems * (n - n_presample)


def allocate(budget: int, problem_ids: Iterable[str], *, seed: int) -> dict[str, int]:
    """Spread a budget evenly over problems: floor(budget / b) each, and one more for budget mod b of them, picked by seed.

    Args:
        budget: responses to give away, >= 0.
        problem_ids: distinct; their order does not matter.
        seed: picks who gets one more.

    Returns:
        Responses per problem id, in the ids' sorted order; they sum to the budget. {} if there are no ids.

    Raises: ConfigError for a negative or fractional budget, or an id given twice.

    >>> sorted(allocate(7, ["a", "b", "c"], seed=0).values())
    [2, 2, 3]

    Source: method.md section 1.4.
    """
    if int(budget) != budget or budget < 0:
        raise ConfigError(f"budget is {budget}: it must be a whole number of responses, 0 or more.")
    given = list(problem_ids)
    ids = sorted(set(given))
    if len(ids) != len(given):
        raise ConfigError(f"problem_ids holds {len(given) - len(ids)} ids twice: give every problem once.")
    if not ids:
        return {}
    floor, n_extra = spread(int(budget), len(ids))
    one_more = set(sorted(ids, key=lambda problem_id: (stable_hash(seed, problem_id), problem_id))[:n_extra])
    return {problem_id: floor + (problem_id in one_more) for problem_id in ids}


def spread(budget: int, n_problems: int) -> tuple[int, int]:
    """(floor, n_extra): every problem gets floor responses, n_extra of them one more. (0, 0) without problems.

    >>> spread(7, 3)
    (2, 1)
    """
    return divmod(budget, n_problems) if n_problems else (0, 0)


def target_classes(strategy: str) -> frozenset[Difficulty]:
    """Raises: ConfigError for a name that is no strategy."""
    try:
        return STRATEGIES[strategy]
    except KeyError:
        raise ConfigError(f'difficulty.strategy is "{strategy}": use one of {", ".join(STRATEGIES)}.') from None


def plan_resample(
    difficulty: Mapping[str, Difficulty],
    *,
    strategy: str,
    n: int,
    n_presample: int,
    seed: int,
    pending: Collection[str] = (),
) -> Plan:
    """What a commit binds: the whole rest of the budget, spread over the problems of the strategy's classes.

    Pending problems count in N, and so in the budget, but belong to no class and get nothing.

    Returns:
        A plan whose allocation and n_unspent sum to R = N (n - n_presample).
    """
    n_problems = len(difficulty) + len(pending)
    budget = remaining_budget(n_problems, n, n_presample)
    targets = target_classes(strategy)
    allocation = allocate(budget, [id for id, d in difficulty.items() if d in targets], seed=seed)
    return Plan(
        difficulty=dict(difficulty),
        allocation={id: count for id, count in allocation.items() if count},
        n_unspent=0 if allocation else budget,
        n_pending=len(pending),
    )


def cap_plan(plan: Plan, available: Mapping[str, int]) -> Plan:
    """A plan for responses that are there already: no problem gets more than it has, and the rest is unspent.

    The surplus is not given to other problems: a study on recorded responses shows what the even spread would have bought.

    Args:
        available: further responses per problem of the allocation, >= 0.

    Returns:
        A plan with the same sum of allocation and n_unspent; info["n_not_recorded"] says how many were cut.
    """
    kept = {id: min(n_more, available[id]) for id, n_more in plan.allocation.items()}
    n_cut = sum(plan.allocation.values()) - sum(kept.values())
    return replace(
        plan,
        allocation={id: n_more for id, n_more in kept.items() if n_more},
        n_unspent=plan.n_unspent + n_cut,
        info={**plan.info, "n_not_recorded": n_cut},
    )
