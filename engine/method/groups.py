"""Groups of equal size out of a plan: what GRPO and RLOO draw of an allocation, in whole optimiser
steps and in which order.

TRL's trainers compare the rewards of num_generations responses to one prompt, the same number for
every prompt. So a problem that a plan gives more responses has several groups, and how many follows
from the plan by largest remainders.
"""

from collections.abc import Mapping
from fractions import Fraction

from engine.errors import ConfigError
from engine.method.seeds import stable_hash


def whole_groups(
    allocation: Mapping[str, int], group_size: int, n_per_step: int, *, seed: int
) -> list[str]:
    """The problem of every group, in the order in which groups are drawn.

    The number of groups is the largest that fills whole optimiser steps and is within the
    allocation. Problem i gets n_i / sum(n) of them, rounded by largest remainders; of equal ones
    the seed decides. The order is the seed's.

    Args:
        allocation: responses per problem id, each >= 0.
        group_size: k >= 2.
        n_per_step: groups per optimiser step, >= 1.

    Returns:
        Problem ids, as many times as they have groups; [] where not even one step is filled.

    Raises: ConfigError for a negative allocation, or sizes out of their range.

    >>> whole_groups({"a": 12, "b": 5}, 4, 2, seed=0)
    ['a', 'a', 'b', 'a']
    """
    if group_size < 2 or n_per_step < 1 or any(n < 0 for n in allocation.values()):
        raise ConfigError(
            f"Groups of {group_size} responses, {n_per_step} per step: a group has 2 responses or"
            " more, a step 1 group or more, and no allocation is negative."
        )
    total = sum(allocation.values())
    n_groups = total // (group_size * n_per_step) * n_per_step
    shares = {id: Fraction(n * n_groups, total) for id, n in allocation.items() if n}
    given = {id: int(share) for id, share in shares.items()}
    by_remainder = sorted(
        shares, key=lambda id: (given[id] - shares[id], stable_hash(seed, "remainder", id))
    )
    for id in by_remainder[: n_groups - sum(given.values())]:
        given[id] += 1
    places = [(id, number) for id in given for number in range(given[id])]
    places.sort(key=lambda place: stable_hash(seed, "order", *place))
    return [id for id, _ in places]
