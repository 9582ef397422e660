"""The classes of difficulty estimation as targets: HS-STaR's Boundary, every other union of
classes, and uniform.

Follows HS-STaR's re-sampling stage, docs/method.md, section 1.4: the budget is spread evenly over
the problems of the target classes.
"""

from itertools import combinations

import numpy as np

from engine.method.budget import allocate
from engine.method.strategies import Presampled, Spread, Strategy
from engine.types import Difficulty


def spread_evenly(seen: Presampled, targets: frozenset[Difficulty]) -> Spread:
    """The whole budget evenly over the problems of the target classes; nothing where there is
    none.
    """
    in_pool = np.isin(seen.difficulty, [int(d) for d in targets])
    given = allocate(
        seen.budget,
        [id for id, wanted in zip(seen.problem_ids, in_pool.tolist()) if wanted],
        seed=seen.seed,
    )
    return Spread(np.array([given.get(id, 0) for id in seen.problem_ids], dtype=np.int64), in_pool)


def _strategy(union: tuple[Difficulty, ...]) -> Strategy:
    targets, names = frozenset(union), [d.name.lower() for d in union]
    name = "uniform" if len(union) == len(Difficulty) else "+".join(names)
    label = "Uniform" if name == "uniform" else " and ".join(names).capitalize()
    about = "every problem alike" if name == "uniform" else f"the {label} problems alike"
    return Strategy(
        name,
        label,
        f"Gives {about}.",
        lambda seen: spread_evenly(seen, targets),
        group="paper",
        source="HS-STaR, arXiv 2505.19866" if name == "boundary" else "",
    )


_UNIONS = [union for size in (1, 2, 3) for union in combinations(Difficulty, size)]
STRATEGIES = [_strategy(union) for union in _UNIONS]
