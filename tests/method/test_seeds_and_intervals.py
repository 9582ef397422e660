"""Noise that depends on nothing but its seed, and intervals that cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.method import intervals
from engine.method.intervals import bootstrap_mean, bootstrap_ratio, student_t, wilson
from engine.method.seeds import response_seed, uniforms

FIELDS = dict(
    run_seed=0,
    policy_id="a",
    purpose="presample",
    iteration=0,
    settings_key="s",
    problem_id="p",
    index=0,
)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("run_seed", 1),
        ("policy_id", "b"),
        ("purpose", "resample"),
        ("iteration", 1),
        ("settings_key", "t"),
        ("problem_id", "q"),
        ("index", 1),
    ],
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
    assert (
        0 <= interval.low <= interval.value + 1e-12 and interval.value - 1e-12 <= interval.high <= 1
    )


def test_bootstrap_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    hits = [
        interval.low <= 0.3 <= interval.high
        for interval in (
            bootstrap_mean(rng.random(80) < 0.3, seed=i, n_resamples=500) for i in range(200)
        )
    ]
    assert 0.88 <= np.mean(hits) <= 0.99


def test_drawing_counts_of_equal_values_gives_the_interval_that_drawing_values_gives(monkeypatch):
    values = np.random.default_rng(0).binomial(8, 0.4, 2000) / 8
    sizes = np.random.default_rng(1).integers(3, 6, 2000)
    by_count = bootstrap_mean(values), bootstrap_ratio(values, sizes)
    monkeypatch.setattr(intervals, "DRAWS_PER_COUNT", 10**9)
    intervals._bootstrap.cache_clear()
    by_value = bootstrap_mean(values), bootstrap_ratio(values, sizes)
    for one, other in zip(by_count, by_value):
        assert one.value == other.value and one != other
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.001)


@pytest.mark.parametrize(("n_correct", "n"), [(1, 0), (-1, 3), (4, 3)])
def test_an_impossible_share_is_refused(n_correct, n):
    with pytest.raises(ValueError):
        wilson(n_correct, n)


@pytest.mark.parametrize(
    ("n", "point"),
    [(2, 12.7062), (3, 4.3027), (4, 3.1824), (5, 2.7764), (10, 2.2622), (11, 2.2281), (31, 2.0423)],
)
def test_an_interval_over_seeds_is_as_wide_as_the_printed_table_of_student_says(n, point):
    values = np.arange(n, dtype=float)
    interval = student_t(values)
    half = point * values.std(ddof=1) / np.sqrt(n)
    assert interval.value == values.mean()
    assert interval.high - interval.value == pytest.approx(
        half, rel=1e-4
    ) and interval.value - interval.low == pytest.approx(half, rel=1e-4)


def test_one_seed_has_no_spread():
    with pytest.raises(ValueError, match="at least two"):
        student_t([0.5])


def test_a_ratio_of_proportional_parts_has_no_spread():
    parts = np.random.default_rng(0).random(50)
    ratio = bootstrap_ratio(3 * parts, parts)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((3, 3, 3))
    with pytest.raises(ValueError, match="above 0"):
        bootstrap_ratio([1.0], [0.0])


def test_a_ratio_over_equal_denominators_is_the_mean_over_them():
    parts = np.random.default_rng(0).random(50)
    ratio, mean = (
        bootstrap_ratio(parts, np.full(50, 2.0), n_resamples=500),
        bootstrap_mean(parts / 2, n_resamples=500),
    )
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((mean.value, mean.low, mean.high))
