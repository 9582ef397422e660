"""A training that ends early on a metric."""

from dataclasses import replace

import pytest

from engine.config import TrainingConfig
from engine.events import Note
from engine.training.reporter import why_stop
from tests.training.small_trainings import largest_difference, saved, steps, task, trained, weights

STOP = {"stop_on": "loss", "stop_below": 0.66, "stop_window": 2}
LOGGED = [{"loss": value, "step": step} for step, value in enumerate([0.7, 0.9, 0.5, 0.4, 0.3])]


@pytest.mark.parametrize(
    ("changed", "ends_after"),
    [
        ({}, None),
        ({"stop_on": "loss", "stop_below": 0.6, "stop_window": 1}, 3),
        ({"stop_on": "loss", "stop_below": 0.6, "stop_window": 2}, 4),
        ({"stop_on": "loss", "stop_below": 0.6, "stop_window": 5}, 5),
        ({"stop_on": "loss", "stop_above": 0.75, "stop_window": 2}, 2),
        ({"stop_on": "loss", "stop_below": 0.5, "stop_window": 6}, None),
        ({"stop_on": "rewards/margins", "stop_above": 0.0, "stop_window": 1}, None),
    ],
)
def test_a_training_ends_on_the_mean_of_its_last_steps(changed, ends_after):
    config = replace(TrainingConfig(), **changed)
    ends = [n for n in range(1, 6) if why_stop(config, LOGGED[:n])]
    assert (ends[0] if ends else None) == ends_after


def test_an_early_end_saves_the_policy_and_says_why_also_after_a_resume(tmp_path):
    whole = trained(task(tmp_path / "whole", n=4, n_epochs=12, **STOP))
    n_steps = len(steps(whole))
    assert 2 < n_steps < 12
    (note,) = [event.text for event in whole if isinstance(event, Note)]
    assert note.startswith(f"Ended early at step {n_steps} of 12: loss was 0.6")
    assert note.endswith("on average over 2 steps, below training.stop_below = 0.66.")

    broken = task(tmp_path / "broken", n=4, n_epochs=12, **STOP)
    asked = iter([False] * (n_steps - 2) + [True])
    first = trained(broken, lambda: next(asked))
    assert "the checkpoint is kept" in first[-1].text and len(steps(first)) == n_steps - 1
    rest = trained(broken)
    assert [step.step for step in steps(rest)] == [n_steps]
    gap = largest_difference(weights(saved(whole).path), weights(saved(rest).path))
    assert gap == 0
