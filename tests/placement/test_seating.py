"""What fits where: the arithmetic against counts made by hand, the GPUs a child may see, and a
phase that has to take turns.
"""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import store
from engine.config import parse_config, plain_config
from engine.errors import ConfigError
from engine.jobs.runner import JobRunner
from engine.models import devices
from engine.models.devices import Device
from engine.models.memory import (
    FULL,
    HALF,
    ROOM,
    ModelSize,
    Need,
    Shape,
    cache_bytes,
    sampling_need,
    scoring_need,
    shape_of,
    training_need,
)
from engine.models.weights import size_of
from engine.paths import STARTER
from engine.placement import Backend, Workers, child_environment, seating
from engine.store import Database
from engine.store.jobs import Job
from engine.study.handle import Iteration
from engine.study.runs import create_run
from tests.small_runs import small

QWEN = shape_of(
    {
        "num_hidden_layers": 28,
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "vocab_size": 152064,
        "max_position_embeddings": 131072,
    }
)
SEVEN = ModelSize(7_615_616_512, QWEN)
GPU = Device("GPU 0 (NVIDIA H100)", 81559 * 2**20, 81000 * 2**20, 0, kind="gpu")
OTHER = Device("GPU 1 (NVIDIA H100)", 81559 * 2**20, 40000 * 2**20, 1, kind="gpu")


def gpu(total: float, free: float) -> Device:
    return Device("GPU 0 (small)", int(total * 1e9), int(free * 1e9), 0, kind="gpu")


def seated(device: Device, *others: Device, sampler="vllm_local", policy=SEVEN, prm=SEVEN):
    config, here = small(sampling={"dtype": "by_device"}), [device, *others]
    return seating.seat(
        seating.policy_load(config, sampler, policy, here), seating.reward_load(config, prm, here)
    )


def test_the_cache_is_counted_as_by_hand():
    assert cache_bytes(QWEN, 1, HALF) == 2 * 28 * 4 * 128 * 2
    need = sampling_need(
        SEVEN, "hf_local", batch_size=256, max_new_tokens=2048, on_gpu=True, is_half=True
    )
    assert (
        need.cache == need.cache_least == 256 * (2048 + 512 + ROOM) * 57344
        and need.weights == 2 * SEVEN.n_parameters
    )
    assert not need.is_partial


def test_vllm_makes_do_with_one_responses_cache_and_hf_local_does_not():
    a, b = (
        sampling_need(SEVEN, name, batch_size=64, max_new_tokens=2048, on_gpu=True, is_half=True)
        for name in ("vllm_local", "hf_local")
    )
    assert a.cache == 64 * a.cache_least and b.cache == b.cache_least


def test_training_counts_sixteen_bytes_per_parameter_and_no_second_model():
    need = training_need(
        SEVEN, micro_batch_size=1, max_length=2048, checkpointing=True, on_gpu=False, is_half=False
    )
    assert need.weights == 16 * SEVEN.n_parameters
    without = training_need(
        SEVEN, micro_batch_size=1, max_length=2048, checkpointing=False, on_gpu=False, is_half=False
    )
    assert without.working > need.working


@given(st.integers(1, 10**12), st.integers(1, 512), st.integers(1, 8192), st.booleans())
def test_more_of_anything_never_needs_less(n, batch, tokens, on_gpu):
    def least(n, batch, tokens):
        size = ModelSize(n, QWEN)
        return [
            sampling_need(
                size,
                "hf_local",
                batch_size=batch,
                max_new_tokens=tokens,
                on_gpu=on_gpu,
                is_half=on_gpu,
            ).least,
            sampling_need(
                size,
                "vllm_local",
                batch_size=batch,
                max_new_tokens=tokens,
                on_gpu=on_gpu,
                is_half=on_gpu,
            ).wanted,
            scoring_need(size, on_gpu=on_gpu).least,
            training_need(
                size,
                micro_batch_size=batch,
                max_length=tokens,
                checkpointing=True,
                on_gpu=on_gpu,
                is_half=on_gpu,
            ).least,
        ]

    small_one = least(n, batch, tokens)
    for larger in (
        least(n + 1, batch, tokens),
        least(n, batch + 1, tokens),
        least(n, batch, tokens + 1),
    ):
        assert all(a <= b for a, b in zip(small_one, larger))


