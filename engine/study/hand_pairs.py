"""Pairs that a person makes of an iteration's pre-samples and resamples: each a chosen response and
a rejected one to the same problem.

They hold until they are taken back, come before those that are built, and are used up by no other
pair. Where pairs are built already, and no training was begun, they are built again with what
holds.
"""

from collections.abc import Sequence

from engine import store
from engine.errors import ConfigError
from engine.store.hand_pairs import HandPair
from engine.store.pairs import PoolResponse
from engine.study import pairing
from engine.study.choosable import why_no_pair
from engine.study.handle import Iteration
from engine.types import JobKind


def pair(it: Iteration, problem_id: str, chosen: int, rejected: int, *, made_by: str) -> None:
    """Pair two responses of a problem by their indices.

    Args:
        made_by: a tab's id, or "cli".

    Raises: ConfigError where that pair cannot be, or the iteration has been trained on its pairs.
    """
    with it.db.transaction():
        require_untrained(it)
        responses = {r.idx: r for r in store.pairs.graded(it, [problem_id])}
        for index in (chosen, rejected):
            if index not in responses:
                raise ConfigError(
                    f"Response {index} to problem {problem_id} is no graded pre-sample or resample"
                    f" of iteration {it.number}: pair two that are."
                )
        why = why_not(it, responses[chosen], responses[rejected], store.hand_pairs.holding(it))
        if why:
            raise ConfigError(why)
        _note(it, problem_id, chosen, rejected, wanted=True, made_by=made_by)


def take_back(it: Iteration, problem_id: str, chosen: int, rejected: int, *, made_by: str) -> None:
    """Let a pair of a person hold no longer. Raises: ConfigError as pair() does."""
    with it.db.transaction():
        require_untrained(it)
        _note(it, problem_id, chosen, rejected, wanted=False, made_by=made_by)


def why_not(
    it: Iteration, chosen: PoolResponse, rejected: PoolResponse, others: Sequence[HandPair]
) -> str | None:
    """Why two responses cannot be paired by hand, in a sentence; None where they can.

    Args:
        others: pairs by hand that hold already.
    """
    own = [o for o in others if o.problem_id == chosen.problem_id]
    taken = {index for o in own for index in (o.chosen_index, o.rejected_index)}
    if used := sorted(taken & {chosen.idx, rejected.idx}):
        return f"Response {used[0]} is in a pair by hand already: take that one back first."
    return why_no_pair(it, chosen, rejected)


def is_locked(it: Iteration) -> bool:
    """Whether a training was begun on an iteration's pairs, so that they stay what they are."""
    return store.jobs.latest(it, JobKind.TRAIN) is not None


def require_untrained(it: Iteration) -> None:
    """Raises: ConfigError where a training was begun on an iteration's pairs."""
    if is_locked(it):
        raise ConfigError(
            f"Iteration {it.number} was trained on its pairs, or a training of it was begun: they"
            " stay as they are. Fork the run to pair otherwise."
        )


def _note(
    it: Iteration, problem_id: str, chosen: int, rejected: int, *, wanted: bool, made_by: str
) -> None:
    store.hand_pairs.add(it, problem_id, chosen, rejected, wanted=wanted, made_by=made_by)
    build_again(it)


def build_again(it: Iteration) -> None:
    """Where pairs are built already, build them from what holds now."""
    if store.pairs.find_set(it):
        store.pairs.remove(it)
        pairing.make_pairs(it)
