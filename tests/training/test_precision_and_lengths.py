"""What training is computed in, and which rows share a micro-batch: neither changes what is
learnt.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine import store
from engine.config.training import LOSSES
from engine.errors import TrainingError
from engine.events import CheckpointSaved
from engine.models import devices
from engine.models.precision import is_bfloat16
from engine.study.handle import Iteration
from engine.study.runs import create_run
from engine.training.dpo import MEANS_OVER_PAIRS, DpoTrainer
from engine.training.lengths import StepsByLength
from tests.small_runs import small
from tests.training.small_trainings import (
    largest_difference,
    saved,
    steps,
    task,
    trained,
    weights,
)

LN_2 = 0.693147
HALF_OF_THE_ROWS = {"n": 16, "batch_size": 8, "micro_batch_size": 2, "learning_rate": 1e-3}


def of_unlike_lengths(training):
    """The same training with every second row's texts twice as long."""

    def longer(row, i):
        names = [name for name in ("chosen", "rejected", "response") if hasattr(row, name)]
        times = 1 + i % 2
        return replace(row, **{name: "\n\n".join([getattr(row, name)] * times) for name in names})

    return replace(training, rows=[longer(row, i) for i, row in enumerate(training.rows)])


def losses(events) -> list[float]:
    return [event.values["loss"] for event in steps(events)]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(1, 9), st.integers(0, 3))
def test_every_step_takes_the_rows_it_would_have_taken_the_longest_first(lengths, n, epoch):
    from accelerate.data_loader import SeedableRandomSampler

    torch.manual_seed(5)
    ours, plain = StepsByLength(lengths, n), SeedableRandomSampler(lengths)
    for sampler in (ours, plain):
        sampler.set_epoch(epoch)
    sorted_rows, rows = list(ours), list(plain)
    for start in range(0, len(rows), n):
        mine, theirs = sorted_rows[start : start + n], rows[start : start + n]
        assert sorted(mine) == sorted(theirs)
        of = [lengths[row] for row in mine]
        assert of == sorted(of, reverse=True) if len(of) == n else mine == theirs


@pytest.mark.parametrize(
    ("losses", "is_sorted"), [(("sigmoid", "ipo"), True), (("sigmoid", "sft"), False)]
)
def test_a_loss_that_weighs_a_pair_by_its_company_keeps_its_company(losses, is_sorted, tmp_path):
    """TRL's sft is a mean over the tokens of a micro-batch, so that sorting would change it."""
    samplers = []

    class Looking(DpoTrainer):
        def build(self, task, shared, **parts):
            samplers.append(super().build(task, shared, **parts)._get_train_sampler())
            raise RuntimeError("seen")

    with pytest.raises(TrainingError, match="seen"):
        list(Looking().train(task(tmp_path, loss_type=losses), lambda: False))
    assert [isinstance(sampler, StepsByLength) for sampler in samplers] == [is_sorted]


def test_every_loss_of_the_configuration_is_known_to_be_a_mean_over_pairs_or_not_to_be():
    assert set(LOSSES) - MEANS_OVER_PAIRS == {"sft", "aot", "aot_unpaired", "bco_pair"}
    assert set(LOSSES) >= MEANS_OVER_PAIRS


@pytest.mark.parametrize("method", ["dpo", "sft"])
def test_a_step_has_the_same_loss_however_its_rows_are_divided(method, tmp_path):
    """A micro-batch of the whole step has nothing to sort."""
    runs = [
        trained(
            of_unlike_lengths(
                task(
                    tmp_path / str(micro),
                    method,
                    **HALF_OF_THE_ROWS | {"n": 20, "n_epochs": 2, "micro_batch_size": micro},
                )
            )
        )
        for micro in (2, 8)
    ]
    assert losses(runs[0]) == pytest.approx(losses(runs[1]), abs=2e-5) and len(losses(runs[0])) == 6
    assert largest_difference(*(weights(saved(events).path) for events in runs)) < 1e-4


@pytest.mark.parametrize("method", ["dpo", "sft"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_rows_of_unlike_lengths_are_resumed_to_the_same_weights(method, dtype, tmp_path):
    changed = {**HALF_OF_THE_ROWS, "n_epochs": 2, "dtype": dtype}
    unbroken = trained(of_unlike_lengths(task(tmp_path / "unbroken", method, **changed)))
    asked = iter([False, False, True])
    training = of_unlike_lengths(task(tmp_path / "broken", method, **changed))
    first = trained(training, lambda: next(asked))
    assert [e.step for e in first if isinstance(e, CheckpointSaved)] == [3]
    second = trained(training)
    assert losses(first) + losses(second) == losses(unbroken)
    assert saved(second).policy_id == saved(unbroken).policy_id


def test_bfloat16_has_the_losses_of_float32_to_its_precision_and_saves_the_policys_own_numbers(
    tmp_path,
):
    events = {
        dtype: trained(
            of_unlike_lengths(task(tmp_path / dtype, **HALF_OF_THE_ROWS, dtype=dtype, n_epochs=2))
        )
        for dtype in ("float32", "bfloat16")
    }
    exact, rough = losses(events["float32"]), losses(events["bfloat16"])
    assert rough[0] == pytest.approx(LN_2, abs=3e-3), "the reference is read in the same numbers"
    assert rough == pytest.approx(exact, abs=0.03) and rough != exact
    own, other = (weights(saved(events[name]).path) for name in events)
    assert {t.dtype for t in own.values()} == {t.dtype for t in other.values()} == {torch.float32}


@pytest.mark.parametrize(("native", "stored"), [(True, "bfloat16"), (False, "float32")])
def test_a_run_keeps_what_auto_meant_when_it_was_begun(db, monkeypatch, native, stored):
    monkeypatch.setattr(devices, "has_native_bfloat16", lambda: native)
    run_id = create_run(db, small(training={"dtype": "auto"}))
    monkeypatch.setattr(devices, "has_native_bfloat16", lambda: not native)
    config = Iteration(db, run_id, 0).config
    assert (config.training.dtype, config.init.dtype) == (stored, stored)
    assert json.loads(store.runs.get(db, run_id).config)["training"]["dtype"] == stored
    assert is_bfloat16(config.training.dtype, on_gpu=False) == native


def test_by_device_is_what_there_was_before():
    assert [is_bfloat16("by_device", on_gpu=on_gpu) for on_gpu in (True, False)] == [True, False]


def test_a_processor_says_by_its_flags_whether_bfloat16_is_native(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "here", lambda: [devices.Device("CPU", 1, 1, kind="cpu")])
    listed = tmp_path / "cpuinfo"
    for text, native in [
        ("flags : fpu avx512f avx512_bf16\nflags : avx512_bf16\n", True),
        ("flags : fpu avx2\n", False),
        ("Features : fp asimd bf16\n", True),
        ("", False),
    ]:
        listed.write_text(text)
        assert devices.has_native_bfloat16(listed) == native
    assert not devices.has_native_bfloat16(Path(tmp_path / "nowhere"))