def test_parameters_are_counted_in_the_files_unless_the_configuration_says_them(tmp_path):
    from safetensors.numpy import load_file

    counted = sum(
        tensor.size for tensor in load_file(STARTER / "policy" / "model.safetensors").values()
    )
    assert size_of(STARTER / "policy", None).n_parameters == counted
    assert size_of(STARTER / "policy", 5).n_parameters == 5
    assert (
        size_of(None, 5) == ModelSize(5)
        and size_of(None, None) is None
        and size_of(tmp_path, None) is None
    )


def test_a_shape_that_no_one_wrote_down_is_unknown_and_only_weights_are_counted():
    assert shape_of({"n_layer": 12, "n_embd": 768}) is None
    need = scoring_need(ModelSize(10**9), on_gpu=False)
    assert need.weights == FULL * 10**9 and need.is_partial


def test_two_models_share_a_gpu_where_both_fit_and_take_turns_where_they_do_not():
    large, middle = seated(gpu(141, 140), sampler="hf_local"), seated(gpu(24, 24))
    assert large.together and not middle.together
    middle.require()
    assert (
        middle.memory_share == pytest.approx(0.92)
        and 0.5 < seated(gpu(141, 140)).memory_share < 0.92
    )


def test_the_reward_model_has_a_gpu_of_its_own_where_there_are_two():
    seating = seated(GPU, OTHER)
    assert seating.together and (seating.policy.device, seating.reward.device) == (GPU, OTHER)
    assert seating.memory_share == pytest.approx(0.91)  # no room is kept for the reward model


def test_what_cannot_fit_is_refused_with_field_value_needed_free_and_advice():
    with pytest.raises(ConfigError) as refused:
        seated(gpu(16, 12)).require()
    said = str(refused.value)
    for part in (
        "policy.path is starter",
        "sampling with vllm_local",
        "weights 15.2 GB",
        "12.0 GB of 16.0 GB",
        "sampling.batch_size",
    ):
        assert part in said


def test_what_cannot_be_estimated_is_never_refused():
    for seats in (
        seated(gpu(1, 1), policy=None, prm=None),
        seated(Device("GPU MIG-1", None, None, kind="gpu")),
    ):
        seats.require()
        assert seats.together and seats.memory_share is None


def test_samplers_elsewhere_and_scores_that_are_looked_up_load_nothing_here():
    config = small(reward={"family": "none"}, difficulty={"mode": "accuracy"})
    assert (
        seating.policy_load(config, "openai_api", SEVEN, [GPU]) is None
        and seating.reward_load(config, SEVEN, [GPU]) is None
    )


