"""The starter problems: seeded word problems, their solutions, a student's solutions, and which
steps are right.

A problem is one quantity that changes once a day. Its solution has one step per day and a last step
with the boxed answer. All quantities stay in 1..99 and every division is exact, whichever mixture
of right rules and habits is followed; and no mixture other than all-right ends at the answer, so a
right answer and right steps are the same thing.

Must not know of models, files or the engine's run loop. Source: own design, docs/decisions.md
"Starter corpus design".
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from random import Random

from engine.method.steps import split_steps
from engine.starter.kinds import (
    ANSWER_STEP,
    BANDS,
    CLOSINGS,
    DAYS,
    EASY,
    HARD,
    ITEMS,
    MID,
    NAMES,
    OPENINGS,
    STEP_WORDINGS,
    Band,
    Kind,
)

Mix = tuple[int, int, int]
"""Events of a problem: (easy, mid, hard)."""

LEVELS: dict[int, tuple[Mix, ...]] = {
    1: ((1, 0, 0), (2, 0, 0)),
    2: ((2, 0, 0), (3, 0, 0), (1, 1, 0)),
    3: ((0, 1, 0), (1, 1, 0), (2, 1, 0), (0, 2, 0)),
    4: ((1, 2, 0), (0, 0, 1), (1, 0, 1)),
    5: ((0, 0, 2), (0, 1, 1), (1, 1, 1), (2, 0, 1)),
}
"""Equal chances inside a level; over five equal levels a third of the problems is easy, a third
mid, a third hard.
"""

SINGLE: tuple[Mix, ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
LARGEST = 99

_EQUATION = re.compile(r"(\d+) ([-+*/]) (\d+) (?:=|gives) (\d+)\b")
_BOX = re.compile(r"\\boxed\{(\d+)\}")


@dataclass(frozen=True, slots=True)
class Event:
    """What happens on one day."""

    kind: Kind
    number: int
    """The number in the sentence; drawn for every kind, unused where the wording holds none."""
    wording: int

    def applied(self, value: int, right: bool) -> tuple[str, int, int]:
        """(sign, operand, result) by the right rule or the habit; both are possible in every
        mixture that a problem is made of.
        """
        done = operate(self.kind.right if right else self.kind.habit, value, self.number)
        assert done is not None, f"{self} cannot follow {value}"
        return done


@dataclass(frozen=True, slots=True)
class StarterProblem:
    """One generated problem, with all that is needed to write any solution of it."""

    question: str
    level: int
    start: int
    events: tuple[Event, ...]

    @property
    def values(self) -> tuple[int, ...]:
        """The quantity after every event on the right path."""
        return self.follow([True] * len(self.events))

    @property
    def answer(self) -> str:
        return str(self.values[-1])

    @property
    def band(self) -> Band:
        """The hardest band among the events."""
        return BANDS[max(BANDS.index(event.kind.band) for event in self.events)]

    @property
    def teacher_pass_rate(self) -> float:
        """The chance that a corpus solution of this problem is right."""
        rate = 1.0
        for event in self.events:
            rate *= 1 - event.kind.slip_rate
        return rate

    def follow(self, right: list[bool]) -> tuple[int, ...]:
        """The quantity after every event where `right` says which events follow the right rule."""
        value, values = self.start, []
        for event, good in zip(self.events, right, strict=True):
            _, _, value = event.applied(value, good)
            values.append(value)
        return tuple(values)


def operate(rule: str, value: int, number: int) -> tuple[str, int, int] | None:
    """(sign, operand, result) of a rule; None where it does not divide or leaves 1..99.

    >>> operate("-v/3", 12, 0), operate("/m", 10, 3)
    (('-', 4, 8), None)
    """
    sign, term = rule[0], rule[1:]
    if term.startswith("v/"):
        operand, rest = divmod(value, int(term[2:]))
        if rest:
            return None
    else:
        operand = number if term == "m" else int(term)
    if sign == "/":
        result, rest = divmod(value, operand)
        if rest:
            return None
    else:
        result = (
            value + operand if sign == "+" else value - operand if sign == "-" else value * operand
        )
    return (sign, operand, result) if 1 <= result <= LARGEST and operand <= LARGEST else None


def make_problem(level: int, rng: Random, mix: Mix | None = None) -> StarterProblem:
    """One problem of a level, or of a given mix of events.

    Kinds are drawn first and only numbers are redrawn, so that kinds with rare numbers keep their
    share; kinds that no numbers fit together are given up.
    """
    while True:
        n_easy, n_mid, n_hard = mix or rng.choice(LEVELS[level])
        kinds = rng.choices(EASY, k=n_easy) + rng.sample(MID, n_mid) + rng.sample(HARD, n_hard)
        rng.shuffle(kinds)
        for _ in range(150):
            start = rng.randint(4, 60)
            events = tuple(
                Event(kind, rng.randint(kind.low, kind.high), rng.randrange(len(kind.wordings)))
                for kind in kinds
            )
            if _well_posed(start, events):
                return StarterProblem(_question(start, events, rng), level, start, events)


def _well_posed(start: int, events: tuple[Event, ...]) -> bool:
    """Every path stays whole and in 1..99, and only the all-right path ends at the answer."""
    paths = {(start, True)}
    for event in events:
        after = set()
        for value, all_right in paths:
            good, bad = (
                operate(event.kind.right, value, event.number),
                operate(event.kind.habit, value, event.number),
            )
            if good is None or bad is None:
                return False
            after |= {(good[2], all_right), (bad[2], False)}
        paths = after
    answer = next(value for value, all_right in paths if all_right)
    return (answer, False) not in paths


def _question(start: int, events: tuple[Event, ...], rng: Random) -> str:
    name, item = rng.choice(NAMES), rng.choice(ITEMS)
    sentences = [rng.choice(OPENINGS).format(name=name, start=start, item=item)]
    for day, event in zip(DAYS[1:], events):
        sentences.append(
            f"On {day} {name} {event.kind.wordings[event.wording].format(m=event.number)}."
        )
    sentences.append(rng.choice(CLOSINGS).format(name=name, item=item, last_day=DAYS[len(events)]))
    return " ".join(sentences)


def write_solution(problem: StarterProblem, right: list[bool], rng: Random | None = None) -> str:
    """A solution with the right rule or the habit event by event; wordings by `rng`, the first ones
    without it.
    """
    value, rows = problem.start, []
    for event, good in zip(problem.events, right, strict=True):
        sign, operand, after = event.applied(value, good)
        rows.append((value, sign, operand, after))
        value = after
    return write_steps(rows, value, rng)


def write_steps(
    rows: list[tuple[int, str, int, int]], answer: int, rng: Random | None = None
) -> str:
    """The text of a solution, right or wrong, from (before, sign, operand, after) day by day;
    nothing is checked.
    """
    steps = []
    for day, (before, sign, operand, after) in zip(DAYS[1:], rows):
        wording = rng.choice(STEP_WORDINGS) if rng else STEP_WORDINGS[0]
        steps.append(
            wording.format(day=day, before=before, sign=sign, operand=operand, after=after)
        )
    return "\n\n".join([*steps, ANSWER_STEP.format(answer=answer)])


def reference_solution(problem: StarterProblem, rng: Random | None = None) -> str:
    """The all-right solution."""
    return write_solution(problem, [True] * len(problem.events), rng)


def student_solution(problem: StarterProblem, rng: Random) -> str:
    """A corpus solution: every event slips into its habit at its kind's rate, independently."""
    return write_solution(
        problem, [rng.random() >= event.kind.slip_rate for event in problem.events], rng
    )


