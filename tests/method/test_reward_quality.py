"""How well a reward tells right responses from wrong ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.method.reward_quality import auc, quality

responses = st.lists(
    st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.55, 1.0]), st.booleans(), st.integers(0, 3)),
    min_size=1,
    max_size=30,
)


@given(responses)
def test_the_area_is_the_share_of_pairs_in_the_right_order_ties_half(drawn):
    rewards, correct, _ = map(np.array, zip(*drawn))
    right, wrong = rewards[correct], rewards[~correct]
    found = auc(rewards, correct)
    if not right.size or not wrong.size:
        assert np.isnan(found)
        return
    pairs = [(r > w) + (r == w) / 2 for r in right for w in wrong]
    assert found == pytest.approx(np.mean(pairs))
    assert auc(1 - rewards, correct) == pytest.approx(1 - found)


@given(responses, st.data())
def test_a_weight_counts_a_response_so_many_times(drawn, data):
    rewards, correct, _ = map(np.array, zip(*drawn))
    weights = np.array([data.draw(st.integers(0, 3)) for _ in rewards])
    repeated = auc(np.repeat(rewards, weights), np.repeat(correct, weights))
    assert auc(rewards, correct, weights) == pytest.approx(repeated, nan_ok=True)


@given(responses)
def test_every_response_is_in_one_bin_and_the_shares_are_those_of_the_responses(drawn):
    rewards, correct, problems = map(np.array, zip(*drawn))
    found = quality(rewards, correct, problems)
    assert (found.n, found.n_correct) == (len(rewards), correct.sum())
    assert sum(b.n for b in found.bins) == found.n
    assert all(b.low - 1e-9 <= b.mean_reward <= b.high + 1e-9 for b in found.bins)
    assert 0 <= found.calibration_error <= 1
    if found.doubted:
        assert found.doubted.value == pytest.approx((rewards[correct] < 0.5).mean())
    if found.trusted:
        assert found.trusted.value == pytest.approx((rewards[~correct] >= 0.5).mean())
    if found.auc:
        assert 0 <= found.auc.low <= found.auc.high <= 1


def test_a_reward_that_is_the_share_correct_is_calibrated():
    rng = np.random.default_rng(0)
    rewards = rng.random(50_000)
    found = quality(rewards, rng.random(50_000) < rewards, np.arange(50_000) % 5000)
    assert found.calibration_error < 0.02
    assert found.auc.low < 5 / 6 < found.auc.high, "of a uniform reward that is a probability"


def test_rewards_outside_the_unit_interval_have_an_area_but_no_calibration():
    found = quality([-3.0, 2.0, 0.5], [False, True, True], ["a", "a", "b"])
    assert found.auc.value == 1.0 and found.bins == () and found.calibration_error is None


def test_the_interval_is_wider_where_the_responses_are_of_few_problems():
    rng = np.random.default_rng(1)
    skill = rng.random(40).repeat(50)
    rewards, correct = skill + rng.random(2000), skill + rng.random(2000) > 1
    by_problem = quality(rewards, correct, np.arange(40).repeat(50)).auc
    apart = quality(rewards, correct, np.arange(2000)).auc
    assert by_problem.high - by_problem.low > 1.5 * (apart.high - apart.low)
    assert by_problem == quality(rewards, correct, np.arange(40).repeat(50)).auc, "seeded"


@pytest.mark.parametrize(
    ("rewards", "correct", "problems"),
    [([], [], []), ([0.5], [True, False], ["a"]), ([np.nan], [True], ["a"])],
)
def test_what_has_no_figures_is_refused(rewards, correct, problems):
    with pytest.raises(ValueError, match=r"[Gg]ive one reward|no finite number"):
        quality(rewards, correct, problems)


def test_a_bad_step_doubts_a_response_whatever_its_reward_is():
    steps = [0.1, 0.9, 0.2, 0.8]
    found = quality([0.9] * 4, [True, True, False, False], list("abcd"), worst_steps=steps)
    assert (found.doubted.value, found.trusted.value) == (0.5, 0.5)
