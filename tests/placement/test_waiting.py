"""Which GPUs a reward model on Ray takes, and which side of a phase is said to wait."""

import pytest

from engine.errors import ConfigError
from engine.models.devices import Device
from engine.models.memory import ModelSize
from engine.placement import child_environment
from engine.placement.ray_seats import ray_seats
from engine.placement.waiting import who_waits
from tests.small_runs import small

EIGHT = [Device(f"GPU {n}", 80 * 10**9, 80 * 10**9, n, kind="gpu") for n in range(8)]
CPU = [Device("CPU", 8 * 10**9, 8 * 10**9, kind="cpu")]
SEVEN, TINY = ModelSize(7 * 10**9), ModelSize(10**8)
RAY = {"path": "starter", "backend": "ray", "n_engines": 2}


def test_on_one_machine_the_reward_model_takes_the_last_gpus_and_the_policy_the_others():
    config = small(reward=RAY, sampling={"sampler": "ray_pool"})
    policy, reward = ray_seats(config, "ray_pool", EIGHT)
    assert policy == {"gpu": "0,1,2,3,4,5"} and reward == {"gpu": "6,7"}
    assert child_environment(policy["gpu"])["CUDA_VISIBLE_DEVICES"] == "0,1,2,3,4,5"
    assert ray_seats(config, "vllm_local", EIGHT) == ({}, {"gpu": "6,7"})
    assert ray_seats(config, "ray_pool", CPU) == ({}, {})


def test_on_a_shared_cluster_the_policys_engines_leave_gpus_to_the_reward_model():
    shared = {"sampler": "ray_pool", "ray_address": "h:1"}
    config = small(reward={**RAY, "ray_address": "h:1"}, sampling=shared)
    assert ray_seats(config, "ray_pool", EIGHT) == ({"n_spared": 2}, {})
    config = small(reward={**RAY, "ray_address": "other:1"}, sampling=shared)
    assert ray_seats(config, "ray_pool", EIGHT) == ({}, {})


def test_a_reward_model_that_leaves_no_gpu_is_refused():
    with pytest.raises(ConfigError, match=r"n_engines is 2, and this machine has 2 GPUs: .* 1 or"):
        ray_seats(small(reward=RAY), "vllm_local", EIGHT[:2])
    servers = {"sampler": "openai_api", "base_urls": ["http://h"]}
    config = small(reward=RAY, sampling=servers)
    assert ray_seats(config, "openai_api", EIGHT[:2]) == ({}, {"gpu": "0,1"})


def waits(sampling: dict, reward: dict, here=EIGHT, sizes=(SEVEN, SEVEN)) -> str:
    config = small(sampling=sampling, reward={"path": "starter", **reward})
    return who_waits(config, config.sampling.sampler, *sizes, here) or ""


def test_the_plan_says_which_side_waits():
    eight, sampler = {"sampler": "ray_pool", "n_engines": 8}, {"sampler": "vllm_local"}
    servers = {"backend": "servers", "base_urls": [f"http://h{n}" for n in range(8)]}
    assert "8 sampling and one scoring: to score a response is 8 times" in waits(eight, {})
    assert "which side waits will be seen" in waits(eight, {})
    assert "Scoring will wait for responses" in waits(eight, servers)
    assert "Scoring will wait for responses" in waits(sampler, {})
    assert "Sampling will wait for scores: give the reward model more servers" in waits(
        eight, {}, sizes=(TINY, SEVEN)
    )
    assert "waits is known once the models' sizes are" in waits(eight, {}, sizes=(None, SEVEN))


def test_nothing_is_said_where_both_share_the_devices_or_nothing_is_scored():
    assert waits({"sampler": "hf_local"}, {}, CPU) == ""
    assert waits({"sampler": "vllm_local"}, {}, EIGHT[:1]) == ""
    accuracy = {"mode": "accuracy"}
    config = small(reward={"family": "none"}, difficulty=accuracy)
    assert who_waits(config, "hf_local", SEVEN, None, EIGHT) is None


def test_servers_beside_this_machines_own_reward_model_are_counted():
    servers = {"sampler": "openai_api", "base_urls": ["http://a", "http://b"]}
    assert "2 sampling and one scoring" in waits(servers, {}, CPU)
    own = {"backend": "servers", "base_urls": ["http://c"]}
    assert "one sampling and one scoring" in waits({"sampler": "hf_local"}, own, CPU)
