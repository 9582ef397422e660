"""A plan: what a strategy makes of an iteration's budget, decided before a token is sampled and
exact to the response.

Departure from the reference code: a strategy with nobody to give to leaves the budget unspent
instead of dividing by zero.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from engine.method.strategies import Presampled, spread
from engine.types import Difficulty, Plan


def plan_resample(seen: Presampled, name: str, *, n_pending: int = 0) -> Plan:
    """What a commit binds: the budget as the strategy hands it out, or all of it unspent where it
    has nobody to give to.

    Args:
        seen: the classified problems. Those that are pending count in N, and so in the budget, but
            get nothing.

    Returns:
        A plan whose allocation, n_unspent and n_later sum to seen.budget_left.

    Raises: ConfigError for an unknown strategy.
    """
    spread_out = spread(name, seen)
    n_given = int(spread_out.n_more.sum())
    ids = seen.problem_ids
    return Plan(
        difficulty={id: Difficulty(d) for id, d in zip(ids, seen.difficulty.tolist())},
        allocation={id: n for id, n in zip(ids, spread_out.n_more.tolist()) if n},
        pool=frozenset(id for id, wanted in zip(ids, spread_out.in_pool.tolist()) if wanted),
        n_unspent=0 if n_given else seen.budget_left,
        n_later=seen.budget_left - n_given if n_given else 0,
        n_pending=n_pending,
    )


@dataclass(frozen=True, slots=True)
class Handout:
    """A plan in short: how many problems get how many further responses, and what is not handed out
    now.
    """

    n_responses: int
    """Handed out now."""
    n_problems: int
    """Problems that get at least one."""
    least: int
    """The fewest that one of them gets; 0 where nobody gets any."""
    most: int
    n_with_most: int
    """Problems that get as many as that."""
    n_later: int
    """Left to later rounds."""
    n_unspent: int
    n_not_recorded: int = 0
    """Of n_unspent: what the plan gave to problems that have no more recorded responses."""

    @property
    def is_even(self) -> bool:
        """Whether everybody gets the same, or some get one more."""
        return self.most - self.least <= 1


def handout(
    shares: Iterable[tuple[int, int]], *, n_later: int, n_unspent: int, n_not_recorded: int = 0
) -> Handout:
    """A plan in short from its shares.

    Args:
        shares: (further responses, how many problems get so many), in any order, a number of
            responses more than once if need be.

    >>> h = handout([(2, 1), (1, 3), (0, 7)], n_later=0, n_unspent=0)
    >>> h.n_responses, h.n_problems, h.least, h.most, h.n_with_most
    (5, 4, 1, 2, 1)
    """
    counts: Counter[int] = Counter()
    for n_more, n_problems in shares:
        counts[n_more] += n_problems
    given = {n_more: n for n_more, n in counts.items() if n_more and n}
    return Handout(
        n_responses=sum(n_more * n for n_more, n in given.items()),
        n_problems=sum(given.values()),
        least=min(given, default=0),
        most=max(given, default=0),
        n_with_most=given[max(given)] if given else 0,
        n_later=n_later,
        n_unspent=n_unspent,
        n_not_recorded=n_not_recorded,
    )


def handout_of(plan: Plan) -> Handout:
    """A plan in short: what a commit of it would hand out."""
    shares = Counter(plan.allocation.values()).items()
    return handout(
        shares,
        n_later=plan.n_later,
        n_unspent=plan.n_unspent,
        n_not_recorded=plan.info.get("n_not_recorded", 0),
    )


def round_budget(budget_left: int, n_rounds_left: int) -> int:
    """What one round hands out of what is left: an even share, the remainder first.

    >>> round_budget(7, 3), round_budget(4, 2), round_budget(2, 1)
    (3, 2, 2)
    """
    return -(-budget_left // n_rounds_left)


def cap_plan(plan: Plan, available: Mapping[str, int]) -> Plan:
    """A plan for responses that are there already: no problem gets more than it has, and the rest
    is unspent.

    The surplus is not given to other problems: a study on recorded responses shows what the even
    spread would have bought.

    Args:
        available: further responses per problem of the allocation, >= 0.

    Returns:
        A plan with the same sum of allocation and n_unspent; info["n_not_recorded"] says how many
        were cut.
    """
    allocation = {id: min(n_more, available[id]) for id, n_more in plan.allocation.items()}
    n_cut = sum(plan.allocation.values()) - sum(allocation.values())
    return replace(
        plan,
        allocation={id: n_more for id, n_more in allocation.items() if n_more},
        n_unspent=plan.n_unspent + n_cut,
        info={**plan.info, "n_not_recorded": n_cut},
    )
