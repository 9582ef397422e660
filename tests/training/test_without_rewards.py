"""A study without a reward model, from the pre-samples to the trained policy, through the real
worker.
"""

import json

import pytest

from engine import store
from engine.store import Database
from engine.study.handle import Iteration
from tests.small_runs import cli, toml

WITHOUT = {"reward": {"path": "", "family": "none"}, "difficulty": {"mode": "accuracy"}}


@pytest.mark.parametrize("method", ["dpo", "sft"])
def test_an_accuracy_only_study_trains_and_its_pairs_have_no_reward(method, tmp_path):
    (tmp_path / "study.toml").write_text(
        toml(**WITHOUT, training={"method": method, "n_epochs": 1})
    )
    done = cli("run", tmp_path / "study.toml", "--db", tmp_path / "studio.duckdb", "--json")
    assert done.returncode == 0, done.stderr
    (iteration,) = json.loads(done.stdout)["iterations"]
    assert iteration["dpo"]["n_steps"] >= 1 and iteration["policy"]["after"] not in (
        None,
        iteration["policy"]["before"],
    )
    db = Database(tmp_path / "studio.duckdb")
    pairs = store.pairs.texts(Iteration(db, store.runs.listed(db)[0].id, 0))
    db.close()
    assert pairs and {(pair.chosen_reward, pair.rejected_reward) for pair in pairs} == {
        (None, None)
    }
