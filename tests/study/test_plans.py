"""Plans beyond one even round: fixed problem sets, limits on pairs, calibration, tuning, rounds. No
model is loaded.
"""

import pytest

from engine import store
from engine.errors import ConfigError
from engine.events import Graded, Sampled, Scored
from engine.store import Database, record
from engine.study import calibration, pairing, plans, tuning
from engine.study.handle import Iteration
from engine.study.progress import progress
from engine.study.runs import begin_next_iteration, create_run, fork
from engine.types import Choice, Plan, Response, StepScores, Verdict
from tests.small_runs import judge, small


def committed(db: Database, run_id: str, number: int = 0, **changed) -> Plan:
    choice = Choice(**{"tau_l": 0.25, "tau_h": 0.65, **changed})
    return plans.commit(Iteration(db, run_id, number), choice, made_by="a test")


def test_a_run_with_one_problem_set_uses_the_same_problems_in_every_iteration(db):
    run_id = create_run(db, small(n_iterations=2, problems={"per_iteration": "fixed"}))
    judge(db, run_id)
    committed(db, run_id, 0, strategy="inlier", tau_l=0.0, tau_h=1.0)
    pairing.make_pairs(Iteration(db, run_id, 0))
    assert begin_next_iteration(db, run_id).number == 1
    first, second = (store.problems.of_run(db, run_id, "train", t) for t in (0, 1))
    assert list(first) == list(second) and len(first) == 12
    judge(db, run_id, 1)
    assert len(store.samples.estimates(Iteration(db, run_id, 1)).problem_ids) == 12
    assert Iteration(db, run_id, 0).row.presample_set != Iteration(db, run_id, 1).row.presample_set


def test_a_limit_on_pairs_keeps_that_many_by_seed_and_in_order(db):
    def pairs_of(**changes):
        run_id = create_run(db, small(**changes))
        judge(db, run_id)
        committed(db, run_id, 0, strategy="uniform")
        pairing.make_pairs(Iteration(db, run_id, 0))
        return [
            (p.problem_id, p.chosen_index, p.rejected_index)
            for p in store.pairs.texts(Iteration(db, run_id, 0))
        ]

    everything = pairs_of()
    kept = pairs_of(pairs={"total": (5, 2)})
    assert len(everything) > 5 == len(kept) and kept == [
        pair for pair in everything if pair in kept
    ]
    assert kept == pairs_of(pairs={"total": (5,)}) != everything[:5]


def test_calibration_counts_in_the_budget_and_labels_only_what_is_drawn_completely(db):
    run_id = create_run(db, small())
    judge(db, run_id)
    ordered = calibration.order(Iteration(db, run_id, 0), 2)
    assert (
        calibration.reference_counts(Iteration(db, run_id, 0))[0] == []
        and calibration.n_ordered(Iteration(db, run_id, 0)) == 2
    )
    store_side(
        db, ordered, {id: range(12 - position) for position, id in enumerate(ordered.problem_ids)}
    )
    ids, n_correct = calibration.reference_counts(Iteration(db, run_id, 0))
    assert (ids, n_correct.tolist()) == (ordered.problem_ids[:1], [6])
    assert store.side_samples.counts(Iteration(db, run_id, 0)) == {"tune": 0, "calibrate": 24}
    bound = committed(db, run_id)
    assert sum(bound.allocation.values()) + bound.n_unspent == 12 * 5 - 24
    with pytest.raises(ConfigError, match="is committed: its budget is bound"):
        calibration.order(Iteration(db, run_id, 0), 3)
    assert store.side_samples.counts(fork(Iteration(db, run_id, 0)))["calibrate"] == 24


def test_tuning_takes_the_best_cell_and_changes_what_the_iteration_samples(db):
    config = small(tuning={"n_problems": 2, "n": 2, "temperatures": [0.5, 1.1], "taus": [0.0, 0.5]})
    run_id = create_run(db, config)
    before = Iteration(db, run_id, 0).row.presample_set
    assert (
        progress(Iteration(db, run_id, 0)).tuned is False
        and tuning.grid(Iteration(db, run_id, 0)) is None
    )
    cold, hot = tuning.order(Iteration(db, run_id, 0))
    store_side(db, cold, dict.fromkeys(cold.problem_ids, range(2)), correct=False)
    store_side(db, hot, dict.fromkeys(hot.problem_ids, range(2)), correct=True)
    found = tuning.grid(Iteration(db, run_id, 0))
    assert (
        found.balance.shape == (2, 2) and (found.balance[0] == 0).all() and found.best == (1.1, 0.0)
    )
    tuning.adopt(Iteration(db, run_id, 0), *found.best, made_by="a test")
    after = Iteration(db, run_id, 0).row.presample_set
    assert after != before and store.samples.get(db, after).settings.temperature == 1.1
    assert (
        progress(Iteration(db, run_id, 0)).tuned
        and store.side_samples.counts(Iteration(db, run_id, 0))["tune"] == 8
    )
    with pytest.raises(ConfigError, match="tuned already"):
        tuning.adopt(Iteration(db, run_id, 0), 0.5, 0.0, made_by="a test")
    forked = fork(Iteration(db, run_id, 0))
    assert forked.row.presample_set == after and store.runs.tuning(forked).tau == 0.0


def test_rounds_hand_out_the_budget_one_after_the_other_from_what_is_known(db, monkeypatch):
    monkeypatch.setattr("engine.method.prior.FEW", 5)
    run_id = create_run(db, small(difficulty={"options": {"n_rounds": 3}, "strategy": "posterior"}))
    judge(db, run_id, correct=lambda problem, index: (problem + index) % 3 == 0)
    committed(db, run_id, 0, strategy="posterior")
    given = [20]
    assert (
        sum(row.n_more for row in store.commits.allocation(Iteration(db, run_id, 0))) == 20
        and store.commits.find(Iteration(db, run_id, 0)).n_later == 40
    )
    for total in (40, 60):
        drawn = {
            row.problem_id: range(3, 3 + row.n_more)
            for row in store.commits.allocation(Iteration(db, run_id, 0))
            if row.n_more
        }
        judge(db, run_id, which="resample_set", owed=drawn)
        assert plans.next_round(Iteration(db, run_id, 0))
        given.append(sum(row.n_more for row in store.commits.allocation(Iteration(db, run_id, 0))))
        assert given[-1] == total
    assert (
        not plans.next_round(Iteration(db, run_id, 0))
        and store.commits.find(Iteration(db, run_id, 0)).n_later == 0
    )
    assert store.commits.n_rounds(Iteration(db, run_id, 0)) == 3
    assert (store.commits.pool_counts(Iteration(db, run_id, 0))["n"] >= 3).all()


def store_side(db, ordered, owed, *, correct: bool | None = None):
    """Side samples with verdicts and scores, without a model."""
    keys = [(id, index) for id, indices in owed.items() for index in indices]
    record(
        db,
        "no job",
        1,
        Sampled(ordered.set_id, [Response(id, i, i, f"{id} {i}", "stop", 3) for id, i in keys]),
    )
    is_right = [index % 2 == 0 if correct is None else correct for _, index in keys]
    record(
        db,
        "no job",
        1,
        Graded(
            ordered.set_id,
            [(key, Verdict(c, "1", "correct" if c else "wrong")) for key, c in zip(keys, is_right)],
        ),
    )
    prm_id = db.row("SELECT prm_id FROM runs LIMIT 1")["prm_id"]
    record(
        db, "no job", 1, Scored(ordered.set_id, prm_id, [(key, StepScores((0.5,))) for key in keys])
    )
