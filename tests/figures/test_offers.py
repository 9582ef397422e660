"""Strategy cards and monitors: every figure against the plan or a count by hand. No model is
loaded.
"""

import pytest

from engine import store
from engine.figures import offers
from engine.figures.monitors import monitors
from engine.method.strategies import strategies
from engine.study import plans
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.types import Choice
from tests.small_runs import judge, small

TAUS = (0.25, 0.65)


@pytest.fixture
def run_id(db):
    """12 problems: 0 and 1 always right, 2 and 3 never, the others once of three."""
    run_id = create_run(db, small())
    judge(
        db,
        run_id,
        correct=lambda problem, index: problem < 2 or (problem > 3 and index == 0),
        reward=lambda problem, _: 0.9 - 0.05 * problem,
    )
    return run_id


def offered(db, run_id: str, mode: str) -> list[offers.Offer]:
    tau_l, tau_h = TAUS
    return offers.offers(Iteration(db, run_id, 0), tau_l=tau_l, tau_h=tau_h, mode=mode)


def test_every_strategy_is_offered_and_spends_what_its_plan_would(db, run_id):
    found = {(o.strategy, o.mode): o for o in offered(db, run_id, "both")}
    assert {name for name, _ in found} == set(strategies()) and {
        ("boundary", "accuracy"),
        ("boundary", "reward"),
    } <= set(found)
    for (name, mode), offer in found.items():
        plan = plans.plan(Iteration(db, run_id, 0), Choice(*TAUS, mode, name))
        assert (
            sum(offer.n_responses.values()) == sum(plan.allocation.values()) + plan.n_later
            and offer.n_unspent == plan.n_unspent
        )
        by_class = {
            d: sum(
                plan.allocation.get(id, 0)
                for id, own in plan.difficulty.items()
                if own.name.lower() == d
            )
            for d in offer.n_responses
        }
        assert by_class == offer.n_responses or plan.n_later, "an offer is made in one go"
        assert offer.n_tokens == 3 * sum(offer.n_responses.values()) and offer.minutes is None


def test_pairs_foregone_and_covered_problems_are_counts_of_the_pre_samples(db, run_id):
    found = {o.strategy: o for o in offered(db, run_id, "accuracy") if o.mode == "accuracy"}
    assert (
        found["inlier"].n_foregone,
        found["boundary"].n_foregone,
        found["uniform"].n_foregone,
    ) == (8, 0, 0)
    assert (found["inlier"].n_covered, found["boundary"].n_covered, found["uniform"].n_covered) == (
        2,
        8,
        12,
    )
    assert found["uniform"].expected_pairs > found["outlier"].expected_pairs


def test_monitors_are_means_over_problems(db, run_id):
    m = monitors(Iteration(db, run_id, 0))
    assert (m.n_problems, m.k, m.s, m.n_star, m.tau) == (12, 3, 2, 2, 0.0)
    assert m.pass_at_1 == pytest.approx((2 + 8 / 3) / 12) and m.pass_at_k == 10 / 12
    assert m.pass_at_k_s == 2 / 12 and m.reward_at_k_s == 2 / 12
    assert m.best_of_k == 10 / 12  # equal rewards: the lower index, which is the right one


def test_an_iteration_without_complete_pre_samples_has_no_monitors(db):
    run_id = create_run(db, small())
    assert monitors(Iteration(db, run_id, 0)) is None
    judge(db, run_id, owed={next(iter(store.problems.of_run(db, run_id, "train", 0))): range(2)})
    assert monitors(Iteration(db, run_id, 0)) is None
