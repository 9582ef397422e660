"""How well each reward model that read an iteration's responses sees what the verdicts say."""

import re
from dataclasses import dataclass
from typing import get_args

import numpy as np

from engine import store
from engine.config.splitter import StepRule
from engine.method.reward_quality import BAD_STEP, RewardQuality, auc, quality
from engine.store.rewards import Scorer
from engine.study.handle import Iteration
from engine.types import Aggregation, ScoredPart

N_WORST = 10

_UNBOUNDED = re.compile(
    rf"(?:(?:{'|'.join(get_args(Aggregation))})-)?(?:(?:{'|'.join(get_args(ScoredPart))})-)?"
    rf"(?:(?:{'|'.join(get_args(StepRule))})-[0-9a-f]{{16}}-)?implicit-"
)
"""How engine.study.sources names one: what precedes the family says of which steps."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A response whose worst step says the opposite of its verdict."""

    problem_id: str
    idx: int
    correct: bool
    reward: float
    worst_step: float
    n_steps: int


@dataclass(frozen=True, slots=True)
class ScorerReport:
    scorer: Scorer
    quality: RewardQuality
    bad_below: float
    """A step below this is called bad: half, or 0 where scores have no bounds."""
    is_bounded: bool
    worst: tuple[Contradiction, ...]
    """The correct ones with the lowest worst steps and the wrong ones with the highest, at most
    N_WORST of each, the worst first.
    """
    areas: dict[Aggregation, float]
    """The area under the ROC curve by every aggregation of the same step scores; NaN where all are
    correct, or all wrong.
    """
    one_step: float
    """Share of the responses that are a single step: their minimum is that step."""


def scorer_reports(it: Iteration) -> list[ScorerReport]:
    """One report per reward model, the run's own first; none before a response is graded and
    scored. Seconds for a million responses.
    """
    return [_report(it, scorer) for scorer in store.rewards.scorers(it)]


def has_bounds(prm_id: str) -> bool:
    """Whether the scores of a reward model are probabilities, by its id: those of the family
    implicit are not.
    """
    return _UNBOUNDED.match(prm_id) is None


def _report(it: Iteration, scorer: Scorer) -> ScorerReport:
    c = store.rewards.against_verdicts(it, scorer.prm_id)
    rewards, correct = c["reward"].astype(np.float64), c["correct"].astype(bool)
    is_bounded = has_bounds(scorer.prm_id)
    bad_below = BAD_STEP if is_bounded else 0.0
    steps = c["min"].astype(np.float64)
    return ScorerReport(
        scorer,
        quality(
            rewards,
            correct,
            c["problem_id"],
            worst_steps=steps,
            bad_below=bad_below,
            is_bounded=is_bounded,
            seed=it.config.seed,
        ),
        bad_below,
        is_bounded,
        _contradictions(c, correct, steps, bad_below),
        {
            name: auc(c[name].astype(np.float64), correct)
            for name in get_args(Aggregation)
            if is_bounded or name != "product"
        },
        float((c["n_steps"] == 1).mean()),
    )


def _contradictions(
    c: dict[str, np.ndarray], correct: np.ndarray, steps: np.ndarray, bad_below: float
) -> tuple[Contradiction, ...]:
    doubted = np.flatnonzero(correct & (steps < bad_below))
    trusted = np.flatnonzero(~correct & (steps >= bad_below))
    rows = [
        *doubted[np.argsort(steps[doubted], kind="stable")][:N_WORST],
        *trusted[np.argsort(-steps[trusted], kind="stable")][:N_WORST],
    ]
    return tuple(
        Contradiction(
            str(c["problem_id"][row]),
            int(c["idx"][row]),
            bool(correct[row]),
            float(c["reward"][row]),
            float(steps[row]),
            int(c["n_steps"][row]),
        )
        for row in rows
    )
