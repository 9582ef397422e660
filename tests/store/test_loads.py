"""How busy the machine was: stored thinly."""

from datetime import datetime, timedelta

from engine import store
from engine.store.loads import MOST, LoadRow

BEGIN = datetime(2026, 1, 1)


def look(n: int) -> LoadRow:
    return LoadRow(BEGIN + timedelta(seconds=10 * n), n / 1000, 10**9, None, None, 50.0, n)


def test_a_day_of_looks_stays_few_rows_and_the_newest_are_the_densest(db):
    for n in range(8640):
        store.loads.add(db, "job", look(n))
    rows = store.loads.of_job(db, "job")
    at = [row.n_running for row in rows]
    assert len(rows) < MOST and at[0] == 0 and at[-1] == 8639 and at == sorted(at)
    assert at[1] - at[0] > at[-1] - at[-2] == 1


def test_the_last_job_that_was_looked_at_is_known_and_no_other_loses_rows(db):
    assert store.loads.latest_job(db) is None
    store.loads.add(db, "early", look(1))
    for n in range(2, 2 + MOST):
        store.loads.add(db, "late", look(n))
    assert store.loads.latest_job(db) == "late" and store.loads.of_job(db, "early") == [look(1)]
