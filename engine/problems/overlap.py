"""Whether problems of a set are near-duplicates of those of another: word shingles, and how many of
a question's shingles another question contains. Pure but for reading the other sets.

Containment, not Jaccard: an instruction around a question does not hide it. Source: Broder, "On the
resemblance and containment of documents" (1997); runs of 5 words, because questions are short.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import EngineError
from engine.problems.collecting import Collector
from engine.problems.sources import open_source
from engine.types import Problem

N_WORDS = 5
SHARE = 0.7
"""Of a question's shingles, from which on another one is its near-duplicate."""
MAX_EXAMPLES = 5
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Against:
    """A set to compare with."""

    name: str
    source: str | Path | None
    """None where it is not on this machine."""
    why: str = ""
    """Why it is not there, in a sentence."""


@dataclass(slots=True)
class Overlap:
    """What a set shares with another one."""

    name: str
    n_problems: int = 0
    """Of the other set."""
    n_here: int = 0
    """Problems of this set that are near-duplicates of one there."""
    there: set[int] = field(default_factory=set)
    """Which problems there are covered, by their place."""
    examples: list[tuple[str, str]] = field(default_factory=list)
    """Question here, question there; MAX_EXAMPLES at most."""
    not_checked: str = ""
    """Why nothing was compared; empty where it was."""

    @property
    def sentence(self) -> str:
        if self.not_checked:
            return f"{self.name}: not checked. {self.not_checked}"
        if not self.n_here:
            return f"{self.name}: no near-duplicate of its {self.n_problems:,} problems."
        return (
            f"{self.name}: {self.n_here:,} problems are near-duplicates of {len(self.there):,} of"
            f" its {self.n_problems:,}."
        )


def shingles(text: str) -> set[int]:
    """Hashes of all runs of N_WORDS words and signs; of the whole text where it is shorter."""
    words = _WORD.findall(text.casefold())
    n = min(N_WORDS, len(words)) or 1
    return {hash(tuple(words[k : k + n])) for k in range(len(words) - n + 1)}


class OverlapIndex:
    """The shingles of other sets, asked by one question after the other. Blocks while it reads
    them; a set that cannot be read is one that was not checked.
    """

    def __init__(self, sets: Sequence[Against]) -> None:
        self.overlaps = [Overlap(one.name) for one in sets]
        self._postings: dict[int, list[int]] = {}
        self._entries: list[tuple[int, int, int, str]] = []
        """Set, place in it, number of shingles, question."""
        for number, one in enumerate(sets):
            if one.source is None:
                why = one.why or "It is not on this machine."
                self.overlaps[number].not_checked = why
                continue
            try:
                self._read(number, one.source)
            except EngineError as error:
                self.overlaps[number].not_checked = str(error)

    def _read(self, number: int, source: str | Path) -> None:
        collector = Collector(None, "maths", limit=0)
        for place, problem in enumerate(collector.problems(open_source(source).parts)):
            parts = shingles(problem.question)
            entry = len(self._entries)
            self._entries.append((number, place, len(parts), problem.question))
            for part in parts:
                self._postings.setdefault(part, []).append(entry)
            self.overlaps[number].n_problems += 1
        if not self.overlaps[number].n_problems:
            self.overlaps[number].not_checked = f"{source} holds no usable problem."

    def add(self, problem: Problem) -> None:
        """Compare one problem with all of theirs."""
        if not self._entries:
            return
        hits: Counter[int] = Counter()
        for part in shingles(problem.question):
            if part in self._postings:
                hits.update(self._postings[part])
        covered: set[int] = set()
        for entry, n in hits.items():
            number, place, n_parts, question = self._entries[entry]
            if n < SHARE * n_parts:
                continue
            overlap = self.overlaps[number]
            overlap.there.add(place)
            if number not in covered and len(overlap.examples) < MAX_EXAMPLES:
                overlap.examples.append((problem.question, question))
            covered.add(number)
        for number in covered:
            self.overlaps[number].n_here += 1
