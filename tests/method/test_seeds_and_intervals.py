"""Noise that depends on nothing but its seed, and intervals that cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.method.intervals import bootstrap_mean, wilson
from engine.method.seeds import response_seed, uniforms

FIELDS = dict(
    run_seed=0, policy_id="a", purpose="presample", iteration=0, settings_key="s", problem_id="p", index=0
)


@pytest.mark.parametrize(
    ("name", "other"),
    [("run_seed", 1), ("policy_id", "b"), ("purpose", "resample"), ("iteration", 1), ("settings_key", "t"), ("problem_id", "q"), ("index", 1)],
)
def test_every_field_of_a_response_changes_its_seed(name, other):
    assert response_seed(**FIELDS) != response_seed(**{**FIELDS, name: other})


def test_noise_is_uniform_and_a_function_of_seed_and_position_alone():
    seeds = np.random.default_rng(0).integers(0, 2**64, 20_000, dtype=np.uint64)
    drawn = uniforms(seeds, 5)
    assert (0 <= drawn).all() and (drawn < 1).all()
    assert abs(drawn.mean() - 0.5) < 0.01
    assert np.histogram(drawn, 10, (0, 1))[0].std() < 100
    assert (uniforms(seeds[::-1], 5)[::-1] == drawn).all()
    assert abs(np.corrcoef(drawn, uniforms(seeds, 6))[0, 1]) < 0.03


@given(n=st.integers(1, 500), share=st.floats(0, 1))
def test_a_wilson_interval_holds_the_share_and_stays_in_range(n, share):
    interval = wilson(round(n * share), n)
    assert 0 <= interval.low <= interval.value + 1e-12 and interval.value - 1e-12 <= interval.high <= 1


def test_bootstrap_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    hits = [
        interval.low <= 0.3 <= interval.high
        for interval in (bootstrap_mean(rng.random(80) < 0.3, seed=i, n_resamples=500) for i in range(200))
    ]
    assert 0.88 <= np.mean(hits) <= 0.99


@pytest.mark.parametrize(("n_correct", "n"), [(1, 0), (-1, 3), (4, 3)])
def test_an_impossible_share_is_refused(n_correct, n):
    with pytest.raises(ValueError):
        wilson(n_correct, n)
