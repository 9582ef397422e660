"""B-STaR's monitors of an iteration: how much its pre-samples explore, and how well the rewards
exploit them.

Over the n_p pre-samples of every problem, so that iterations and strategies are measured on the
same number of responses.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from engine import store
from engine.method import metrics
from engine.method.tuning import combined_reward
from engine.study.handle import Iteration


@dataclass(frozen=True, slots=True)
class Monitors:
    """Means over the problems whose pre-samples are all judged; what needs rewards is None where
    some have none.
    """

    n_problems: int
    k: int
    """Responses per problem: n_p."""
    s: int
    """2, or 1 where there is only one response."""
    pass_at_1: float
    pass_at_k: float
    pass_at_k_s: float
    distinct_equations: float
    """Unique ones among the equations of all correct responses."""
    best_of_k: float | None
    reward_at_k_s: float | None
    balance: float | None
    """Mean balance score of what is kept above tau."""
    n_star: int
    """ceil(N / M), N half of the pre-samples: ours, the paper's N is a number of responses wanted
    in the end.
    """
    tau: float
    """As tuned, else 0."""


def monitors(it: Iteration) -> Monitors | None:
    """An iteration's monitors; None before any of its problems has all pre-samples judged. Reads
    every text: seconds for thousands.
    """
    k = it.config.sampling.n_presample
    columns = _presamples_by_problem(it, k)
    if not columns:
        return None
    s, tuned = min(2, k), store.runs.tuning(it)
    tau = tuned.tau if tuned else 0.0
    wanted = metrics.n_star(max(1, k * len(columns) // 2), len(columns))
    is_scored = all(reward is not None for _, _, rewards in columns for reward in rewards)

    def mean(figure) -> float:
        return float(np.mean([figure(*column) for column in columns]))

    return Monitors(
        n_problems=len(columns),
        k=k,
        s=s,
        pass_at_1=mean(lambda texts, correct, _: sum(correct) / k),
        pass_at_k=mean(lambda texts, correct, _: any(correct)),
        pass_at_k_s=mean(lambda texts, correct, _: metrics.pass_at_k_s(texts, correct, k, s)),
        distinct_equations=metrics.distinct_equations(
            [text for texts, _, _ in columns for text in texts],
            [c for _, correct, _ in columns for c in correct],
        ),
        best_of_k=mean(lambda _, correct, rewards: metrics.best_of_k(rewards, correct, k))
        if is_scored
        else None,
        reward_at_k_s=mean(
            lambda _, correct, rewards: metrics.reward_at_k_s(rewards, correct, k, s)
        )
        if is_scored
        else None,
        balance=mean(lambda texts, correct, rewards: _balance(texts, correct, rewards, tau, wanted))
        if is_scored
        else None,
        n_star=wanted,
        tau=tau,
    )


def _presamples_by_problem(
    it: Iteration, k: int
) -> list[tuple[list[str], list[bool], list[float | None]]]:
    """Texts, verdicts and rewards of every problem that has all its k pre-samples judged."""
    return [
        ([r.text for r in whole], [r.correct for r in whole], [r.reward for r in whole])
        for _, group in groupby(store.presamples.judged(it), key=lambda r: r.problem_id)
        if len(whole := list(group)) == k
    ]


def _balance(
    texts: list[str], correct: list[bool], rewards: list[float], tau: float, n_star: int
) -> float:
    indices = np.flatnonzero(combined_reward(correct, rewards) > tau).tolist()
    return metrics.balance_score([texts[i] for i in indices], [correct[i] for i in indices], n_star)
