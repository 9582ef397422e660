"""What a group of runs is called, where runs differ in nothing but seed and name. Pure."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import takewhile

from engine.figures.measure import Compared

_SEED = re.compile(r"(^|,? )seed \d+( \d+)?$")
_ENDS = " ,;:·-–(_/"


def group_names(members: Mapping[str, Sequence[Compared]]) -> dict[str, str]:
    """A name by id of each group, no two alike: what its runs' labels have in common without their
    seeds, else strategy and training, else its first run. An id stands in it only where all of that
    is another group's, too.

    Args:
        members: runs by id of their group, at least one each.
    """
    names: dict[str, str] = {}
    for candidates in zip(*(_candidates(runs) for runs in members.values()), strict=True):
        open_ones = {id: name for id, name in zip(members, candidates) if id not in names}
        taken = Counter([*names.values(), *open_ones.values()])
        names |= {id: name for id, name in open_ones.items() if name and taken[name] == 1}
    last = {id: _candidates(runs)[-1] for id, runs in members.items()}
    return {id: names.get(id, f"{last[id]} ({id})") for id in members}


def _candidates(runs: Sequence[Compared]) -> tuple[str, str, str]:
    """The best first; "" for none."""
    first = runs[0]
    if len(runs) == 1:
        return first.label, first.label, first.label
    return (
        _in_common([run.label for run in runs]),
        f"{first.done.strategy}, {first.done.training.upper()}",
        f"{first.label} and {len(runs) - 1} more",
    )


def _in_common(labels: Sequence[str]) -> str:
    """The whole words that labels begin with, their seeds left out; "" for none."""
    stems = [_SEED.sub("", label) for label in labels]
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*stems))
    begin = "".join(letters[0] for letters in same)
    if any(re.match(r"\w", stem[len(begin) :]) for stem in stems):
        begin = re.sub(r"\w+$", "", begin)
    return begin.rstrip(_ENDS)
