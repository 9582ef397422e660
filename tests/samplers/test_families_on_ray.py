"""The families of policies on a Ray pool of two engines: hf_local's responses, tokens and all."""

import os
from importlib.util import find_spec

import pytest

from engine.samplers.hf_local import HfSampler
from engine.types import Request, SamplingSettings
from tests.models.tiny_policies import FAMILIES, make

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: make test-ray"),
]

REQUESTS = [Request("p", i, i * 7919 + 1, "What is 3 + 4?") for i in range(16)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """One engine that stays open keeps it up, with room for the two of each family."""
    from engine.samplers.ray_pool import RaySampler

    folder = make(FAMILIES[0], tmp_path_factory.mktemp("first") / "policy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "cpu_count", lambda: 3)
        pool = RaySampler(folder, n_engines=1)
    yield pool
    pool.close()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_two_engines_give_the_responses_of_hf_local(family, cluster, tmp_path):
    from engine.samplers.ray_pool import RaySampler

    path = make(family, tmp_path / "policy")
    settings = SamplingSettings(1.0, 1.0, 40, chat=family.chat, **family.settings)
    own, pool = HfSampler(path, device="cpu"), RaySampler(path, n_engines=2, batch_size=8)
    try:
        assert responses_of(pool, settings) == responses_of(own, settings)
    finally:
        pool.close()
        own.close()


def responses_of(sampler, settings: SamplingSettings) -> list:
    drawn = [r for batch in sampler.sample(REQUESTS, settings) for r in batch]
    return sorted(drawn, key=lambda r: r.index)
