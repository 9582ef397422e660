"""What a phase says is stored in another thread: in order, together where it comes fast, and an
error is raised where the phase goes on.
"""

import threading

import pytest

from engine import store
from engine.events import Graded, Note, Sampled, Settled
from engine.jobs import writer as writers
from engine.jobs.writer import Writer
from engine.study.handle import Iteration
from engine.types import Response, Verdict


@pytest.fixture()
def job(db, run_id):
    return store.jobs.get(db, store.jobs.add(Iteration(db, run_id, 0), "presample"))


def batch(it: Iteration, first: int, n: int = 4) -> Sampled:
    (problem_id, *_) = store.problems.of_run(it.db, it.run_id, "train", 0)
    responses = [
        Response(problem_id, index, index, "It is 1.", "stop", 4)
        for index in range(first, first + n)
    ]
    return Sampled(it.row.presample_set, responses)


def n_stored(db) -> int:
    return db.value("SELECT count(*) FROM responses")


def test_what_waits_while_one_transaction_is_written_is_written_in_one(
    db, run_id, job, monkeypatch
):
    transactions, began, go_on = [], threading.Event(), threading.Event()

    def held(db, job_id, attempt, *events):
        transactions.append(len(events))
        began.set()
        go_on.wait()
        store.record(db, job_id, attempt, *events)

    monkeypatch.setattr(writers, "record", held)
    it = Iteration(db, run_id, 0)
    with Writer(db, job, lambda: None) as writer:
        for first in range(0, 4096, 1024):
            writer.put(batch(it, first, 1024))
        began.wait()
        for first in range(4096, 4196, 10):
            writer.put(batch(it, first, 10))
        go_on.set()
    assert transactions == [4, 10]
    assert n_stored(db) == 4196 == store.jobs.get(db, job.id).n_done


def test_after_a_set_is_settled_and_before_a_note_everything_said_is_stored(db, run_id, job):
    it = Iteration(db, run_id, 0)
    with Writer(db, job, lambda: None) as writer:
        writer.put(batch(it, 0))
        writer.put(Settled(it.row.presample_set))
        assert n_stored(db) == 4
        writer.put(batch(it, 4))
        writer.put(Note("so much for that"))
        assert n_stored(db) == 8


def test_an_error_while_storing_is_raised_at_the_next_word(db, run_id, job, monkeypatch):
    def broken(*_):
        raise OSError("the disk is gone")

    monkeypatch.setattr(writers, "record", broken)
    it = Iteration(db, run_id, 0)
    with pytest.raises(OSError, match="the disk is gone"), Writer(db, job, lambda: None) as writer:
        writer.put(batch(it, 0))
        writer.settle()
    with pytest.raises(OSError, match="the disk is gone"), Writer(db, job, lambda: None) as writer:
        writer.put(batch(it, 0))


def test_what_was_said_before_a_phase_died_is_stored(db, run_id, job):
    it = Iteration(db, run_id, 0)
    with pytest.raises(ValueError), Writer(db, job, lambda: None) as writer:
        writer.put(batch(it, 0))
        raise ValueError
    assert n_stored(db) == 4


def test_whoever_says_more_than_may_wait_waits_for_the_disk(db, run_id, job, monkeypatch):
    monkeypatch.setattr(writers, "MAX_ROWS", 8)
    monkeypatch.setattr(writers, "ENOUGH_ROWS", 4)
    most, it = [], Iteration(db, run_id, 0)
    with Writer(db, job, lambda: None) as writer:
        for first in range(0, 80, 4):
            writer.put(batch(it, first))
            most.append(writer._n_rows())
    assert max(most) <= 8 + 4 and n_stored(db) == 80


def test_verdicts_that_come_with_their_responses_are_stored_with_them(db, run_id, job):
    it = Iteration(db, run_id, 0)
    sampled = batch(it, 0)
    verdict = Verdict(True, "1", "correct", "Equal as numbers.")
    rows = [((r.problem_id, r.index), verdict) for r in sampled.responses]
    with Writer(db, job, lambda: None) as writer:
        writer.put(sampled)
        writer.put(Graded(sampled.sample_set_id, rows))
    assert db.value("SELECT count(*) FROM verdicts") == n_stored(db) == 4
