"""Studies of one iteration without a model: pre-samples, a commit, pairs, a trained policy, and
what both policies answer.
"""

from collections.abc import Callable

from engine import store
from engine.events import Graded, PolicySaved, Sampled
from engine.store import Database, record
from engine.study import pairing, plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.study.sample_sets import evaluation_sets, make_known
from engine.types import Choice, Response, Verdict
from tests.small_runs import judge, small


def study(
    db: Database,
    *,
    strategy: str = "boundary",
    after: Callable[[int, int], bool] = lambda problem, index: problem < 4,
    **changes,
) -> str:
    """One run of 12 problems, iteration 0 finished: 2 always right, 2 never, the others once of
    three. M_0 answers every other draw.

    Args:
        after: which held-out responses of M_1 are right, by position and index; index -1 is the
            greedy one.
    """
    run_id = create_run(db, small(**changes))
    right = lambda problem, index: problem < 2 or (problem > 3 and index % 3 == 0)
    judge(db, run_id, correct=right, reward=lambda problem, _: 0.9 - 0.05 * problem)
    job = store.jobs.add(Iteration(db, run_id, 0), "presample", {})
    store.jobs.set_state(db, job, "done", busy_s=10)
    plan = plans.commit(
        Iteration(db, run_id, 0),
        Choice(0.4, 0.5, strategy=strategy),
        made_by="cli",
    )
    judge(
        db,
        run_id,
        which="resample_set",
        owed={id: range(3, 3 + n) for id, n in plan.allocation.items()},
        correct=right,
    )
    pairing.make_pairs(Iteration(db, run_id, 0))
    job = store.jobs.add(Iteration(db, run_id, 0), "train", {})
    record(db, job, 1, PolicySaved(f"{run_id}trained", "/nowhere"))
    store.jobs.set_state(db, job, "done", busy_s=30)
    answer(
        db,
        run_id,
        0,
        Iteration(db, run_id, 0).row.policy_id,
        lambda problem, index: index % 2 == 0,
    )
    answer(db, run_id, 1, f"{run_id}trained", after)
    return run_id


def answer(
    db: Database, run_id: str, number: int, policy_id: str, correct: Callable[[int, int], bool]
) -> None:
    """Store a whole evaluation of M_number."""
    config = Iteration(db, run_id, number).config
    n, ids = (
        config.evaluation.n,
        list(store.problems.of_run(db, run_id, "held_out")),
    )
    for samples, indices in zip(evaluation_sets(config, policy_id, number), ([-1], range(n))):
        make_known(db, samples)
        keys = [
            (position, id, max(index, 0), index)
            for position, id in enumerate(ids)
            for index in indices
        ]
        found = [((id, stored), correct(position, index)) for position, id, stored, index in keys]
        record(
            db,
            "no job",
            1,
            Sampled(samples.id, [Response(*key, 1, "text", "stop", 3) for key, _ in found]),
        )
        verdicts = [
            (key, Verdict(right, "1", "correct" if right else "wrong")) for key, right in found
        ]
        record(db, "no job", 1, Graded(samples.id, verdicts))
