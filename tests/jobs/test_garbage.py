"""Python's search for garbage while a job runs."""

import gc

import pytest

from engine.jobs.garbage import N_YOUNG, seldom_sought


def test_garbage_is_sought_less_often_while_a_job_runs_and_as_before_behind_it():
    before = gc.get_threshold()
    with pytest.raises(KeyError), seldom_sought():
        assert gc.get_threshold() == (N_YOUNG, *before[1:]) and gc.isenabled()
        raise KeyError
    assert gc.get_threshold() == before
