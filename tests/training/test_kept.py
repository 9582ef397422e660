"""Weights that a training keeps along the way, and which of them become the policy."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError, TrainingError
from engine.events import CheckpointKept, Note, PolicySaved
from engine.training.kept import kept_steps
from tests.small_runs import small
from tests.training.small_trainings import saved, task, trained

VARIANTS = {"dpo": {}, "lora": {"lora_rank": 2}}


@given(st.integers(1, 200), st.integers(0, 20), st.integers(0, 20))
def test_steps_are_kept_apart_and_never_the_last(n_steps, n, every):
    steps = kept_steps(n_steps, n, every)
    stride = every or 1
    assert len(steps) == min(n, (n_steps - 1) // stride)
    assert all(0 < step < n_steps and step % stride == 0 for step in steps)


@pytest.mark.parametrize("variant", VARIANTS)
def test_kept_weights_are_those_of_a_training_that_ended_there(variant, tmp_path):
    changed = {"n_epochs": 2, **VARIANTS[variant]}
    whole = trained(task(tmp_path / "whole", n=8, keep_checkpoints=1, **changed))
    plain = trained(task(tmp_path / "plain", n=8, **changed))
    assert saved(whole).policy_id == saved(plain).policy_id, "keeping changes nothing"
    (kept,) = [e for e in whole if isinstance(e, CheckpointKept)]
    assert kept.step == 2 and kept.n_bytes > 0
    stop = {"stop_on": "loss", "stop_above": -1.0, "stop_window": 2}
    ended = trained(task(tmp_path / "ended", n=8, **stop, **changed))

    told = replace(task(tmp_path / "picked", n=8, **changed), checkpoint=kept.path, rows=[])
    (picked,) = trained(told)
    assert isinstance(picked, PolicySaved)
    assert picked.policy_id == saved(ended).policy_id != saved(whole).policy_id
    assert trained(told) == [picked], "after a crash it is there already"


def test_the_best_step_by_a_metric_becomes_the_policy_and_the_last_weights_stay(tmp_path):
    told = task(tmp_path, n=8, n_epochs=3, keep_checkpoints=2, policy_by="grad_norm")
    events = trained(told)
    kept = {e.step: e.path for e in events if isinstance(e, CheckpointKept)}
    rows = {s.step: s.values["grad_norm"] for s in events if hasattr(s, "values")}
    best = max(kept, key=rows.__getitem__)
    assert sorted(kept)[-1] == 6 and len(kept) == 3 and saved(events).step == best
    (note,) = [e.text for e in events if isinstance(e, Note)]
    assert f"The weights of step {best} become the policy" in note
    assert trained(told) == [saved(events)]


def test_weights_that_are_gone_are_said_to_be(tmp_path):
    told = replace(task(tmp_path), checkpoint=str(tmp_path / "nowhere"), rows=[])
    with pytest.raises(TrainingError, match="cannot be read"):
        trained(told)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"policy_by": "loss"}, "last while keep_checkpoints is 0"),
        ({"policy_by": "held_out/accuracy", "keep_checkpoints": 2}, "evaluate_every_steps is 0"),
        ({"keep_checkpoints": 1, "n_processes": 2, "batch_size": 4}, "0 with n_processes > 1"),
        (
            {"policy_by": "loss", "keep_checkpoints": 2, "inherit_optimizer": True},
            "last with inherit_optimizer",
        ),
    ],
)
def test_what_cannot_be_picked_is_refused_in_a_sentence(changed, why):
    with pytest.raises(ConfigError, match=why):
        small(training=changed)
