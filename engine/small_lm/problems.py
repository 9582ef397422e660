"""Elementary word problems of our own, as many as are wanted, the same ones for the same seed."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from random import Random

from engine.errors import ProblemSetError
from engine.problems import problem_id
from engine.small_lm.kinds import ITEMS, KINDS, NAMES, Kind

LEVELS = (1, 2, 1, 2, 3, 1, 2, 4)
"""The levels of problems in a row, again and again: mostly one step, because a model of this size
hardly solves more.
"""
N_TRAIN, N_HELD_OUT = 120, 100
HELD_OUT_SEED = 1_000_003
"""Added to the seed for the held-out problems."""
N_LARGEST = 20_000
"""The kinds have several hundred thousand problems; so many are found without searching long."""


@dataclass(frozen=True, slots=True)
class WordProblem:
    """One problem, with what it was made from."""

    kind: Kind
    name: str
    other: str
    items: str
    numbers: tuple[tuple[str, int], ...]
    """The drawn numbers by name: what the answer follows from."""

    @property
    def words(self) -> dict[str, str]:
        return {"name": self.name, "other": self.other, "items": self.items}

    @property
    def values(self) -> dict[str, int]:
        """The drawn numbers and every step's result."""
        worked = self.kind.worked(dict(self.numbers))
        assert worked is not None, f"{self.numbers} do not fit the kind {self.kind.name}"
        return worked

    @property
    def question(self) -> str:
        return self.kind.question.format(**self.words, **dict(self.numbers))

    @property
    def answer(self) -> int:
        """A whole number, 1 or more."""
        return self.values[self.kind.steps[-1].result]

    @property
    def solution(self) -> str:
        """A sentence per step, between blank lines, then the boxed answer."""
        closing = f"The answer is \\boxed{{{self.answer}}}."
        return "\n\n".join([*self.kind.sentences(self.values, self.words), closing])


def make_problems(n: int, seed: int, avoid: Collection[str] = ()) -> list[WordProblem]:
    """`n` problems with different questions, levels by LEVELS, so that every part holds
    the same shares.

    Args:
        n: from 0 to N_LARGEST.
        seed: the same problems for the same seed.
        avoid: questions that may not occur.

    Raises: ProblemSetError for a number that is not allowed.
    """
    if not 0 <= n <= N_LARGEST:
        raise ProblemSetError(
            f"n is {n:,}: between 0 and {N_LARGEST:,} word problems can be made. Choose a number in"
            " that range."
        )
    rng, taken, problems = Random(seed), set(map(problem_id, avoid)), []
    while len(problems) < n:
        problem = _draw(LEVELS[len(problems) % len(LEVELS)], rng)
        key = problem_id(problem.question)
        if key not in taken:
            taken.add(key)
            problems.append(problem)
    return problems


def train_and_held_out(
    n_train: int = N_TRAIN, n_held_out: int = N_HELD_OUT, seed: int = 0
) -> tuple[list[WordProblem], list[WordProblem]]:
    """(train, held-out) with no question in both. Raises: ProblemSetError as make_problems."""
    train = make_problems(n_train, seed)
    questions = [problem.question for problem in train]
    return train, make_problems(n_held_out, seed + HELD_OUT_SEED, questions)


def as_lines(problems: Iterable[WordProblem]) -> str:
    """JSON lines with question, answer, level and solution: a problem file."""
    rows = (
        {
            "question": problem.question,
            "answer": str(problem.answer),
            "level": str(problem.kind.level),
            "solution": problem.solution,
        }
        for problem in problems
    )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _draw(level: int, rng: Random) -> WordProblem:
    """One problem of a level: the kind first, then numbers until they fit it."""
    kind = rng.choice([kind for kind in KINDS if kind.level == level])
    name, other = rng.sample(NAMES, 2)
    items = rng.choice(ITEMS)
    while True:
        numbers = {key: rng.randint(low, high) for key, (low, high) in kind.ranges.items()}
        if kind.worked(numbers) is not None:
            return WordProblem(kind, name, other, items, tuple(numbers.items()))
