"""Tables of pass rates: of DART-Math, and profiles of NeMo Gym."""

import json

import pytest

from engine.errors import RecordedSetError
from engine.recorded.rates import read_rates


def profile(rate: float | None, n: int) -> str:
    """A row as a profile has it: the task beside what its rollouts gave."""
    task = {"responses_create_params": {"input": [{"role": "user", "content": "1 + 1?"}]}}
    rewards = {"avg_reward": rate or 0.0, "min_reward": 0.0, "max_reward": 1.0, "std_reward": 0.1}
    return json.dumps({**task, **rewards, "total_samples": n, "pass_rate": rate})


def test_a_profile_counts_problems_by_their_pass_rates(tmp_path):
    rows = [profile(1.0, 4), profile(0.5, 4), profile(0.0, 4), profile(None, 4)]
    (tmp_path / "profile.jsonl").write_text("\n".join(rows))
    rates = read_rates(tmp_path / "profile.jsonl")
    assert rates.n_correct.tolist() == [4, 2, 0] and rates.n.tolist() == [4, 4, 4]
    assert rates.classes() == {"inlier": 1, "boundary": 1, "outlier": 1}
    (rejected,) = rates.rejected
    assert "pass_rate is None" in rejected.reason, "a profile without a threshold has no rate"


def test_a_file_without_rates_is_a_sentence(tmp_path):
    (tmp_path / "profile.jsonl").write_text(json.dumps({"avg_reward": 0.5}))
    with pytest.raises(RecordedSetError, match="pass_rate and one of tot_n_samples, total_samples"):
        read_rates(tmp_path / "profile.jsonl")
