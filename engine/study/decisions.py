"""What a person decides on problems before a commit: to leave them out of the plan, or which class
they are in whatever the thresholds say.

The plan, the offers and the commit take decisions into account. They can be taken back until the
commit, and a fork begins with them.
"""

from collections.abc import Sequence

import numpy as np

from engine import store
from engine.errors import ConfigError
from engine.store.decisions import What
from engine.study.handle import Iteration
from engine.types import Difficulty

EXCLUDE: What = "exclude"
CLASSES: dict[What, Difficulty] = {
    "inlier": Difficulty.INLIER,
    "boundary": Difficulty.BOUNDARY,
    "outlier": Difficulty.OUTLIER,
}


def decide(it: Iteration, problem_ids: Sequence[str], what: What | None, *, made_by: str) -> None:
    """Decide on training problems of an iteration; None takes back what was decided on them.

    Args:
        made_by: a tab's id, or "cli".

    Raises: ConfigError for a problem that is not the iteration's, or after the commit.
    """
    with it.db.transaction():
        if store.commits.find(it):
            raise ConfigError(
                f"Iteration {it.number} is committed: its plan never changes. Fork the run to"
                " decide otherwise."
            )
        known = store.problems.of_run(it.db, it.run_id, "train", it.number)
        if unknown := [id for id in problem_ids if id not in known]:
            raise ConfigError(
                f"{unknown[0]} is no training problem of iteration {it.number}: decide on those"
                " that are."
            )
        store.decisions.add(it, problem_ids, what, made_by=made_by)


def excluded(it: Iteration) -> frozenset[str]:
    """Problems that are left out of the plan."""
    return frozenset(d.problem_id for d in store.decisions.holding(it) if d.what == EXCLUDE)


def forced(it: Iteration, problem_ids: np.ndarray, estimated: np.ndarray) -> np.ndarray:
    """Classes with those that a person gave in place of the estimated ones.

    Args:
        problem_ids: str, shape (P,).
        estimated: int8, shape (P,); returned as it is where nobody decided.
    """
    given = {
        d.problem_id: CLASSES[d.what] for d in store.decisions.holding(it) if d.what in CLASSES
    }
    if not given:
        return estimated
    classes = estimated.copy()
    rows = np.nonzero(np.isin(problem_ids, list(given)))[0]
    classes[rows] = [given[str(id)] for id in problem_ids[rows]]
    return classes