def test_a_child_sees_the_gpu_it_is_seated_on():
    assert (
        child_environment(1)["CUDA_VISIBLE_DEVICES"] == "1"
        and child_environment(1)["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    )


def test_a_child_is_told_to_use_the_cpu_where_no_gpu_can_be_used(monkeypatch):
    monkeypatch.delenv("ACCELERATE_USE_CPU", raising=False)
    monkeypatch.setattr(devices, "here", lambda: [GPU])
    assert "ACCELERATE_USE_CPU" not in child_environment()
    monkeypatch.setattr(devices, "here", lambda: [Device("CPU", 1, 1, kind="cpu")])
    assert child_environment()["ACCELERATE_USE_CPU"] == "true"


def test_another_seat_is_the_same_backend():
    assert Backend("hf_local", "p", {}, {"gpu": 1}).key() == Backend("hf_local", "p", {}).key()


class Watched(Workers):
    """Notes what is opened, and beside what."""

    def __init__(self, logs):
        super().__init__(logs)
        self.opened = []

    def _start(self, backend):
        self.opened.append((backend.name, len(self._open)))
        return super()._start(backend)


def presampled(db, monkeypatch, device) -> tuple[Job, Watched, list]:
    monkeypatch.setattr(devices, "here", lambda: [device])
    run_id = create_run(db, small())
    runner, watched = JobRunner(db), Watched(db.artifacts / "logs")
    runner._placements["worker"] = watched
    job_id = runner.submit(Iteration(runner.db, run_id, 0), "presample")
    runner.run_next()
    rows = db.tuples(
        "SELECT r.problem_id, r.idx, r.text, s.scores FROM responses r JOIN step_scores s USING"
        " (set_id, problem_id, idx) WHERE set_id = ? ORDER BY 1, 2",
        [store.runs.get_iteration(Iteration(db, run_id, 0)).presample_set],
    )
    runner.close()
    return store.jobs.get(db, job_id), watched, rows


def test_in_turn_gives_the_same_responses_and_scores_and_never_holds_both(
    db, tmp_path, monkeypatch
):
    roomy = Device("CPU", 10**11, 10**11, kind="cpu")
    config, size = small(), size_of(STARTER / "policy", None)
    needs: list[Need] = [
        seating.policy_load(config, "hf_local", size, [roomy]).need,
        seating.reward_load(config, size, [roomy]).need,
    ]
    tight = int((max(n.least for n in needs) + 10**8) / seating.USABLE)
    job, watched, rows = presampled(db, monkeypatch, Device("CPU", tight, tight, kind="cpu"))
    assert job.state == "done", job.error
    assert [name for name, _ in watched.opened] == ["hf_local", "token_classification"]
    assert all(n_beside == 0 for _, n_beside in watched.opened)
    other = Database(tmp_path / "other.duckdb")
    _, side_by_side, expected = presampled(other, monkeypatch, roomy)
    other.close()
    assert side_by_side.opened[1] == ("token_classification", 1) and len(rows) == 36
    assert rows == expected


def test_a_phase_that_cannot_fit_is_refused_before_anything_is_loaded(db, monkeypatch):
    job, watched, _ = presampled(db, monkeypatch, Device("CPU", 10**9, 10**6, kind="cpu"))
    assert job.state == "failed" and "policy.path is starter" in job.error and watched.opened == []


def test_the_size_is_part_of_the_stored_configuration_and_not_of_the_sample_set():
    config = small(policy={"n_parameters": 7})
    assert (
        parse_config(plain_config(config)).policy.n_parameters == 7
        and config.train_settings() == small().train_settings()
    )


def test_weights_that_several_gpus_share_are_counted_on_each_and_the_reward_model_takes_the_next():
    config = small(
        sampling={"sampler": "vllm_local", "tensor_parallel_size": 2, "dtype": "by_device"}
    )
    gpus = [Device(f"GPU {i}", 80 * 10**9, 80 * 10**9, i, kind="gpu") for i in range(3)]
    alone = seating.policy_load(
        small(sampling={"sampler": "vllm_local", "dtype": "by_device"}),
        "vllm_local",
        ModelSize(60 * 10**9),
        gpus,
    )
    shared = seating.policy_load(config, "vllm_local", ModelSize(60 * 10**9), gpus)
    assert (
        not alone.fits(gpus[0].free)
        and shared.fits(gpus[0].free)
        and shared.need.weights * 2 == alone.need.weights
    )
    assert seating.reward_load(config, ModelSize(7 * 10**9), gpus).device == gpus[2]
    assert seating.reward_load(config, ModelSize(7 * 10**9), gpus[:2]).device == gpus[1]


def test_where_memory_is_short_the_sizes_that_fit_are_proposed():
    config = small(sampling={"sampler": "hf_local", "batch_size": 256, "max_new_tokens": 2048})
    size = ModelSize(135_000_000, Shape(30, 576, 1536, 192, 49152, 8192))
    device = Device("CPU", 16 * 10**9, 8 * 10**9, kind="cpu")
    load = seating.policy_load(config, "hf_local", size, [device], prompt_tokens=100)
    assert not load.fits(device.free)
    proposed = int(re.search(r"now 256; (\d+) fits", load.refusal())[1])
    assert _seated_with(config, size, device, proposed) and not _seated_with(
        config, size, device, 2 * proposed
    )
    huge = Device("CPU", 10**9, 10**9, kind="cpu")
    assert "fits" not in seating.policy_load(config, "hf_local", size, [huge]).advice


def _seated_with(config, size, device, batch_size: int) -> bool:
    config = replace(config, sampling=replace(config.sampling, batch_size=batch_size))
    load = seating.policy_load(config, "hf_local", size, [device], prompt_tokens=100)
    return load.fits(device.free)
