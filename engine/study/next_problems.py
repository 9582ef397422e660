"""The problems of an iteration that is begun, where a selector chooses them: what it is shown of
the run so far, and what it takes.
"""

from itertools import pairwise

import numpy as np

from engine import store
from engine.config import RunConfig
from engine.errors import ProblemSetError
from engine.method.next_problems import SELECTORS, Visits, Wanted
from engine.method.seeds import stable_hash
from engine.study.handle import Iteration
from engine.study.sample_sets import evaluation_sets
from engine.types import Problem, Purpose


def take(it: Iteration, policy_id: str) -> None:
    """Give an iteration the problems that its run's selector chooses.

    Args:
        policy_id: the policy that it begins with.

    Raises: ProblemSetError where adarft has no levels to go by.
    """
    config = it.config
    seen, p = visits(it, policy_id), config.problems
    if p.per_iteration == "adarft":
        require_levels(config, seen.level)
    seed = stable_hash(config.seed, "next problems")
    wanted = Wanted(
        p.n_train, seed, p.target_rate, p.memory, p.revisit_share, p.retired_after_change
    )
    chosen = SELECTORS[p.per_iteration](seen, wanted)
    ids = [seen.problem_ids[row] for row in chosen.tolist()]
    store.problems.take_these(it.db, it.run_id, it.number, ids)


def visits(it: Iteration, policy_id: str) -> Visits:
    """What the iterations before saw of all the run's training problems."""
    problems = store.problems.of_run(it.db, it.run_id, "train")
    row_of = {id: row for row, id in enumerate(problems)}
    n, n_correct = (np.zeros((it.number, len(problems)), dtype=np.int64) for _ in range(2))
    for visit in store.problems.visits(it.db, it.run_id):
        if visit.number < it.number:
            at = visit.number, row_of[visit.problem_id]
            n[at], n_correct[at] = visit.n, visit.n_correct
    policies = [it.at(t).row.policy_id for t in range(it.number)] + [policy_id]
    accuracies = np.array([_held_out_accuracy(it.at(t), id) for t, id in enumerate(policies)])
    return Visits(
        list(problems),
        n_correct,
        n,
        np.array([level_of(problem) for problem in problems.values()]),
        np.array([a != b for a, b in pairwise(policies)], dtype=bool),
        accuracies,
    )


def level_of(problem: Problem) -> float:
    """The number in a problem's level, such as 5 of "Level 5"; NaN where there is none."""
    digits = "".join(c if c.isdigit() or c == "." else " " for c in problem.level or "").split()
    try:
        return float(digits[0]) if digits else float("nan")
    except ValueError:
        return float("nan")


def require_levels(config: RunConfig, levels: np.ndarray) -> None:
    """Raises: ProblemSetError where a problem has no level that is a number."""
    if n_without := int(np.isnan(levels).sum()):
        raise ProblemSetError(
            f'problems.per_iteration is "adarft", which goes by levels, and {n_without:,} of'
            f" {len(levels):,} problems in {config.problems.train} have none that is a number. Give"
            " levels, or take another selector."
        )


def _held_out_accuracy(it: Iteration, policy_id: str) -> float:
    """Of M_t over all sampled held-out responses; NaN where they are not all judged."""
    sets = evaluation_sets(it.config, policy_id, it.number)
    (sampled,) = (samples for samples in sets if samples.purpose == Purpose.EVALUATE)
    counts = store.samples.verdict_columns(it.db, sampled.id, it.run_id)
    n = np.asarray(counts["n"])
    if not len(n) or (n < it.config.evaluation.n).any():
        return float("nan")
    return float(np.asarray(counts["n_correct"]).sum() / n.sum())
