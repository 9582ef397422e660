"""Estimated memory against peaks that were measured."""

import pytest

from engine.models.memory import ModelSize, Shape, sampling_need, tokens_of, training_need

SMOL = ModelSize(134_515_008, Shape(30, 576, 1536, 192, 49152, 8192))


@pytest.mark.parametrize(("batch_size", "n_new", "peak_gb"), [(32, 64, 1.35), (128, 48, 2.65)])
def test_hf_local_s_memory_is_within_30_percent_of_a_measured_peak(batch_size, n_new, peak_gb):
    """Resident memory of a process that sampled SmolLM2-135M in float32 with MALLOC_ settings of a
    worker; prompts of 312 bytes.
    """
    need = sampling_need(
        SMOL,
        "hf_local",
        batch_size=batch_size,
        max_new_tokens=n_new,
        on_gpu=False,
        is_half=False,
        prompt_tokens=tokens_of("x" * 312),
    )
    assert need.least / 1e9 == pytest.approx(peak_gb, rel=0.3)


def test_the_memory_of_dpo_is_within_30_percent_of_a_measured_peak():
    """SmolLM2-135M in float32, four pairs whose longest row has 182 tokens."""
    need = training_need(
        SMOL, micro_batch_size=4, max_length=182, checkpointing=False, on_gpu=False, is_half=False
    )
    assert need.least / 1e9 == pytest.approx(5.29, rel=0.3)
