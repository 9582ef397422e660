"""Training curves: read by cursor, merged over attempts, thinned without losing an extreme."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.training.curves import MOST_POINTS, Curves, merge, smooth, thin
from engine import store
from engine.events import OptimiserStep
from engine.store import Database, record

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400).map(np.array)


@given(values, st.integers(4, 60))
def test_thinning_keeps_the_ends_and_every_extreme_and_adds_nothing(series, most):
    steps = np.arange(len(series)) * 3
    at, kept = thin(steps, series, most=most)
    assert len(at) <= most
    assert {at[0], at[-1]} == {steps[0], steps[-1]} and (np.diff(at) > 0).all()
    assert (kept.min(), kept.max()) == (series.min(), series.max())
    assert np.array_equal(series[at // 3], kept)


def test_two_thousand_points_are_drawn_as_they_are():
    steps = np.arange(MOST_POINTS)
    assert thin(steps, steps)[0] is steps


@given(values)
def test_smoothing_by_nothing_changes_nothing_and_any_weight_stays_within_the_values(series):
    assert np.array_equal(smooth(series, 0.0), series)
    smoothed = smooth(series, 0.9)
    room = 1e-6 * (1 + np.abs(series).max())
    assert smoothed[0] == np.float64(series[0]) or abs(smoothed[0] - series[0]) < room
    assert (smoothed >= series.min() - room).all() and (smoothed <= series.max() + room).all()


def test_a_later_attempt_overwrites_the_steps_it_ran_again():
    steps, found = merge(
        (np.array([1, 2, 3]), np.array([1.0, 2.0, 3.0])), (np.array([2, 4]), np.array([20.0, 40.0]))
    )
    assert (steps.tolist(), found.tolist()) == ([1, 2, 3, 4], [1.0, 20.0, 3.0, 40.0])


def test_only_new_rows_are_read_and_they_add_up_to_what_the_store_says(tmp_path):
    db = Database(tmp_path / "studio.duckdb")
    for attempt, steps in ((1, range(1, 31)), (2, range(20, 41))):
        for step in steps:
            record(
                db,
                "job",
                attempt,
                OptimiserStep(
                    step, 40, {"loss": step + 0.5 * attempt, "mean_token_accuracy": 1 / step}
                ),
            )
    curves, parts = Curves("job"), []
    for step in (41, 42):
        parts.append(curves.extend(db))
        record(db, "job", 2, OptimiserStep(step, 42, {"loss": 0.0}))
    parts += [curves.extend(db), curves.extend(db)]
    assert parts == [2 * 51, 1, 1, 0]
    stored = store.metrics.of_job(db, "job")
    for name, (steps, values) in curves.series.items():
        rows = stored["name"] == name
        assert (
            steps.tolist() == stored["step"][rows].tolist()
            and values.tolist() == stored["value"][rows].tolist()
        )
    assert curves.n_steps == 42
    db.close()
