"""How long responses are on each of DAST's levels, before and after its prompts with worked
examples: steps and tokens.

Before are the pre-samples, after are the resamples. Source: DAST, docs/method.md, section 3, length
control.
"""

from collections import defaultdict
from dataclasses import dataclass

from engine import store
from engine.method.dast import Level
from engine.method.steps import split_steps
from engine.study.handle import Iteration
from engine.study.worked_examples import levels_of
from engine.types import Purpose


@dataclass(frozen=True, slots=True)
class Length:
    n_responses: int
    mean_steps: float
    mean_tokens: float


@dataclass(frozen=True, slots=True)
class LevelLengths:
    level: Level
    n_problems: int
    before: Length | None
    after: Length | None
    """None where the level has no resamples."""


def level_lengths(it: Iteration) -> list[LevelLengths]:
    """A row per level that holds problems of the commit, easy first; none before the commit.
    Problems whose level M_0 left unknown are in none.

    Reads every text: seconds for many thousands.
    """
    levels = levels_of(it)
    sizes: dict[tuple[str, Level], list[tuple[int, int]]] = defaultdict(list)
    problems: dict[Level, set[str]] = defaultdict(set)
    for purpose, problem_id, text, n_tokens in store.responses.lengths(it):
        if problem_id in levels:
            sizes[purpose, levels[problem_id]].append((len(split_steps(text)), n_tokens))
            problems[levels[problem_id]].add(problem_id)
    return [
        LevelLengths(
            level,
            len(problems[level]),
            _length(sizes[Purpose.PRESAMPLE, level]),
            _length(sizes[Purpose.RESAMPLE, level]),
        )
        for level in sorted(problems)
    ]


def _length(sizes: list[tuple[int, int]]) -> Length | None:
    if not sizes:
        return None
    steps, tokens = zip(*sizes)
    return Length(len(sizes), sum(steps) / len(sizes), sum(tokens) / len(sizes))
