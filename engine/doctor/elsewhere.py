"""What a reward model needs that is read on servers or on Ray."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from engine.config import RunConfig
from engine.config.backends import opening_options
from engine.doctor.finding import Finding
from engine.errors import EngineError
from engine.models import devices
from engine.models.own_code import OwnCode, looking_at
from engine.models.weights import folder_here
from engine.placement.ray_seats import ray_seats
from engine.rewards.layouts import Layout, open_layout
from engine.samplers import resolve_sampler


def reward_elsewhere(config: RunConfig, role: str) -> Iterator[Finding]:
    """Nothing for one that is read on this machine. Connects to nothing.

    Args:
        role: of the reward model's files.
    """
    if config.reward.backend == "servers":
        yield _servers(config, role)
    elif config.reward.backend == "ray":
        yield _ray(config)


def _servers(config: RunConfig, role: str) -> Finding:
    """Where it is asked, and how it has to be served there."""
    r = config.reward
    asked = f"asked at {', '.join(r.base_urls)}, which was not tried"
    try:
        folder = folder_here(r.path, role=role, revision=r.revision)
        layout = folder and _layout(config, folder)
    except OwnCode as error:
        return Finding("reward.backend", "ask", str(error), holds_up=False)
    except EngineError as error:
        return Finding("reward.backend", "change", str(error))
    if layout is None:
        return Finding("reward.backend", "note", asked)
    named = f" --served-model-name CONTENT_ID-{layout.reads_as}" if layout.reads_as else ""
    command = f"vllm serve {folder} {layout.serve}{named}"
    return Finding("reward.backend", "note", f"{asked}; serve it there with: {command}")


def _layout(config: RunConfig, folder: Path) -> Layout:
    """From its tokenizer, without the model's own code. Raises: OwnCode, RewardModelError."""
    r = config.reward
    options = opening_options(r.family, config)
    options["trust_remote_code"] = False
    with looking_at(folder, trusted=r.trust_remote_code):
        return open_layout(r.family, str(folder), **options)


def _ray(config: RunConfig) -> Finding:
    r = config.reward
    where = f"at {r.ray_address}" if r.ray_address else "on this machine"
    if find_spec("ray") is None:
        said = 'reward.backend is "ray", and Ray is not installed. Install requirements-ray.txt.'
        return Finding("reward.backend", "change", said)
    try:
        ray_seats(config, resolve_sampler(config.sampling.sampler), devices.here())
    except EngineError as error:
        return Finding("reward.backend", "change", str(error))
    return Finding("reward.backend", "ok", f"{r.n_engines} engines on Ray {where}")
