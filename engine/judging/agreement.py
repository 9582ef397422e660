"""How often a judge is right, and how often the rules are, where a person has looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from engine.method.intervals import Interval, wilson
from engine.store.opinions import Judged


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of one judge's opinions on an iteration."""

    n: int
    n_disagree: int
    """Opinions that call an answer the same which the rules call wrong or could not check."""
    n_labelled: int
    """Responses that a person has looked at."""
    judge: Interval | None
    """Share of the labelled ones where the judge says what the person says, unclear ones counted as
    not; None without labels.
    """
    rules: Interval | None
    """As judge, of the rules."""


def agreement(judged: Sequence[Judged]) -> Agreement:
    """Counts and shares, with 95 % intervals. Source: Wilson's interval (method.intervals)."""
    labelled = [one for one in judged if one.label is not None]
    n = len(labelled)
    judge = sum(one.says == ("same" if one.label else "different") for one in labelled)
    rules = sum(not one.label for one in labelled)  # all of them were called wrong
    return Agreement(
        len(judged),
        sum(one.says == "same" for one in judged),
        n,
        wilson(judge, n) if n else None,
        wilson(rules, n) if n else None,
    )


def sample_to_label(judged: Sequence[Judged], n: int, *, seed: int) -> list[Judged]:
    """Responses for a person to look at, drawn at random among those that nobody has looked at: a
    queue of disagreements alone would say nothing about how often the judge is right.
    """
    unseen = [one for one in judged if one.label is None]
    return Random(seed).sample(unseen, min(n, len(unseen)))
