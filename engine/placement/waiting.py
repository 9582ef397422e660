"""Which side of a phase will wait for the other, sampling or scoring, where they have devices of
their own: by arithmetic, before anything is loaded. Pure.
"""

from collections.abc import Sequence

from engine.config import RunConfig
from engine.models.devices import Device
from engine.models.memory import ModelSize

READS_FASTER = 10
"""So many times as fast as it is written a token is read at the most, on one device. Ours; not
measured on a GPU.
"""


def who_waits(
    config: RunConfig,
    sampler: str,
    policy: ModelSize | None,
    reward: ModelSize | None,
    here: Sequence[Device],
) -> str | None:
    """A sentence; None where nothing is scored, or both share the devices of this machine.

    Args:
        sampler: the backend's name.
        policy, reward: None where their sizes are not known.
    """
    n_sampling = _n_sampling(config, sampler, here)
    n_scoring = _n_scoring(config, sampler, here)
    if n_sampling is None or n_scoring is None:
        return None
    sides = f"{_counted(n_sampling)} sampling and {_counted(n_scoring)} scoring"
    if policy is None or reward is None:
        return f"{sides}: which of them waits is known once the models' sizes are"
    ratio = reward.n_parameters / n_scoring / (policy.n_parameters / n_sampling)
    work = (
        f"{sides}: to score a response is {ratio:.2g} times the arithmetic, on each, of sampling it"
    )
    if ratio <= 1:
        return f"{work}. Scoring will wait for responses"
    if ratio <= READS_FASTER:
        return (
            f"{work}, and a token is read faster than it is written: which side waits will be seen,"
            " and the job says it"
        )
    more = "more engines" if config.reward.backend == "ray" else "more servers, or engines on Ray"
    return f"{work}. Sampling will wait for scores: give the reward model {more} (reward.backend)"


def _n_sampling(config: RunConfig, sampler: str, here: Sequence[Device]) -> int | None:
    """Servers or devices that sample; None where that is not known, or the one that scores does."""
    s, gpus = config.sampling, [device for device in here if device.is_gpu]
    if sampler == "openai_api":
        return len(s.base_urls)
    if sampler == "ray_pool" and (s.n_engines or s.ray_address):
        return s.n_engines and s.n_engines * s.tensor_parallel_size
    if sampler == "ray_pool":
        return max(len(gpus) - (config.reward.n_engines or 0), 0) or None
    is_alone = len(gpus) > 1 or not config.loads_reward
    return (s.tensor_parallel_size if gpus else 1) if is_alone else None


def _n_scoring(config: RunConfig, sampler: str, here: Sequence[Device]) -> int | None:
    """Servers, engines or devices that score; None where nothing does, or the CPU that samples."""
    r = config.reward
    if r.family == "generative":
        return len(config.generative.base_urls)
    if r.backend == "servers":
        return len(r.base_urls)
    if r.backend == "ray":
        return r.n_engines
    is_alone = here[0].is_gpu or sampler == "openai_api" or bool(config.sampling.ray_address)
    return 1 if config.loads_reward and is_alone else None


def _counted(n: int) -> str:
    return "one" if n == 1 else f"{n}"