def label_steps(problem: StarterProblem, text: str) -> list[bool]:
    """Which steps of a response are right, one per step; everything after the first slip is wrong.

    A step is right if its quantity before and after are those of the right path, whatever its words
    and its operation; the step after the last event is right if it boxes the answer. A step too
    many is wrong.
    """
    values, labels, good = (problem.start, *problem.values), [], True
    for index, step in enumerate(split_steps(text)):
        good = good and _step_is_right(values, index, step)
        labels.append(good)
    return labels


def _step_is_right(values: tuple[int, ...], index: int, step: str) -> bool:
    if index >= len(values):
        return False
    if index == len(values) - 1:
        boxed = _BOX.findall(step)
        return len(boxed) == 1 and int(boxed[0]) == values[-1]
    equations = _EQUATION.findall(step)
    return len(equations) == 1 and (int(equations[0][0]), int(equations[0][3])) == (
        values[index],
        values[index + 1],
    )


def boxed_answer(text: str) -> str | None:
    """The last boxed number of a starter response, or None. For the build only: runs grade with
    engine.grading.
    """
    boxed = _BOX.findall(text)
    return boxed[-1] if boxed else None


def make_problems(n: int, seed: int, avoid: Collection[str] = ()) -> list[StarterProblem]:
    """`n` distinct problems with no question of `avoid`, levels 1 to 5 in turn, so that every
    prefix is balanced.
    """
    rng, taken, problems = Random(seed), set(avoid), []
    while len(problems) < n:
        problem = make_problem(1 + len(problems) % len(LEVELS), rng)
        if problem.question not in taken:
            taken.add(problem.question)
            problems.append(problem)
    return problems


def stream_problems(
    seed: int, weights: dict[int, float], avoid: Collection[str]
) -> Iterator[StarterProblem]:
    """Endless problems with levels drawn by weight; weight of level 0: problems of one event."""
    rng = Random(seed)
    levels, shares = list(weights), list(weights.values())
    while True:
        level = rng.choices(levels, shares)[0]
        problem = make_problem(level, rng, None if level else rng.choice(SINGLE))
        if problem.question not in avoid:
            yield problem
