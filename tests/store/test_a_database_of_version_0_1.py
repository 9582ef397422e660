"""A database that version 0.1 wrote opens, is read, and goes on: with the responses it holds, and
none drawn twice.
"""

import gzip
from collections.abc import Iterator

import pytest

from engine import store
from engine.figures.summary import summarise
from engine.headless.run import run_to_end
from engine.jobs.runner import JobRunner
from engine.paths import ROOT, STARTER
from engine.store import Database
from engine.study.handle import Iteration


@pytest.fixture
def old(tmp_path) -> Iterator[Database]:
    """Three runs of 6 problems: one finished, one without rewards up to its pairs, one whose
    resampling was interrupted.
    """
    path = tmp_path / "studio.duckdb"
    path.write_bytes(
        gzip.decompress((ROOT / "tests" / "data" / "studio_0_1.duckdb.gz").read_bytes())
    )
    db = Database(path)
    with db.transaction() as cursor:
        cursor.execute(
            "UPDATE policies SET path = ? WHERE path = '/studio/policy'", [str(STARTER / "policy")]
        )
        cursor.execute(
            "UPDATE runs SET prm_path = ? WHERE prm_path = '/studio/prm'", [str(STARTER / "prm")]
        )
    yield db
    db.close()


def ids(db: Database) -> dict[str, str]:
    return {row.name: row.id for row in store.runs.listed(db)}


def test_its_runs_are_read_with_their_figures(old):
    (iteration,) = summarise(old, ids(old)["finished"])["iterations"]
    assert iteration["budget"] == {
        "total": 48,
        "presampled": 18,
        "resampled": 30,
        "reused": 0,
        "drawn": 0,
        "discarded": 0,
        "tuned": 0,
        "calibrated": 0,
        "unspent": 0,
    }
    assert (
        iteration["n_pairs"] == len(store.pairs.texts(Iteration(old, ids(old)["finished"], 0))) > 0
    )
    assert iteration["eval"]["after"] is not None
    without = store.pairs.texts(Iteration(old, ids(old)["accuracy only"], 0))
    assert without and {pair.chosen_reward for pair in without} == {None}


def test_its_runs_go_on_as_they_were_begun_where_a_default_has_changed(old):
    for run_id in ids(old).values():
        config = Iteration(old, run_id, 0).config
        assert config.pairs.choose_truncated
        assert config.grading.extraction == "earlier"
        assert config.training.warmup_from_zero and config.init.warmup_from_zero
        assert config.training.dtype == config.init.dtype == "by_device"
        assert config.sampling.dtype == "by_device"


def test_its_problems_are_of_maths(old):
    problems = [
        p
        for run_id in ids(old).values()
        for p in store.problems.of_run(old, run_id, "train").values()
    ]
    assert problems and {(p.domain, p.details) for p in problems} == {("maths", "")}
    assert {p.reference.answer for p in problems} == {p.answer for p in problems}


def test_a_reward_that_is_missing_is_null_in_its_pairs(old):
    counted = "SELECT count(*), count(chosen_reward), count(*) FILTER (isnan(chosen_reward))"
    run_id = ids(old)["accuracy only"]
    [(n, n_rewards, n_nan)] = old.tuples(f"{counted} FROM pairs WHERE run_id = ?", [run_id])
    assert n > 0 and n_rewards == n_nan == 0


def test_an_interrupted_run_goes_on_without_drawing_a_stored_response_again(old):
    finished, half_way = ids(old)["finished"], ids(old)["half way"]
    stored = old.tuples("SELECT count(*) FROM responses")[0][0]
    runner = JobRunner(old)
    runner.continue_queue()
    try:
        run_to_end(runner, half_way)
    finally:
        runner.close()
    assert {job.state for job in store.jobs.of_run(old, half_way) if job.kind != "commit"} == {
        "done"
    }
    texts = "SELECT problem_id, idx, text FROM responses WHERE set_id = ? ORDER BY ALL"
    first, second = (
        old.tuples(texts, [Iteration(old, run_id, 0).row.resample_set])
        for run_id in (finished, half_way)
    )
    assert first == second
    one, other = (summarise(old, run_id)["iterations"][0] for run_id in (finished, half_way))
    assert (one["n_pairs"], one["classes"]) == (other["n_pairs"], other["classes"])
    of_new_policy = (
        "SELECT count(*) FROM responses r JOIN sample_sets s ON s.id = r.set_id WHERE"
        " s.policy_id = ?"
    )
    (n_evaluated,) = old.tuples(of_new_policy, [other["policy"]["after"]])[0]
    assert old.tuples("SELECT count(*) FROM responses")[0][0] - stored <= len(second) + n_evaluated
