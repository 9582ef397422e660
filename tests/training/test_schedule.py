"""The learning rate of every optimiser step: new trainings rise from the first step on, runs begun
before that go on as they were begun.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import load_config
from engine.headless.init import training_of
from engine.paths import ROOT
from engine.training.schedule import share_of_rate
from engine.types import Worked
from tests.training.small_trainings import saved, steps, task, trained

COSINE_BEHIND_TWO_OF_FOUR = [1e-4, 5e-5]
"""transformers' own: half a cosine over the steps behind the warm-up."""


def rates(events) -> list[float]:
    return [event.values["learning_rate"] for event in steps(events)]


@given(st.integers(1, 1000))
def test_a_warm_up_rises_evenly_from_its_first_step_to_the_highest_rate(n_warmup):
    shares = [share_of_rate(step, n_warmup, lambda step: 0.0) for step in range(n_warmup)]
    assert shares == [k / n_warmup for k in range(1, n_warmup + 1)]


@pytest.mark.parametrize("method", ["dpo", "sft"])
def test_step_k_of_two_warm_up_steps_takes_k_halves_of_the_rate(method, tmp_path):
    events = trained(task(tmp_path, method, n=16, warmup_share=0.5))
    assert rates(events) == pytest.approx([5e-5, 1e-4, *COSINE_BEHIND_TWO_OF_FOUR])


@pytest.mark.parametrize("method", ["dpo", "sft"])
def test_the_first_of_two_steps_trains(method, tmp_path):
    told = task(tmp_path, method, n=8, warmup_share=0.5, learning_rate=1e-3)
    as_before = replace(told.config, warmup_from_zero=True)
    begun_before = replace(told, config=as_before, work_dir=str(tmp_path / "begun before"))
    assert rates(trained(told)) == pytest.approx([1e-3, 1e-3])
    assert rates(trained(begun_before)) == pytest.approx([0.0, 1e-3])


def test_a_training_begun_from_rate_zero_keeps_its_rates_when_it_is_resumed(tmp_path):
    changed = {"n": 16, "warmup_share": 0.75, "warmup_from_zero": True}
    asked = iter([False, True])
    first = trained(task(tmp_path, **changed), lambda: next(asked))
    second = trained(task(tmp_path, **changed))
    assert rates(first) + rates(second) == pytest.approx([0.0, 1e-4 / 3, 2e-4 / 3, 1e-4])


def test_a_training_that_stops_within_its_warm_up_ends_as_the_unbroken_one(tmp_path):
    changed = {"n": 16, "warmup_share": 0.75}
    unbroken = trained(task(tmp_path / "unbroken", **changed))
    asked = iter([True])
    first = trained(task(tmp_path / "broken", **changed), lambda: next(asked))
    second = trained(task(tmp_path / "broken", **changed))
    assert rates(first) + rates(second) == rates(unbroken)
    assert saved(second).policy_id == saved(unbroken).policy_id


def test_an_initialisation_begun_from_rate_zero_is_found_again_and_a_new_one_is_another():
    config = load_config(ROOT / "data" / "starter" / "quick.toml")
    as_before = {"warmup_from_zero": True, "dtype": "by_device"}
    begun_before = replace(config, init=replace(config.init, **as_before))
    rows = [Worked("p", "What is 1 + 1?\n", "It is 2.")]
    before, new = (Path(training_of(c, rows, Path("/x")).work_dir) for c in (begun_before, config))
    assert before.name == "init-6f96ac45f4cc38a5" != new.name
