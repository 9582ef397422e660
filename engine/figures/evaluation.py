"""What a policy can do on the held-out problems: greedy accuracy and mean@n, with intervals, by
level, and paired gains.
"""

from dataclasses import dataclass

import numpy as np

from engine import store
from engine.method.intervals import Interval, bootstrap_mean, wilson
from engine.store import Database
from engine.study.handle import Iteration
from engine.study.sample_sets import evaluation_sets


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Complete results of one policy on a run's held-out problems, one entry per problem, in the
    run's order.
    """

    policy_id: str
    number: int
    """t of the policy M_t."""
    problem_ids: np.ndarray
    levels: np.ndarray
    greedy: np.ndarray
    """bool: is the greedy response correct."""
    pass_rate: np.ndarray
    """float in [0, 1]: share of the n sampled responses that are correct."""
    n: int
    """Sampled responses per problem."""

    def greedy_interval(self, rows: slice | np.ndarray = slice(None)) -> Interval:
        """Greedy accuracy with its Wilson interval, over all problems or the rows given."""
        right = self.greedy[rows]
        return wilson(int(right.sum()), len(right))

    def mean_interval(self, rows: slice | np.ndarray = slice(None)) -> Interval:
        """mean@n with its bootstrap interval over problems."""
        return bootstrap_mean(self.pass_rate[rows])


def evaluation(it: Iteration, policy_id: str) -> Evaluation | None:
    """The stored evaluation of M_number; None until every held-out problem has all its verdicts, or
    if there is none.
    """
    n = it.config.evaluation.n
    greedy_set, sampled_set = evaluation_sets(it.config, policy_id, it.number)
    greedy = store.samples.verdict_columns(it.db, greedy_set.id, it.run_id)
    sampled = store.samples.verdict_columns(it.db, sampled_set.id, it.run_id)
    if (
        not len(sampled["n"])
        or (np.asarray(greedy["n"]) < 1).any()
        or (np.asarray(sampled["n"]) < n).any()
    ):
        return None
    return Evaluation(
        policy_id,
        it.number,
        sampled["id"].astype(str),
        sampled["level"].astype(str),
        np.asarray(greedy["n_correct"]) > 0,
        np.asarray(sampled["n_correct"]) / n,
        n,
    )


def evaluations(db: Database, run_id: str) -> list[Evaluation]:
    """Every complete evaluation of a run's policies M_0, M_1, …"""
    policies = evaluated_policies(db, run_id)
    per_policy = (evaluation(Iteration(db, run_id, n), id) for n, id in policies.items())
    return [e for e in per_policy if e is not None]


def evaluated_policies(db: Database, run_id: str) -> dict[int, str]:
    """The policies of a run that there are to evaluate, ids by the t of M_t."""
    policies = {row.number: row.policy_id for row in store.runs.iterations(db, run_id)}
    last = max(policies)
    following = store.runs.next_policy(Iteration(db, run_id, last))
    return {**policies, last + 1: following} if following else policies


def newly_solved(before: Evaluation, after: Evaluation) -> list[str]:
    """Ids of the problems whose greedy response is right now and was not before; the other way
    round, those that are newly broken.
    """
    return after.problem_ids[after.greedy & ~before.greedy].tolist()


def gain(before: Evaluation, after: Evaluation, rows: slice | np.ndarray = slice(None)) -> Interval:
    """Paired gain in mean@n, after minus before, with its bootstrap interval over problems."""
    return bootstrap_mean(after.pass_rate[rows] - before.pass_rate[rows])
