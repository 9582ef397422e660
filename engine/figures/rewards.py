"""How well each reward model that read an iteration's responses sees what the verdicts say."""

from dataclasses import dataclass
from typing import get_args

import numpy as np

from engine import store
from engine.method.reward_quality import BAD_STEP, RewardQuality, auc, quality
from engine.store.rewards import Scorer
from engine.study.handle import Iteration
from engine.types import Aggregation

N_WORST = 10


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A response whose reward says the opposite of its verdict."""

    problem_id: str
    idx: int
    correct: bool
    reward: float
    n_steps: int


@dataclass(frozen=True, slots=True)
class ScorerReport:
    scorer: Scorer
    quality: RewardQuality
    bad_below: float
    """A step below this is called bad: half, or 0 where scores have no bounds."""
    is_bounded: bool
    worst: tuple[Contradiction, ...]
    """The correct ones with the lowest rewards and the wrong ones with the highest, at most N_WORST
    of each, the worst first.
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
    return "implicit-" not in prm_id


def _report(it: Iteration, scorer: Scorer) -> ScorerReport:
    c = store.rewards.against_verdicts(it, scorer.prm_id)
    rewards, correct = c["reward"].astype(np.float64), c["correct"].astype(bool)
    is_bounded = has_bounds(scorer.prm_id)
    bad_below = BAD_STEP if is_bounded else 0.0
    doubted = np.flatnonzero(correct & (rewards < bad_below))
    trusted = np.flatnonzero(~correct & (rewards >= bad_below))
    contradict = [
        *doubted[np.argsort(rewards[doubted], kind="stable")][:N_WORST],
        *trusted[np.argsort(-rewards[trusted], kind="stable")][:N_WORST],
    ]
    return ScorerReport(
        scorer,
        quality(
            rewards,
            correct,
            c["problem_id"],
            bad_below=bad_below,
            is_bounded=is_bounded,
            seed=it.config.seed,
        ),
        bad_below,
        is_bounded,
        tuple(
            Contradiction(
                str(c["problem_id"][row]),
                int(c["idx"][row]),
                bool(correct[row]),
                float(rewards[row]),
                int(c["n_steps"][row]),
            )
            for row in contradict
        ),
        {
            name: auc(c[name].astype(np.float64), correct)
            for name in get_args(Aggregation)
            if is_bounded or name != "product"
        },
        float((c["n_steps"] == 1).mean()),
    )
