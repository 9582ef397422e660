"""When a streaming sampler hands on what is finished."""

import pytest

from engine.errors import SamplerError
from engine.samplers.hand_out import ENOUGH, LONG_S, HandOut, handed_out
from engine.types import Response


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def responses(n: int) -> list[Response]:
    return [Response("p", i, i, "text", "stop", 1) for i in range(n)]


def test_enough_responses_go_on_at_once_in_the_order_they_finished():
    finished = HandOut(1_000, 10_000, Clock())
    finished.add(*responses(ENOUGH - 1))
    assert not finished.is_due
    last = Response("q", 0, 7, "text", "stop", 1)
    finished.add(last)
    assert finished.is_due
    assert finished.take() == [*responses(ENOUGH - 1), last]
    assert not finished and not finished.is_due


def test_a_batch_smaller_than_that_is_enough():
    finished = HandOut(3, 10_000, Clock())
    finished.add(*responses(2))
    assert not finished.is_due
    finished.add(*responses(1))
    assert finished.is_due


def test_a_slow_policys_only_response_goes_on_when_the_time_has_come():
    clock = Clock()
    finished = HandOut(1_000, 10_000, clock)
    clock.now += 10 * LONG_S
    assert not finished.is_due, "nothing is finished"
    finished.add(*responses(1))
    assert finished.is_due
    finished.take()
    finished.add(*responses(1))
    assert not finished.is_due, "the time counts anew"
    clock.now += LONG_S
    assert finished.is_due


def test_short_lists_become_long_ones_and_nothing_is_lost_or_moved():
    rows = responses(3 * ENOUGH + 5)
    short = [rows[start : start + 7] for start in range(0, len(rows), 7)]
    lists = list(handed_out((some for some in short), HandOut(1_000, 10_000)))
    assert [response for handed in lists for response in handed] == rows
    assert all(ENOUGH <= len(handed) < ENOUGH + 7 for handed in lists[:-1])
    assert list(handed_out((some for some in []), HandOut(1_000, 0))) == []


def test_a_call_that_is_watched_is_handed_out_one_by_one():
    handed = list(handed_out(([response] for response in responses(16)), HandOut(256, 16)))
    assert [len(rows) for rows in handed] == [1] * 16


def test_what_was_finished_before_an_error_comes_before_it():
    def failing():
        yield responses(3)
        raise SamplerError("The policy is gone.")

    handed = handed_out(failing(), HandOut(256, 1_000))
    assert next(handed) == responses(3)
    with pytest.raises(SamplerError, match="gone"):
        next(handed)


def test_closing_early_closes_the_source_and_draws_no_more_of_it():
    drawn, ended = [], []

    def source():
        try:
            for response in responses(3):
                drawn.append(response)
                yield [response]
        finally:
            ended.append(True)

    finished = source()  # held here, so that dropping the last reference is not what closes it
    handed = handed_out(finished, HandOut(1, 100))
    assert next(handed) == responses(1)
    handed.close()
    assert drawn == responses(1) and ended == [True]
