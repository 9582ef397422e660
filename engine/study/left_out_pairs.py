"""Pairs that a person leaves out of an iteration's, such as those that fit a condition.

The rule goes on building them and they are dropped then, so that every other pair stays what it is.
They can be taken back until a training of the iteration is begun.
"""

from collections.abc import Sequence

from engine import store
from engine.store.fitting_pairs import Key
from engine.study.hand_pairs import build_again, require_untrained
from engine.study.handle import Iteration


def leave_out(it: Iteration, pairs: Sequence[Key], *, made_by: str) -> None:
    """Leave pairs (problem, chosen, rejected) out.

    Args:
        made_by: a tab's id, or "cli".

    Raises: ConfigError where the iteration has been trained on its pairs.
    """
    _note(it, pairs, left_out=True, made_by=made_by)


def take_back(it: Iteration, pairs: Sequence[Key], *, made_by: str) -> None:
    """Leave them out no longer. Raises: ConfigError as leave_out() does."""
    _note(it, pairs, left_out=False, made_by=made_by)


def _note(it: Iteration, pairs: Sequence[Key], *, left_out: bool, made_by: str) -> None:
    with it.db.transaction():
        require_untrained(it)
        store.left_out_pairs.add(it, pairs, left_out=left_out, made_by=made_by)
        build_again(it)
